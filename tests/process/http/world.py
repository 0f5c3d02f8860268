"""The processes under test: nodes and servers, their logs, and what they may hold."""

import json
import os
import re
import resource
import signal
import subprocess
import threading
import time

from wire import ask, bearer

PROGRAM = os.environ["PARTITA"]
SCRATCH = os.environ["PARTITA_TEST_MARK"]
TRACES = re.compile(r"Sanitizer|runtime error:|terminate called|Assertion|http_failed")

OPERATE, READ = "operate-Canary0123456789abcdef", "read-Canary0123456789abcdef"
TOKENS = f"# who may\nanna operate {OPERATE}\n\nrob read {READ}\n"
names = iter(range(10_000))


def file_of(text, mode=0o600):
    """A new file in the scratch folder, which several of these programs share."""
    path = f"{SCRATCH}/file-{os.getpid()}-{next(names)}"
    with open(path, "w", encoding="utf-8") as out:
        out.write(text)
    os.chmod(path, mode)
    return path


def partita(*words, env=None, timeout=60):
    """A command: its exit code, stdout and stderr."""
    done = subprocess.run([PROGRAM, *words], env={**os.environ, **(env or {})}, timeout=timeout,
                          capture_output=True, text=True, errors="replace", check=False)
    return done.returncode, done.stdout, done.stderr


class Process:
    """`partita node` or `serve` with --http and --probes at free ports."""

    all = []

    def __init__(self, command, *flags, env=None, http="127.0.0.1:0", tokens=TOKENS, files=None):
        words = [PROGRAM, command, "--http", http, "--log-format", "json"]
        words += ["--probes", "127.0.0.1:0"]
        if tokens:
            words += ["--http-tokens", file_of(tokens)]

        def limit():
            if files:
                resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

        Process.all.append(self)
        self.lines = []
        self.process = subprocess.Popen(
            words + list(flags), env={**os.environ, **(env or {})}, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, errors="replace", preexec_fn=limit)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        self.http = self._port_in("http_listens")
        self.probes = self._port_in("probes_listen")

    def _read(self):
        for line in self.process.stderr:
            self.lines.append(line.rstrip("\n"))

    def events(self, name):
        """Lines of the log of this name."""
        found = []
        for line in list(self.lines):
            if f'"msg":"{name}"' in line:
                try:
                    found.append(json.loads(line))
                except ValueError:
                    pass
        return found

    def _port_in(self, name):
        until = time.monotonic() + 60
        while not self.events(name):
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"no {name}: " + "\n".join(self.lines[-20:]))
            time.sleep(0.02)
        return int(re.search(r":(\d+)/?$", self.events(name)[0]["at"]).group(1))

    # --- what it answers

    def get(self, path, headers=None, **more):
        return ask(self.http, "/api/v1/" + path, headers=headers, **more)

    def items(self, path):
        return (self.get(path).json() or {}).get("items", [])

    def post(self, path, body=None, token=OPERATE, headers=None, **more):
        return ask(self.http, "/api/v1/" + path, "POST", {**bearer(token), **(headers or {})},
                   {} if body is None else body, **more)

    def probe(self, path, **more):
        return ask(self.probes, path, **more)

    def count_runs(self):
        return len(self.items("runs?limit=500"))

    def run_document(self, run):
        return self.get(f"runs/{run}").json() or {}

    def fresh(self, path, condition):
        """Whether a document fits; for `within`. Answers are a second old at most."""
        try:
            return condition(self.get(path).json() or {})
        except KeyError:
            return False

    def has_ended(self, run, state):
        return self.fresh(f"runs/{run}", lambda shown: shown["state"] == state)

    # --- what it holds

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def megabytes(self):
        """The most memory that it ever had."""
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return int(re.search(r"VmHWM:\s+(\d+)", status.read()).group(1)) // 1024

    def lives(self, patience=0.0):
        """Whether it lives, also after that many seconds, where it may be about to end."""
        try:
            self.process.wait(patience)
            return False
        except subprocess.TimeoutExpired:
            return True

    # --- its end

    def traces(self):
        return [line for line in self.lines if TRACES.search(line)]

    def end(self, check, seconds=30):
        """Asks it to leave, which must take no longer, and looks at what it said."""
        check("the process lives", self.lives(), "\n".join(self.lines[-12:]))
        if self.lives():
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = "nothing: it had to be killed"
        self.reader.join(5)
        check.equal("SIGTERM ends it with 0", code, 0)
        check("no trace of a crash in its log", not self.traces(), "\n".join(self.traces()[:5]))


class Watch:
    """Asks the probes all the time: each must answer, soon, and well."""

    def __init__(self, check, process, ready=True, soon=5.0):
        self.check, self.process, self.soon = check, process, soon
        self.paths = ["/livez", "/readyz?verbose"] if ready else ["/livez"]
        self.slowest, self.trouble, self.asked = 0.0, [], 0
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self.over.wait(0.25):
            for path in self.paths:
                began = time.monotonic()
                answer = self.process.probe(path)
                if answer.status != 200:
                    self.trouble.append(f"{path}: {answer}")
                self.slowest = max(self.slowest, time.monotonic() - began)
                self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join(60)
        self.check("the probes were asked", self.asked > 0)
        self.check("the probes answered well all the time", not self.trouble,
                   f"{len(self.trouble)} of {self.asked}: {self.trouble[:3]}")
        self.check(f"and each within {self.soon} s", self.slowest < self.soon,
                   f"{self.slowest:.2f} s")
