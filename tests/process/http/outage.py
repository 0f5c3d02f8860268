"""The database away and back: what is alive says so, what is not ready says why, all recovers."""

import os
import selectors
import socket
import subprocess
import threading
import time

import metrics
from wire import ask, malformed_error
from world import Process, partita


class Proxy:
    """Between a node and PostgreSQL. `mode`: pass, or refuse (closes all), or hang (passes nothing,
    closes nothing)."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.mode = "pass"
        self.pairs = {}
        self.waiting = []
        self.server = socket.create_server(("127.0.0.1", 0), backlog=100)
        self.server.setblocking(False)
        self.port = self.server.getsockname()[1]
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.server, selectors.EVENT_READ)
        threading.Thread(target=self._run, daemon=True).start()

    def _drop(self, one):
        other = self.pairs.pop(one, None)
        self.pairs.pop(other, None)
        for side in (one, other):
            if side is not None:
                try:
                    self.selector.unregister(side)
                except (KeyError, ValueError):
                    pass
                side.close()

    def _accept(self):
        client, _ = self.server.accept()
        if self.mode == "refuse":
            client.close()
        elif self.mode == "hang":
            self.waiting.append(client)
        else:
            server = socket.create_connection(self.target)
            self.pairs[client], self.pairs[server] = server, client
            for side in (client, server):
                self.selector.register(side, selectors.EVENT_READ)

    def _run(self):
        while True:
            ready = self.selector.select(0.05)
            if self.mode == "refuse":
                for one in list(self.pairs):
                    self._drop(one)
            if self.mode != "hang":
                for one in self.waiting:
                    one.close()
                self.waiting.clear()
            for key, _ in ready:
                try:
                    if key.fileobj is self.server:
                        self._accept()
                    elif self.mode == "pass" and key.fileobj in self.pairs:
                        data = key.fileobj.recv(65536)
                        if not data:
                            raise OSError("closed")
                        self.pairs[key.fileobj].sendall(data)
                except OSError:
                    self._drop(key.fileobj)
            if self.mode == "hang":
                time.sleep(0.02)  # what arrives stays where it is


class Lock:
    """Another program writes to the SQLite database, for as long as it likes."""

    def __init__(self, path):
        self.shell = subprocess.Popen(["sqlite3", path], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)
        self.shell.stdin.write(".timeout 30000\nbegin immediate;\nselect 'held';\n")
        self.shell.stdin.flush()
        self.held = self.shell.stdout.readline().strip() == "held"

    def release(self):
        self.shell.stdin.write("rollback;\n.quit\n")
        self.shell.stdin.close()
        self.shell.wait(30)


class Pulse(threading.Thread):
    """Asks /livez all the time, on both listeners."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node, self.over = node, threading.Event()
        self.asked, self.slowest, self.trouble = 0, 0.0, []
        self.start()

    def run(self):
        while not self.over.wait(0.2):
            answer = self.node.probe("/livez", timeout=10)
            self.asked += 1
            self.slowest = max(self.slowest, answer.took)
            if answer.status != 200:
                self.trouble.append(answer)

    def end(self, check, what):
        self.over.set()
        self.join(30)
        check(f"{what}: /livez was always 200", self.asked and not self.trouble, self.trouble[:2])
        check(f"{what}: and soon", self.slowest < 2.5, f"{self.slowest:.2f} s")


def long_run(check, node):
    answer = node.post("runs", {"job": "range_sum", "parameters": {
        "from": 1, "to": 600, "partitions": 60, "delay_ms": 200}})
    check("a run is submitted", answer.status == 201, answer)
    run = answer.json()["id"]
    check.within(20, "it is under way", lambda: node.has_ended(run, "RUNNING"))
    return run


def not_ready(check, node, what, name):
    """/readyz fails, and names the check that does."""
    check.within(20, f"{what}: /readyz is 503", lambda: node.probe("/readyz").status == 503)
    answer = node.probe("/readyz?verbose")
    check(f"{what}: it names the check", f"[-] {name}: " in answer.text(), answer)
    check(f"{what}: and the others", answer.text().count("[") >= 3, answer)
    brief = node.probe("/readyz").text()
    check(f"{what}: without ?verbose only what fails", "[+]" not in brief and "[-]" in brief, brief)
    for text in (answer.text(), brief):
        check(f"{what}: everybody learns no address",
              "://" not in text and "port" not in text, text)
    if name == "database":
        full = ask(node.http, "/readyz").text()
        check(f"{what}: who may read learns it", "postgresql://" in full, full)


def health_commands(check, node, what, expected):
    """`partita healthcheck` in its three forms, on the listener for probes."""
    for which, code in expected.items():
        found, said, _ = partita("healthcheck", which, "--http", f"127.0.0.1:{node.probes}")
        check.equal(f"{what}: healthcheck {which} ({said.strip()[:80]})", found, code)


def api_is_away(check, node, what):
    for path in ("health", "runs", "nodes", "jobs", "events", "runs/count", "runs/1/steps"):
        answer = node.get(path)
        check(f"{what}: {path} is 503", answer.status == 503, answer)
        check(f"{what}: {path} says why", not malformed_error(answer), answer)
        check(f"{what}: {path} within 12 s", answer.took < 12, answer.took)
        check(f"{what}: {path} says when to come back", answer.header("retry-after"))
    answer = node.post("runs", {"job": "range_sum", "parameters": {"from": 1, "to": 2}})
    check(f"{what}: nothing is submitted", answer.status == 503, answer)
    check(f"{what}: the page is there", ask(node.http, "/").status == 200)
    check(f"{what}: so is the description", node.get("openapi.json").status == 200)


def recovers(check, node, what, run):
    check.within(40, f"{what}: /readyz is 200 again", lambda: node.probe("/readyz").status == 200)
    check.within(20, f"{what}: the API answers again",
                 lambda: node.fresh("health", lambda h: h["nodes"]["active"] == 1))
    check.within(60, f"{what}: the run goes on to its end",
                 lambda: node.has_ended(run, "COMPLETED"))
    total = (node.run_document(run).get("result") or {}).get("sum")
    check.equal(f"{what}: with its result", total, 600 * 601 // 2)


def postgres(check):
    proxy = Proxy(os.environ.get("PGHOST", "localhost"), int(os.environ.get("PGPORT", "5432")))
    node = Process("node", "--name", "behind", "--executors", "2", env={
        "PGHOST": "127.0.0.1", "PGPORT": str(proxy.port)})
    health_commands(check, node, "well", {"live": 0, "ready": 0, "startup": 0})
    for mode in ("refuse", "hang"):
        run = long_run(check, node)
        pulse = Pulse(node)
        proxy.mode = mode
        not_ready(check, node, mode, "database")
        answers = []
        asking = [threading.Thread(target=lambda path=path: answers.append(node.probe(path)),
                                   daemon=True)
                  for path in ("/readyz", "/readyz?verbose", "/metrics", "/readyz?x") * 2]
        for one in asking:
            one.start()
        api_is_away(check, node, mode)
        health_commands(check, node, mode, {"live": 0, "ready": 1, "startup": 0})
        families = metrics.parsed(node.probe("/metrics").text())
        for name in ("database_up", "cluster_scraped"):
            check.equal(f"{mode}: {name}", metrics.value(families, f"partita_{name}"), 0.0)
        for one in asking:
            one.join(30)
        kinds = {a.header("content-type").partition(";")[0] for a in answers}
        check(f"{mode}: probes are answered in text", kinds == {"text/plain"}, answers)
        proxy.mode = "pass"
        recovers(check, node, mode, run)
        pulse.end(check, mode)
    return node


def sqlite(check):
    path = os.environ["PARTITA_DB"].removeprefix("sqlite:")
    node = Process("node", "--name", "beside", "--executors", "2")
    health_commands(check, node, "well", {"live": 0, "ready": 0, "startup": 0})
    run = long_run(check, node)
    pulse = Pulse(node)
    lock = Lock(path)
    check("the database is locked", lock.held)
    not_ready(check, node, "locked", "renewal")
    check("locked: readers are served", node.get("runs").status == 200)
    answer = node.post("runs", {"job": "range_sum", "parameters": {"from": 1, "to": 2}})
    check("locked: nothing is submitted", answer.status == 503, answer)
    check("locked: it says why", not malformed_error(answer), answer)
    health_commands(check, node, "locked", {"live": 0, "ready": 1, "startup": 0})
    lock.release()
    recovers(check, node, "locked", run)
    pulse.end(check, "locked")
    return node


def serve_without_database(check):
    """`serve` has begun when it listens: to start it again would not bring the database back."""
    server = Process("serve", env={"PARTITA_DB": "postgresql://nobody@127.0.0.1:1/none"})
    health_commands(check, server, "serve alone", {"live": 0, "ready": 1, "startup": 0})
    told = server.probe("/readyz").text()
    check("serve alone: of which kind the trouble is", "[-] database: unavailable" in told, told)
    server.end(check)


def play(check, kind):
    node = postgres(check) if kind == "postgres" else sqlite(check)
    serve_without_database(check)
    port = node.probes
    node.end(check)
    for which in ("live", "ready", "startup"):
        found, _, said = partita("healthcheck", which, "--http", f"127.0.0.1:{port}")
        check(f"healthcheck {which} of nobody: 5", found == 5 and "nobody answers" in said, said)
    for words in (("sleepy",), ("live", "ready")):
        check.equal(f"healthcheck {words}", partita("healthcheck", *words)[0], 2)
    check.equal("healthcheck of no address",
                partita("healthcheck", "live", "--http", "nonsense")[0], 2)
