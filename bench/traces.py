#!/usr/bin/env python3
"""What traces cost: partitions a second with and without --traces, in turn, as a ratio.

  bench/traces.py build/release/partita
  bench/traces.py build/release/partita --rounds 5 --database sqlite -- --max-lease-width 1

The collector is played here, and throws all away. What stands behind -- are options of `bench`;
with those above each partition is a lease, and so a span.
"""

import argparse
import http.server
import sys
import threading

sys.dont_write_bytecode = True

from child import end_on_signals, json_lines, say  # noqa: E402
from databases import Databases  # noqa: E402
from ratios import summary  # noqa: E402


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


def main():
    asked = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    asked.add_argument("partita")
    asked.add_argument("--rounds", type=int, default=15, help="pairs of measurements")
    asked.add_argument("--database", default="postgresql", choices=["postgresql", "sqlite"])
    asked.add_argument("options", nargs="*", help="of `partita bench claim_throughput`")
    args = asked.parse_args()
    end_on_signals()
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.daemon_threads = True
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    traces = ["--traces", f"http://127.0.0.1:{sink.server_address[1]}"]

    with Databases() as databases:
        def rate(more):
            code, lines = json_lines(
                [args.partita, "bench", "claim_throughput", "-o", "json", "--db",
                 databases.new_url(args.database), *args.options, *more], 600)
            if code != 0 or not lines:
                raise SystemExit(f"the benchmark ended with {code}")
            return lines[-1]["partitions_per_s"]

        ratios = []
        for pair in range(args.rounds + 1):
            first_with = pair % 2 == 1  # who comes first has no advantage
            if first_with:
                with_them, without = rate(traces), rate(["--traces", "off"])
            else:
                without, with_them = rate(["--traces", "off"]), rate(traces)
            say(f"{without:,} without, {with_them:,} with traces")
            if pair > 0:  # the first one warms up
                ratios.append(with_them / without)
    middle, low, high = summary(ratios)
    print(f"with traces: {middle:.4f} of the rate without (95 %: {low:.4f} to {high:.4f}), "
          f"{len(ratios)} pairs, {Sink.spans:,} ids of spans and links taken")


if __name__ == "__main__":
    main()
