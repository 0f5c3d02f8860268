#!/usr/bin/env python3
"""Plays a server that saves files of entities: POST {"recordsFileName", "publishEvents"}.

  bulk_server.py FOLDER

Writes its address to FOLDER/address, and keeps in FOLDER/saved a line "KEY ID" for each entity that
it saved. Entities whose ids are in FOLDER/refuse are refused. A key that comes again with another
body is answered with 422. FOLDER/fault holds "HOW TIMES", and
spoils so many answers: a status like 503 (3xx: sends elsewhere), half, nothing, silence, or fewer
(errors than it tells of). A spoilt answer other than a status comes after the entities were saved.
"""

import http.server
import json
import os
import sys
import threading
import time

FOLDER = sys.argv[1]
lock = threading.Lock()
bodies = {}  # by key


def text_of(name):
    try:
        with open(os.path.join(FOLDER, name)) as f:
            return f.read()
    except FileNotFoundError:
        return ""


def next_fault():
    how, _, times = text_of("fault").strip().partition(" ")
    if not how or int(times) == 0:
        return ""
    with open(os.path.join(FOLDER, "fault"), "w") as f:
        f.write(f"{how} {int(times) - 1}")
    return how


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with lock:
            self.save(body, next_fault())

    def save(self, body, fault):
        if fault.isdigit():
            return self.give(int(fault), "the store is full\n")
        key = self.headers["Idempotency-Key"]
        if bodies.setdefault(key, body) != body:
            return self.give(422, "this key had another body\n")
        refuse = set(text_of("refuse").split())
        refused, answered = [], text_of("answered").split()
        with open(body["recordsFileName"]) as records:
            ids = [json.loads(line)["id"] for line in records]
        refused = [one for one in ids if one in refuse]
        with open(os.path.join(FOLDER, "requests"), "a") as f:
            f.write(f"{key} {len(ids)} {self.headers['X-Okapi-Tenant']} "
                    f"{self.headers['X-Okapi-Token']} {body['publishEvents']}\n")
        if key not in answered:  # else: a repeat
            with open(os.path.join(FOLDER, "saved"), "a") as f:
                f.writelines(f"{key} {one}\n" for one in ids if one not in refuse)
            with open(os.path.join(FOLDER, "answered"), "a") as f:
                f.write(key + "\n")
        answer = {"errorsNumber": len(refused)}
        if refused:
            name = body["recordsFileName"] + ".errors"
            with open(name, "w") as f:
                f.writelines(f"{one},no room for it, today\n"
                             for one in refused[fault == "fewer":])
            answer.update(errorsFileName=os.path.basename(name), errorRecordsFileName="unread")
        text = json.dumps(answer)
        if fault == "nothing":
            self.close_connection = True
            return None
        if fault == "silence":
            time.sleep(2.5)
        return self.give(200, text[:len(text) // 2] if fault == "half" else text)

    def give(self, status, text):
        self.send_response(status)
        if status // 100 == 3:
            self.send_header("Location", "https://elsewhere/bulk")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        pass  # who asked did not wait for the answer


server = Server(("127.0.0.1", 0), Handler)
with open(os.path.join(FOLDER, "address.new"), "w") as f:
    f.write(f"http://127.0.0.1:{server.server_address[1]}")
os.rename(os.path.join(FOLDER, "address.new"), os.path.join(FOLDER, "address"))
server.serve_forever()
