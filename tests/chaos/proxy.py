"""A TCP proxy that understands PostgreSQL's messages: one port for each node.

It knows where statements and transactions begin and end, so a fault can strike at a named moment:
before a statement, before or after the COMMIT of a transaction that held it. Toxics (latency,
slices, swallowed bytes) hold for all links of a port while they are set.
"""

import asyncio
import random
import socket
import struct
import threading
import time

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102


class Arm:
    """Waits for a moment and strikes.

    point: statement, commit_before, commit_after, in_transaction (before its second statement or
           its COMMIT)
    match: part of the text of a statement of the transaction, or "" for any
    act:   called with (session, arm) in the proxy's thread; returns "cut", "reset", or a number
           of seconds to hold the link before it goes on (not after a commit: the answer is gone)
    """

    def __init__(self, point, match, act, port=None, count=1):
        self.point, self.match, self.act = point, match, act
        self.port, self.count = port, count
        self.fired = threading.Event()
        self.times = []  # when, and at which port

    def fits(self, point, texts, port):
        return (self.count > 0 and self.point == point and self.port in (None, port)
                and any(self.match in text for text in texts))


class Toxics:
    """What is wrong with the network of one port. Written by faults, read by the pumps."""

    def __init__(self):
        self.heal()

    def heal(self):
        self.latency = 0.0  # seconds before anything is passed on, and as much jitter
        self.slice = 0  # bytes at once, or 0
        self.rate = 0  # bytes a second, or 0
        self.swallow_up = False  # node to database
        self.swallow_down = False  # database to node


class Session:
    """One link of a node."""

    def __init__(self, port, client, server):
        self.port, self.client, self.server = port, client, server
        self.status = "I"
        self.transaction = []
        self.mute = False  # the database's answers are withheld
        self.ready = asyncio.Event()

    def end(self, reset=False):
        for _, writer in (self.client, self.server):
            if reset:
                sock = writer.transport.get_extra_info("socket")
                if sock is not None:
                    try:
                        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                        struct.pack("ii", 1, 0))
                    except OSError:
                        pass
            writer.transport.abort()


class Port:
    def __init__(self, name):
        self.name = name
        self.number = 0
        self.toxics = Toxics()
        self.sessions = set()
        self.statements = 0


class Proxy:
    """Runs in a thread of its own; faults call it from others."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.ports = {}
        self.arms = []
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    # --- called from other threads

    def open(self, name):
        port = Port(name)

        async def listen():
            server = await asyncio.start_server(lambda r, w: self._serve(port, r, w), "127.0.0.1",
                                                0, backlog=100)
            port.number = server.sockets[0].getsockname()[1]

        asyncio.run_coroutine_threadsafe(listen(), self.loop).result()
        self.ports[name] = port
        return port

    def arm(self, arm):
        self.loop.call_soon_threadsafe(self.arms.append, arm)
        return arm

    def disarm(self, arm):
        arm.count = 0
        self.loop.call_soon_threadsafe(lambda: self.arms.remove(arm) if arm in self.arms else None)

    def each_session(self, port, act):
        def all_of_them():
            for session in list(port.sessions):
                act(session)

        self.loop.call_soon_threadsafe(all_of_them)

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)

    # --- in the proxy's thread

    async def _serve(self, port, reader, writer):
        try:
            server = await asyncio.open_connection(*self.target)
        except OSError:
            writer.transport.abort()
            return
        session = Session(port, (reader, writer), server)
        port.sessions.add(session)
        try:
            if await self._greet(session):
                down = asyncio.ensure_future(self._pump_down(session))
                up = asyncio.ensure_future(self._pump_up(session))
                await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            port.sessions.discard(session)
            for _, w in (session.client, session.server):
                w.close()

    async def _greet(self, session):
        reader, writer = session.client
        while True:
            length = await reader.readexactly(4)
            body = await reader.readexactly(struct.unpack("!i", length)[0] - 4)
            code = struct.unpack("!i", body[:4])[0]
            if code in (SSL_REQUEST, GSS_REQUEST):
                writer.write(b"N")
                continue
            await self._pass(session.port, session.server[1], length + body,
                             lambda: session.port.toxics.swallow_up)
            return code != CANCEL_REQUEST

    async def _pass(self, port, writer, data, swallowed):
        toxics = port.toxics
        if toxics.latency:
            await asyncio.sleep(toxics.latency * random.uniform(0.5, 1.5))
        if toxics.slice or toxics.rate:
            size = toxics.slice or 512
            for at in range(0, len(data), size):
                if swallowed():
                    return
                writer.write(data[at:at + size])
                await writer.drain()
                await asyncio.sleep(size / toxics.rate if toxics.rate else 0)
        elif not swallowed():
            writer.write(data)
            await writer.drain()

    async def _pump_down(self, session):
        reader, writer = session.server[0], session.client[1]
        toxics = session.port.toxics
        pending = bytearray()
        while True:
            data = await reader.read(65536)
            if not data:
                return
            pending += data
            while len(pending) >= 5:
                size = 1 + struct.unpack_from("!i", pending, 1)[0]
                if len(pending) < size:
                    break
                if pending[0] == ord("Z"):
                    session.status = chr(pending[5])
                    session.ready.set()
                del pending[:size]
            if not session.mute:
                await self._pass(session.port, writer, data, lambda: toxics.swallow_down)

    async def _pump_up(self, session):
        reader = session.client[0]
        group, texts = bytearray(), []
        while True:
            head = await reader.readexactly(5)
            kind, length = chr(head[0]), struct.unpack("!i", head[1:])[0]
            body = await reader.readexactly(length - 4)
            if kind == "Q":
                texts.append(body[:-1].decode(errors="replace"))
            elif kind == "P":
                texts.append(body.split(b"\0")[1].decode(errors="replace"))
            group += head + body
            if kind not in "QSdcfXH":
                continue
            data, group = bytes(group), bytearray()
            if kind in "QS" and texts:
                texts, statement = [], " ".join(texts)
                if not await self._statement(session, statement, data):
                    return
            else:
                await self._pass(session.port, session.server[1], data,
                                 lambda: session.port.toxics.swallow_up)

    async def _statement(self, session, text, data):
        """False: the link is over."""
        session.port.statements += 1
        word = text.lstrip()[:8].upper()
        begins, commits = word.startswith("BEGIN"), word.startswith("COMMIT")
        if session.status == "I":
            session.transaction = []
        if not (begins or commits):
            session.transaction.append(text)
        # A statement of its own is a transaction too.
        commits = commits or (session.status == "I" and not begins)
        if not commits or session.status == "I":
            if not await self._strike(session, "statement", [text]):
                return False
        if commits and not await self._strike(session, "commit_before", session.transaction):
            return False
        if session.status == "T" and not begins:
            if not await self._strike(session, "in_transaction", session.transaction):
                return False
        after = self._find(session, "commit_after", session.transaction) if commits else None
        session.ready.clear()
        session.mute = after is not None
        await self._pass(session.port, session.server[1], data,
                         lambda: session.port.toxics.swallow_up)
        if after is None:
            return True
        try:
            await asyncio.wait_for(session.ready.wait(), 10)
        except asyncio.TimeoutError:
            pass
        return await self._act(session, after)

    def _find(self, session, point, texts):
        for arm in self.arms:
            if arm.fits(point, texts, session.port):
                arm.count -= 1
                return arm
        return None

    async def _strike(self, session, point, texts):
        arm = self._find(session, point, texts)
        return arm is None or await self._act(session, arm)

    async def _act(self, session, arm):
        arm.times.append((time.time(), session.port.name))
        verdict = arm.act(session, arm)
        arm.fired.set()
        if isinstance(verdict, (int, float)) and not session.mute:
            await asyncio.sleep(verdict)
            return True
        session.end(reset=verdict == "reset")
        return False
