"""Requests and answers as bytes: nothing is corrected on the way, nothing is guessed."""

import gzip
import json
import socket
import time
import zlib

DEADLINE = 25.0  # no answer may take longer, whatever is asked

# What every answer must carry.
SAFE = {
    "content-security-policy": "default-src 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


class Broken(Exception):
    """No answer, or one that is not HTTP."""


class Answer:
    def __init__(self, status, headers, body, took):
        self.status, self.headers, self.body, self.took = status, headers, body, took

    def header(self, name):
        return self.headers.get(name.lower(), "")

    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        """The document, or None where it is none."""
        try:
            return json.loads(self.body.decode("utf-8"))
        except ValueError:
            return None

    def error(self):
        """The error document, or {}."""
        document = self.json()
        error = document.get("error") if isinstance(document, dict) else None
        return error if isinstance(error, dict) else {}

    def __repr__(self):
        return f"{self.status} after {self.took:.2f} s: {self.text()[:300]}"


class Link:
    """One connection. `seen` gets every byte that was answered, of all links."""

    seen = []

    def __init__(self, port, timeout=DEADLINE, receive_buffer=0):
        self.port = port
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(timeout)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))

    def _more(self):
        try:
            got = self.socket.recv(65536)
        except OSError as e:
            raise Broken(f"no answer: {e!r}") from e
        if not got:
            raise Broken(f"closed after {self.rest[:200]!r}")
        self.rest += got

    def ended(self, seconds):
        """Whether the other side closes within that time; what it still says is read."""
        self.socket.settimeout(seconds)
        try:
            while self.socket.recv(65536):
                pass
            return True
        except TimeoutError:
            return False
        except OSError:
            return True

    def answer(self, method="GET"):
        began = time.monotonic()
        while b"\r\n\r\n" not in self.rest:
            self._more()
        head, self.rest = self.rest.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        version, _, status = lines[0].partition(" ")
        if version != "HTTP/1.1" or not status[:3].isdigit():
            raise Broken(f"not HTTP: {lines[0]!r}")
        headers = {}
        for line in lines[1:]:
            name, colon, value = line.partition(": ")
            if not colon:
                raise Broken(f"a strange header: {line!r}")
            before = headers.get(name.lower())
            headers[name.lower()] = value if before is None else f"{before}, {value}"
        code = int(status[:3])
        if code == 100:
            return self.answer(method)
        size = int(headers.get("content-length", "0"))
        if method == "HEAD" or code == 304:
            size = 0
        while len(self.rest) < size:
            self._more()
        body, self.rest = self.rest[:size], self.rest[size:]
        if headers.get("content-encoding") == "gzip" and body:
            try:
                body = gzip.decompress(body)
            except (OSError, EOFError, zlib.error) as e:
                raise Broken(f"not gzip: {e!r}") from e
        Link.seen.append(head + b"\n" + body[:200_000])
        return Answer(code, headers, body, time.monotonic() - began)


def head_of(port, method, path, headers):
    """Headers: of names and values; a value of None leaves out what is there by itself."""
    named = {"Host": f"127.0.0.1:{port}", "Connection": "close"}
    named.update(headers or {})
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in named.items() if value is not None]
    return "\r\n".join(lines) + "\r\n\r\n"


def ask(port, path, method="GET", headers=None, body=None, timeout=DEADLINE):
    """One request on a connection of its own. `body`: bytes, or what becomes JSON. Status 0: there
    was no answer, or none that is HTTP; the body says why."""
    headers, began = dict(headers or {}), time.monotonic()
    if body is not None:
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        headers.setdefault("Content-Length", len(body))
    try:
        with Link(port, timeout) as link:
            try:
                link.send(head_of(port, method, path, headers).encode("latin-1") + (body or b""))
            except OSError:
                pass  # it was refused before all was sent: the answer may be there
            return link.answer(method)
    except (Broken, OSError) as e:
        return Answer(0, {}, repr(e).encode(), time.monotonic() - began)


def bearer(token):
    return {"Authorization": "Bearer " + token, "Content-Type": "application/json"}


def unsafe_header(answer):
    """The first of the headers of every answer that is missing, or None."""
    for name, value in SAFE.items():
        if not answer.header(name).startswith(value):
            return name
    return None


def malformed_error(answer):
    """What is wrong with an answer that should say what went wrong; "" when nothing is."""
    error = answer.error()
    if not answer.header("content-type").startswith("application/json"):
        return "not JSON: " + answer.header("content-type")
    if sorted(error) != ["code", "details", "hint", "message"]:
        return "its members are " + ", ".join(sorted(error))
    if not isinstance(error["code"], str) or not error["code"]:
        return "no code"
    if not isinstance(error["message"], str) or len(error["message"]) < 10:
        return "no sentence"
    if not (error["hint"] is None or isinstance(error["hint"], str)):
        return "a strange hint"
    return ""
