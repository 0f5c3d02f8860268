#!/usr/bin/env python3
"""What traces cost: partitions a second, and processor time of each, with and without --traces.

  bench/traces.py
  bench/traces.py --rounds 5 --database sqlite -- --max-lease-width 1

The collector is played here, and throws all away. What stands behind -- are options of `bench`;
with those above each partition is a lease, and so a span. A ratio of two runs is known to some
percent only; so the share of all processor time that the thread takes which makes and sends spans is
measured, too.
"""

import argparse
import http.server
import pathlib
import subprocess
import sys
import threading

sys.dont_write_bytecode = True

from child import end_on_signals, environment  # noqa: E402
from databases import Databases  # noqa: E402
from pairs import add_options, ratios_of, tell  # noqa: E402

POLL_S = 0.02


class Sink(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    spans = 0

    def do_POST(self):
        Sink.spans += self.rfile.read(int(self.headers["Content-Length"])).count(b'"spanId"')
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def times_of_threads(process):
    """{thread: (its name, nanoseconds on a processor)}, of those that are there now."""
    found = {}
    for task in pathlib.Path(f"/proc/{process.pid}/task").glob("*"):
        try:
            name = (task / "comm").read_text().strip()
            found[task.name] = name, int((task / "schedstat").read_text().split()[0])
        except OSError:  # it has ended
            continue
    return found


def share_of_exporter(args, traces):
    """Of the processor time of all threads of runs of the benchmark, that of the exporter."""
    exporter, everything = 0, 0
    with Databases() as databases:
        for _ in range(args.rounds):
            command = [args.binary, "bench", "claim_throughput", "-o", "json", "--db",
                       databases.new_url(args.database), *args.options, *traces]
            times = {}
            with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                  env=environment()) as process:
                while process.poll() is None:
                    times.update(times_of_threads(process))
                    try:
                        process.wait(POLL_S)
                    except subprocess.TimeoutExpired:
                        continue
            if process.returncode != 0:
                raise SystemExit(f"the benchmark ended with {process.returncode}")
            exporter += sum(time for name, time in times.values() if name == "traces")
            everything += sum(time for _, time in times.values())
    if exporter == 0:
        raise SystemExit("no thread called traces was seen: its share cannot be told")
    return exporter / everything


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    add_options(asked)
    args = asked.parse_args()
    end_on_signals()
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.daemon_threads = True
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    traces = ["--traces", f"http://127.0.0.1:{sink.server_address[1]}"]

    rate, cost = ratios_of(args, ["--traces", "off"], traces, "traces")
    tell("traces", args, rate, cost, ids_of_spans_and_links=Sink.spans,
         share_of_exporter=round(share_of_exporter(args, traces), 5))


if __name__ == "__main__":
    main()
