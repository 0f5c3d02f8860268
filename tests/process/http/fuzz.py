"""Hostile requests, driven by the description of the API, by a seed that is printed."""

import os
import random
import re
import socket
import time
import zlib
from urllib.parse import quote_from_bytes

from checks import say
from wire import DEADLINE, Broken, Link, ask, bearer, head_of, malformed_error, unsafe_header
from world import OPERATE, READ

HOSTILE = [
    b"", b"0", b"-1", b"1", b"2", b"9223372036854775807", b"9223372036854775808",
    b"-9223372036854775808", b"2147483648", b"4294967297", b"1e9", b"0x10", b"NaN", b"1.5",
    b"true", b"null", b"[]", b"{}", b"'", b'"', b"';--", b"%", b"*", b"\\", b"\0", b"a\0b",
    b"\xff\xfe", b"\xc3\x28", b"\xed\xa0\x80", "ü\u202e\u0000\U0001f600".encode(), b"\r\nX: y",
    b"\n", b"../../etc/passwd", b"..", b".", b"{id}", b"$1", b"a" * 3000, b" ", b"\t", b"add",
    b"COMPLETED", b"FAILED,RUNNING", b"CREATED" + b",CREATED" * 200, b"-24h", b"-0d", b"--1h",
    b"-99999999999999999999d", b"2026-11-27T07:00:00.123Z", b"9999-12-31T23:59:59.999Z",
    b"0001-01-01", b"2026-13-40T99:99", b"2026-11-27T07:00:99", b"2026-11-27T07:00:nan",
    b"1970-01-01T00:00:00.000Z", b"range_sum", b"no", b"took", b"%00", b"<script>",
]
NO_METHOD = ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "FOO", "get", "PRI"]
JSON_VALUES = [
    "null", "true", "1", "-1", "1.5", "1e400", "4294967297", "18446744073709551616", '""', '"x"',
    '"range_sum"', '"\\u0000"', '"\\ud800"', "[]", "{}", '{"from":1}', '["from",1]',
    '{"from":1,"to":3}', '{"from":"1","to":"3"}', '{"from":{},"to":[]}', '"' + "x" * 70_000 + '"',
    "[" * 3_000 + "]" * 3_000, '{"from":' + "[" * 5_000 + "]" * 5_000 + ',"to":1}', "NaN", "'", "",
]


def hostile_path(rng, text):
    """Percent-encoded, and here and there wrongly so."""
    encoded = quote_from_bytes(text, safe=rng.choice(["", "/:*,", "/"]))
    if rng.random() < 0.1:
        encoded += rng.choice(["%", "%2", "%zz", "%u1234", "+", "#x", "?", "&&", "=", ";"])
    return encoded


class Fuzzer:
    def __init__(self, check, node, document, known, seed):
        self.check, self.node, self.known = check, node, known
        self.rng = random.Random(seed)
        self.seed = seed
        self.sent, self.dead = 0, False
        self.statuses = {}
        self.operations = [(method, path, operation)
                           for path, operations in sorted(document["paths"].items())
                           for method, operation in sorted(operations.items())]

    def judge(self, what, answer, refusals=(400, 401, 403, 404, 405, 409, 413, 414, 415, 416, 431)):
        self.sent += 1
        # What crashes needs some seconds to say where.
        self.dead = answer.status == 0 and not self.node.lives(patience=20)
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        what = f"seed {self.seed}: {what}"
        fine = answer.status in (200, 201, 304) or answer.status in refusals
        if answer.status == 503:  # documented: busy or away; the error must say so
            fine = answer.error().get("code") in ("busy", "unavailable", "timed_out")
        self.check(f"{what}: a status that is documented", fine, answer)
        if answer.status >= 400:
            wrong = malformed_error(answer)
            self.check(f"{what}: {answer.status} says why", not wrong, f"{wrong}: {answer}")
        elif answer.status in (200, 201) and "html" not in answer.header("content-type"):
            self.check(f"{what}: a document", isinstance(answer.json(), dict), answer)
        missing = unsafe_header(answer)
        self.check(f"{what}: safe headers", not missing, missing)
        self.check(f"{what}: in time", answer.took < DEADLINE, answer.took)

    def ask(self, what, path, method="GET", headers=None, body=None):
        self.judge(what, ask(self.node.http, path, method, headers, body))

    def value(self):
        rng = self.rng
        text = rng.choice(HOSTILE)
        if rng.random() < 0.2:
            text += rng.choice(HOSTILE)
        if rng.random() < 0.2:
            text = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 40)))
        return hostile_path(rng, text)

    def path_for(self, path):
        rng = self.rng
        parts = []
        for part in path.split("/"):
            if part == "{id}":
                known = self.known["node"] if "/nodes/" in path else self.known["run"]
                part = known if rng.random() < 0.6 else self.value()
            elif part == "{step}":
                part = "add" if rng.random() < 0.6 else self.value()
            elif part == "{name}":  # a job that it pauses would be missed
                part = "nightly" if "/schedules/" in path and rng.random() < 0.6 else self.value()
            elif part == "{no}":
                part = "3" if rng.random() < 0.5 else self.value()
            parts.append(part)
        return "/".join(parts)

    def query_for(self, operation):
        rng, query = self.rng, []
        for p in operation["parameters"]:
            if p["in"] == "query" and rng.random() < 0.6:
                name = p["name"].replace("NAME", rng.choice(["to", "input", "a.b", "%00", "%ff"]))
                query.append(f"{name}={self.value()}")
        if rng.random() < 0.1:
            query.append(f"{self.value()}={self.value()}")
        if query and rng.random() < 0.2:
            query.append(rng.choice(query))
        return "?" + "&".join(query) if query else ""

    def get(self, method, path, operation):
        where = self.path_for(path) + self.query_for(operation)
        headers = bearer(READ)
        if self.rng.random() < 0.2:
            headers["If-None-Match"] = self.rng.choice(['"', "*", '"x", W/"y"', "\xff" * 50])
        if self.rng.random() < 0.2:
            headers["Accept-Encoding"] = self.rng.choice(["gzip", "br", "gzip, br;q=0", "\t", "x"])
        self.ask(f"{method} {where[:300]}", where, "GET", headers)

    def post(self, method, path, operation):
        """Bodies that make no run: no two right members at once."""
        rng = self.rng
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        names = list(schema["properties"]) + ["", "x", "__proto__", "\\u0000"]
        members = {rng.choice(names): rng.choice(JSON_VALUES) for _ in range(rng.randrange(4))}
        if members.get("job") == '"range_sum"':
            members.pop("parameters", None)
        members.pop("keep_s", None)  # runs that are purged would be missed
        body = "{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}"
        kind = rng.random()
        if kind < 0.15:
            body = rng.choice(JSON_VALUES)
        elif kind < 0.25:
            body = body[:rng.randrange(len(body) + 1)] + rng.choice(["", "\0", "\xff", "}"])
        target = self.value()
        if re.fullmatch(r"0*\d{1,4}([/?#].*)?", target):
            target = "999999"  # not the node under test, nor its runs
        where = path.replace("{id}", target)
        headers = bearer(OPERATE)
        headers["Idempotency-Key"] = hostile_path(rng, rng.choice(HOSTILE))
        self.ask(f"{method} {where[:200]} {body[:200]!r}", where, "POST", headers,
                 body.encode("latin-1", "replace"))

    def wrong(self, path):
        method = self.rng.choice(NO_METHOD)
        where = self.path_for(path)
        self.ask(f"{method} {where[:200]}", where, method, bearer(OPERATE), b"{}")

    def bytes(self):
        """A good request with some of its bytes changed. It is answered, or the link is closed."""
        rng = self.rng
        good = head_of(self.node.http, "GET", self.path_for(rng.choice(self.operations)[1]),
                       bearer(READ)).encode("latin-1")
        data = bytearray(good)
        for _ in range(rng.randrange(1, 6)):
            at = rng.randrange(len(data) - 4)
            if rng.random() < 0.5:
                data[at] = rng.randrange(256)
            elif rng.random() < 0.5:
                del data[at]
            else:
                data[at:at] = bytes(rng.randrange(256) for _ in range(rng.randrange(1, 9)))
        self.exchange(f"bytes {bytes(data)[:200]!r}", bytes(data))

    def exchange(self, what, data, expected=None):
        """Sends bytes, and ends its side. `expected`: statuses of which one must be the answer;
        None: the link may also be closed without one."""
        began = time.monotonic()
        try:
            with Link(self.node.http) as link:
                try:
                    link.send(data)
                    link.socket.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                answer = link.answer()
                self.judge(what, answer)
                if expected:
                    self.check(f"{what}: one of {expected}", answer.status in expected, answer)
        except (Broken, OSError) as e:
            self.check(f"{what}: one of {expected}", not expected, repr(e))
        took = time.monotonic() - began
        self.check(f"seed {self.seed}: {what}: an end in time", took < DEADLINE, took)

    def play(self, rounds):
        for _ in range(rounds):
            for method, path, operation in self.operations:
                if self.dead:
                    return
                if method == "get":
                    self.get(method, path, operation)
                else:
                    self.post(method, path, operation)
                if self.rng.random() < 0.3:
                    self.wrong(path)
                if self.rng.random() < 0.3:
                    self.bytes()


def oddities(fuzzer, port):
    """Requests that are wrong in ways of their own: what is asked, and the statuses that fit."""
    post = ("POST /api/v1/runs HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/json\r\n"
            "Authorization: Bearer %s\r\nConnection: close\r\n" % (port, OPERATE))
    chunked = post + "Transfer-Encoding: chunked\r\n\r\n"
    get = "GET /api/v1/jobs%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nConnection: close\r\n%s\r\n"
    bomb = zlib.compress(b" " * (8 << 20), 9)
    multipart = ('--x\r\nContent-Disposition: form-data; name="' + "a" * 8_000 + '"\r\n\r\nb\r\n'
                 "--x--\r\n")
    cases = {
        "a chunk that is no number": (chunked + "zz\r\n{}\r\n0\r\n\r\n", {400}),
        "a chunk of 2^64 bytes": (chunked + "f" * 16 + "\r\n{}", {400, 413}),
        "a chunk that is shorter than it says": (chunked + "5\r\n{}\r\n0\r\n\r\n", {400}),
        "chunks without an end": (chunked + "2\r\n{}\r\n", {400}),
        "a good chunked body": (chunked + "2\r\n{}\r\n0\r\n\r\n", {400}),
        "two encodings": (post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"
                          "2\r\n{}\r\n0\r\n\r\n", {400, 415, 501}),
        "a length with a space before the colon": (post + "Content-Length : 2\r\n\r\n{}", {400}),
        "chunks and a length":
            (post + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
        "an unknown encoding": (post + "Transfer-Encoding: gzip\r\n\r\n{}", {400, 415, 501}),
        "two lengths": (post + "Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}", {400}),
        "a length that is no number": (post + "Content-Length: 2x\r\n\r\n{}", {400}),
        "a negative length": (post + "Content-Length: -2\r\n\r\n{}", {400, 413}),
        "a huge length": (post + "Content-Length: 99999999999999999999\r\n\r\n{}", {400, 413}),
        "no body at all": (post + "\r\n", {400}),
        "a form": (post.replace("application/json", "application/x-www-form-urlencoded") +
                   "Content-Length: 5\r\n\r\nlimit", {415}),
        "a form of parts": (post.replace("application/json", "multipart/form-data; boundary=x") +
                            f"Content-Length: {len(multipart)}\r\n\r\n{multipart}", {415}),
        "a form without a boundary": (post.replace("application/json", "multipart/form-data") +
                                      "Content-Length: 2\r\n\r\n{}", {400, 415}),
        "a packed body": (post.encode() + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
                          % len(bomb) + bomb, {400, 413, 415}),
        "two Hosts": (get % ("", port, "Host: evil.example\r\n"), {200, 400, 403}),
        "two tokens": (get % ("", port, "Authorization: Bearer x\r\nAuthorization: y\r\n"),
                       {200, 400, 401}),
        "a header of 20 KB": (get % ("", port, "X: " + "x" * 20_000 + "\r\n"), {400, 431}),
        "5,000 headers": (get % ("", port, "X: y\r\n" * 5_000), {200, 400, 431}),
        "a header without a name": (get % ("", port, ": y\r\n"), {200, 400}),
        "a header without a colon": (get % ("", port, "nonsense\r\n"), {200, 400}),
        "a folded header": (get % ("", port, "X: y\r\n  z\r\n"), {200, 400}),
        "NUL in a header": (get % ("", port, "X: a\0b\r\n"), {200, 400}),
        "a path of 8,000 bytes": (get % ("/" + "a" * 8_000, port, ""), {404, 414}),
        "a path of 8,000 escapes": (get % ("/" + "%ff" * 2_600, port, ""), {404, 414}),
        "a path of 100,000 bytes": (get % ("/" + "a" * 100_000, port, ""), {400, 414}),
        "a query of 8,000 bytes": (get % ("?" + "a&" * 3_900, port, ""), {200, 400, 414}),
        "a long Range": (get % ("", port, "Range: bytes=" + "1" * 8_000 + "-\r\n"),
                         {200, 400, 416}),
        "nonsense as Range": (get % ("", port, "Range: x\r\n"), {200, 400, 416}),
        "HTTP/0.9": ("GET /api/v1/jobs\r\n\r\n", {400}),
        "HTTP/2": ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}),
        "HTTP/3.7": ("GET / HTTP/3.7\r\n\r\n", {400, 505}),
        "lines that end in LF": ("GET /api/v1/jobs HTTP/1.1\nHost: x\n\n", {400}),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 500, {400}),
        "NULs": (b"\0" * 3_000, {400}),
        "OPTIONS *": (f"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n",
                      {400, 404, 405}),
        "an address in the line": (f"GET http://127.0.0.1:{port}/api/v1/jobs HTTP/1.1\r\n"
                                   f"Host: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n",
                                   {200, 400, 404}),
        "Expect": (post + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}", {400}),
    }
    for what, (data, expected) in cases.items():
        fuzzer.exchange(what, data if isinstance(data, bytes) else data.encode("latin-1"), expected)


def play(check, node, document, known):
    count = int(os.environ.get("PARTITA_FUZZ_SEEDS", "1"))
    first = int(os.environ.get("SEED", random.randrange(1_000_000)))
    for seed in range(first, first + count):
        fuzzer = Fuzzer(check, node, document, known, seed)
        say(f"fuzz: seed {seed}; replay with SEED={seed}")
        fuzzer.play(6 if count == 1 else 12)
        if seed == first and not fuzzer.dead:
            oddities(fuzzer, node.http)
        shown = ", ".join(f"{n} × {status}" for status, n in sorted(fuzzer.statuses.items()))
        say(f"  {fuzzer.sent} requests: {shown}")
        check("the fuzzer reached good answers and refusals",
              fuzzer.statuses.get(200, 0) > 10 and fuzzer.statuses.get(400, 0) > 10, shown)
        if not check("the node outlives its fuzzer", node.lives(), "\n".join(node.lines[-60:])):
            return
