"""Clients that are slow, many, or want too much: the server drops them, and the node goes on."""

import gzip
import json
import os
import select
import socket
import threading
import time

from checks import say
from wire import Broken, Link, ask, bearer, head_of, malformed_error
from world import OPERATE, SCRATCH, Process, partita

PATIENCE = 16.0  # a request may take 10 s; some more on a busy machine
CONNECTIONS = int(os.environ.get("PARTITA_CONNECTIONS", "1500"))


class Slow(threading.Thread):
    """A client that sends bytes now and then. How long the server bears it."""

    def __init__(self, port, first, drip=b"", every=0.5, longest=45.0):
        super().__init__(daemon=True)
        self.link = Link(port)
        self.first, self.drip, self.every, self.longest = first, drip, every, longest
        self.took = None
        self.start()

    def run(self):
        began = time.monotonic()
        try:
            self.link.send(self.first)
            while time.monotonic() - began < self.longest:
                if self.link.ended(self.every):
                    self.took = time.monotonic() - began
                    return
                if self.drip:
                    self.link.send(self.drip)
        except OSError:
            self.took = time.monotonic() - began


def slow_senders(node):
    """By what they do."""
    post = head_of(node.http, "POST", "/api/v1/runs", {**bearer(OPERATE), "Content-Length": 1000})
    chunks = head_of(node.http, "POST", "/api/v1/runs",
                     {**bearer(OPERATE), "Transfer-Encoding": "chunked"})
    return {
        "says nothing": Slow(node.http, b""),
        "sends half a line": Slow(node.http, b"GET / HT"),
        "sends a byte of a header now and then": Slow(node.http, b"GET / HTTP/1.1\r\nX: ", b"x"),
        "sends a header now and then": Slow(node.http, b"GET / HTTP/1.1\r\n", b"X: y\r\n"),
        "sends half a body": Slow(node.http, post + "{"),
        "sends a byte of its body now and then": Slow(node.http, post, b" "),
        "sends a chunk now and then": Slow(node.http, chunks, b"1\r\n \r\n"),
        "asks once and stays": Slow(node.http, head_of(node.http, "GET", "/api/v1/health",
                                                       {"Connection": None})),
    }


def large_answers(check, node):
    """Runs whose parameters are as large as may be: some MB in one answer."""
    for i in range(40):
        text = SCRATCH + "/" + "x" * 60_000 + str(i)
        answer = node.post("runs", {"job": "customer_etl",
                                    "parameters": {"input": text, "output_dir": SCRATCH}})
        check("a run with large parameters is submitted", answer.status == 201, answer)
    answer = node.get("runs?limit=500")
    check("an answer of 2 MB", len(answer.body) > 2_000_000, len(answer.body))
    refused = node.post("runs", {"job": "customer_etl", "parameters": {
        "input": "x" * 66_000, "output_dir": SCRATCH}})
    check("parameters of 66 KB are refused", refused.status == 400, refused)


def slow_readers(node):
    """They ask for a large answer, and take none, or little of it."""
    found = []
    for i in range(6):
        link = Link(node.http, receive_buffer=4096)
        link.send(head_of(node.http, "GET", f"/api/v1/runs?limit={400 + i}", {}))
        found.append((time.monotonic(), link))
    return found


def still_answers(check, node, what, soon=PATIENCE):
    began = time.monotonic()
    answer = node.get("health", timeout=soon)
    took = time.monotonic() - began
    check(f"{what}: others are answered", answer.status == 200, answer)
    check(f"{what}: within {soon} s", took < soon, took)


def much_at_once(check, node):
    """Bodies that are too large, or become so."""
    before = node.megabytes()
    large = json.dumps({"job": "x" * 300_000}).encode()
    answer = node.post("runs", large)
    check("a body of 300 KB: 413", answer.status == 413, answer)
    check("it says why", not malformed_error(answer), answer)
    answer = ask(node.http, "/api/v1/runs", "POST",
                 {**bearer(OPERATE), "Content-Length": 10_000_000_000}, b"{")
    check("10 GB are announced: 413", answer.status == 413, answer)
    check("at once", answer.took < 3, answer.took)
    with Link(node.http) as link:
        link.send(head_of(node.http, "POST", "/api/v1/runs",
                          {**bearer(OPERATE), "Transfer-Encoding": "chunked"}))
        try:
            for _ in range(2_000):
                link.send(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            sent_all = True
        except OSError:
            sent_all = False
        try:
            status = link.answer().status
        except Broken:
            status = 0
    check("8 MB in chunks are not taken", not sent_all or status in (0, 400, 413), status)
    bomb = gzip.compress(b" " * 150_000_000)
    check("a bomb is small", len(bomb) < 200_000, len(bomb))
    for headers in ({"Content-Encoding": "gzip"}, {"Content-Encoding": "gzip", **bearer(OPERATE)}):
        answer = ask(node.http, "/api/v1/runs", "POST", headers, bomb)
        check("a packed body is refused", answer.status in (400, 401, 413, 415), answer)
    grown = node.megabytes() - before
    check("memory did not grow by what it holds", grown < 100, f"{grown} MB")


def many(check, node):
    """Attempts to connect, in batches; some say something, none waits for an answer."""
    usual, most, made = node.open_files(), 0, 0
    sends = [b"", b"GET", b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\0\r\n\r\n"]
    while made < CONNECTIONS:
        batch = []
        for i in range(min(250, CONNECTIONS - made)):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", node.http))
            batch.append((one, sends[i % len(sends)]))
        made += len(batch)
        _, ready, _ = select.select([], [one for one, _ in batch], [], 1.0)
        for one, data in batch:
            if one in ready and data:
                try:
                    one.send(data)
                except OSError:
                    pass
        most = max(most, node.open_files())
        for one, _ in batch:
            one.close()
        if not node.lives():
            break
    say(f"  {made} attempts to connect; at most {most} open files, usually {usual}")
    check("open files are bounded", most < usual + 120, (usual, most))
    still_answers(check, node, "after many connections")
    check.within(30, "they are closed again", lambda: node.open_files() < usual + 20)


def few_files(check):
    """A process that may open 64 files only, while clients take all of them."""
    node = Process("node", "--name", "poor", "--executors", "1", files=64)
    first = node.post("runs", {"job": "range_sum", "parameters": {"from": 7, "to": 59}})
    check.within(40, "a first run ends",
                 lambda: node.has_ended((first.json() or {}).get("id"), "COMPLETED"))
    run = node.post("runs", {"job": "range_sum", "parameters": {
        "from": 7, "to": 60, "partitions": 6, "delay_ms": 500}})
    check("a run is submitted", run.status == 201, run)
    links, until = [], time.monotonic() + 6
    while time.monotonic() < until:
        while len(links) < 120:
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", node.http))
            links.append(one)
        for one in links[:40]:
            try:
                one.send(b"G")
            except OSError:
                pass
        ready, _, _ = select.select(links, [], [], 0.2)
        for one in ready:
            one.close()
            links.remove(one)
        # A sanitizer looks at objects that it has not seen yet by way of a pipe: where none can be
        # opened it takes them for bad and ends the process. That says nothing of the program.
        if not node.lives():
            node.reader.join(5)
            if any("memory cannot be printed" in line for line in node.lines):
                say("  SKIPPED: few files, because the sanitizer had none")
                Process.all.remove(node)
                return
        if not check("it lives", node.lives(), "\n".join(node.lines[-12:])):
            break
    _, said, _ = partita("nodes", "-o", "json")
    shown = [n for n in json.loads(said)["items"] if n["name"] == "poor"]
    check("its heartbeat goes on", shown and shown[0]["state"] == "ACTIVE", shown)
    for one in links:
        one.close()
    still_answers(check, node, "with few files")
    check.within(40, "its work goes on",
                 lambda: node.has_ended(run.json()["id"], "COMPLETED"))
    node.end(check)


def ends_soon(check):
    """Clients that hold half a request, or half an answer, do not hold up its end."""
    for command in ("serve", "node"):
        process = Process(command)
        held = [Slow(process.http, b"GET / HT"), Slow(process.http, b""),
                Slow(process.probes, b"GET /livez HT"),
                Slow(process.http, head_of(process.http, "GET", "/", {"Connection": None}))]
        check.within(5, "they are connected", lambda process=process: process.open_files() > 5)
        began = time.monotonic()
        process.end(check, 20)
        took = time.monotonic() - began
        check(f"{command} with slow clients ends soon", took < 6, f"{took:.1f} s")
        for one in held:
            one.longest = 0


def play(check, node):
    large_answers(check, node)
    readers, slow = slow_readers(node), slow_senders(node)
    held = [Slow(node.http, b"GET / HT") for _ in range(24)]  # more than threads
    still_answers(check, node, "with 24 slow clients")
    much_at_once(check, node)
    many(check, node)
    few_files(check)
    ends_soon(check)
    for what, one in slow.items():
        one.join(60)
        check(f"a client that {what} is dropped", one.took is not None and one.took < PATIENCE + 6,
              one.took)
    for one in held:
        one.join(60)
    check("so are many", all(one.took is not None for one in held))
    for began, link in readers:
        rest = 45 - (time.monotonic() - began)
        time.sleep(max(0.0, min(rest, 24 - (time.monotonic() - began))))  # they take nothing
        check("a client that does not take its answer is dropped", link.ended(5))
        link.close()
