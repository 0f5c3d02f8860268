#!/usr/bin/env python3
"""Stands before an object store, and spoils some of what goes through.

  s3_relay.py ADDRESS FAULT

Prints its own address. FAULT is a file with "HOW TIMES": so many answers are spoilt: 503 (nothing
was done), late (nothing was done, and 200 is told, with an error behind it), empty (likewise,
without an error), lost (it was done, and the connection is closed without an answer), half (it was
done, and half of the answer comes). "HOW TIMES after N": those behind the next N.
"""

import http.client
import http.server
import sys
import threading
import urllib.parse

TARGET = urllib.parse.urlsplit(sys.argv[1])
lock = threading.Lock()
ERROR = b"<Error><Code>InternalError</Code><Message>not today</Message></Error>"


def next_fault():
    with lock:
        try:
            with open(sys.argv[2]) as f:
                how, times, _, after = (f.read() + " after 0").split()[:4]
        except (FileNotFoundError, ValueError):
            return ""
        times, after = int(times), int(after)
        if times == 0:
            return ""
        with open(sys.argv[2], "w") as f:
            f.write(f"{how} {times - (after == 0)} after {max(0, after - 1)}")
        return how if after == 0 else ""


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def relay(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = next_fault()
        if fault in ("503", "late", "empty"):
            status, text = {"503": (503, ERROR), "late": (200, ERROR), "empty": (200, b"")}[fault]
            return self.give(status, {}, text, len(text))
        link = http.client.HTTPConnection(TARGET.hostname, TARGET.port, timeout=60)
        link.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() != "expect":
                link.putheader(name, value)
        link.endheaders(body)
        answer = link.getresponse()
        text = answer.read()
        link.close()
        self.close_connection = fault in ("lost", "half")
        if fault == "lost":
            return None
        length = len(text)
        if self.command == "HEAD":
            length = int(answer.headers.get("Content-Length", 0))
        return self.give(answer.status, answer.headers,
                         text[:len(text) // 2] if fault == "half" else text, length)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = relay

    def give(self, status, headers, text, length):
        self.send_response_only(status)
        for name, value in headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
server.serve_forever()
