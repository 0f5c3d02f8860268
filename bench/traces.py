#!/usr/bin/env python3
"""What traces cost: partitions a second, and processor time of each, with and without --traces.

  bench/traces.py
  bench/traces.py --rounds 5 --database sqlite -- --max-lease-width 1

The collector is played here, and throws all away. What stands behind -- are options of `bench`;
with those above each partition is a lease, and so a span.
"""

import argparse
import http.server
import sys
import threading

sys.dont_write_bytecode = True

from child import end_on_signals  # noqa: E402
from pairs import add_options, ratios_of, tell  # noqa: E402


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
    add_options(asked)
    args = asked.parse_args()
    end_on_signals()
    sink = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Sink)
    sink.daemon_threads = True
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    traces = ["--traces", f"http://127.0.0.1:{sink.server_address[1]}"]

    rate, cost = ratios_of(args, ["--traces", "off"], traces, "traces")
    tell("traces", args, rate, cost, ids_of_spans_and_links=Sink.spans)


if __name__ == "__main__":
    main()
