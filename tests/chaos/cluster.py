"""Node processes, each behind a port of the proxy or in a network namespace of its own."""

import collections
import contextlib
import os
import re
import resource
import shutil
import signal
import subprocess
import threading
import time
import urllib.parse

FAKETIME = next((path for path in (
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1") if os.path.exists(path)), None)


def node_command(binary, flags):
    return [binary, "node", "--executors", "2", "--log-level", "info", "--log-format", "text",
            *flags]


def write_atomically(path, text):
    with open(path + ".new", "w") as f:
        f.write(text)
    os.chmod(path + ".new", 0o644)
    os.rename(path + ".new", path)


def fake_clock(path):
    """Environment by which a process reads its wall clock with the offset in the file `path`."""
    write_atomically(path, "+0")
    return {"LD_PRELOAD": FAKETIME, "FAKETIME_TIMESTAMP_FILE": path, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1",
            "DONT_FAKE_MONOTONIC": "1"}


class Namespace:
    """A network namespace with one cable to the host."""

    def __init__(self, number):
        self.name = f"chaos{os.getpid() % 100000}n{number}"
        self.outer = f"ch{os.getpid() % 100000}o{number}"
        self.inner = f"ch{os.getpid() % 100000}i{number}"
        net = f"10.{200 + os.getpid() % 50}.{(os.getpid() // 50) % 250}"
        self.host, self.guest = f"{net}.{number * 4 + 1}", f"{net}.{number * 4 + 2}"

    def _do(self, *command, inside=False):
        words = ["ip", "netns", "exec", self.name, *command] if inside else list(command)
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")

    def open(self):
        self._do("ip", "netns", "add", self.name)
        self._do("ip", "link", "add", self.outer, "type", "veth", "peer", "name", self.inner)
        self._do("ip", "link", "set", self.inner, "netns", self.name)
        self._do("ip", "addr", "add", self.host + "/30", "dev", self.outer)
        self._do("ip", "link", "set", self.outer, "up")
        self._do("ip", "addr", "add", self.guest + "/30", "dev", self.inner, inside=True)
        self._do("ip", "link", "set", self.inner, "up", inside=True)
        self._do("ip", "link", "set", "lo", "up", inside=True)
        self.cut("up")  # so that a machine without iptables is found out now
        self.heal()
        return self

    def cut(self, direction):
        """Silence, without a word to either side: up, down or both."""
        if direction in ("up", "both"):
            self._do("iptables", "-A", "OUTPUT", "-d", self.host, "-j", "DROP", inside=True)
        if direction in ("down", "both"):
            self._do("iptables", "-A", "INPUT", "-s", self.host, "-j", "DROP", inside=True)

    def heal(self):
        self._do("iptables", "-F", inside=True)

    def close(self):
        for command in (("ip", "netns", "del", self.name), ("ip", "link", "del", self.outer)):
            subprocess.run(command, capture_output=True)


class Slot:
    """A place for one node process after the other."""

    def __init__(self, name, command, url, folder, env, port=None, namespace=None, clock=False):
        self.name, self.command, self.url, self.folder = name, list(command), url, folder
        self.port, self.namespace = port, namespace
        self.env = dict(env)
        self.clock_file = folder + f"/{name}.clock" if clock else None
        if clock:
            self.env.update(fake_clock(self.clock_file))
        self.lock = threading.RLock()
        self.process = None
        self.wanted = False  # whether the keeper may start it
        self.not_before = 0.0
        self.starts = 0
        self.unexpected = []  # exit codes that nobody asked for
        self.expected_death = False

    def start(self):
        with self.lock:
            self.wanted = True
            if self.process and self.process.poll() is None:
                return
            words = self.command + ["--name", self.name, "--db", self.url]
            if self.namespace:
                words = ["ip", "netns", "exec", self.namespace.name, *words]
            log = open(f"{self.folder}/{self.name}.log", "ab")
            self.process = subprocess.Popen(
                words, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder,
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (0, 0)))
            log.close()
            self.starts += 1
            self.expected_death = False

    def alive(self):
        with self.lock:
            return self.process is not None and self.process.poll() is None

    def pid(self):
        return self.process.pid if self.process else 0

    def send(self, signal_number):
        """`ip netns exec` executes the command in its own place: the pid is the node's."""
        with self.lock:
            if self.process and self.process.poll() is None:
                self.process.send_signal(signal_number)
                return self.process.pid
        return 0

    def kill(self, rest=0.5):
        with self.lock:
            self.expected_death = True
            self.not_before = time.monotonic() + rest
            return self.send(signal.SIGKILL)

    def keep(self):
        """Starts it again when it has died, whoever killed it."""
        with self.lock:
            if not self.wanted or self.alive() or time.monotonic() < self.not_before:
                return
            code = self.process.poll() if self.process else None
            if code is not None and not self.expected_death:
                self.unexpected.append(code)
            self.start()

    def end(self):
        with self.lock:
            self.wanted = False
            self.expected_death = True
            self.send(signal.SIGCONT)
            self.send(signal.SIGKILL)
            if self.process:
                self.process.wait()

    def set_clock(self, offset):
        write_atomically(self.clock_file, offset)


class Keeper(threading.Thread):
    """Restarts nodes that died, as an init system would."""

    def __init__(self, slots):
        super().__init__(daemon=True)
        self.slots = slots
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.1):
            for slot in self.slots:
                slot.keep()

    def stop(self):
        self.over.set()
        self.join()


class Disk:
    """A small file system in memory that can be filled."""

    def __init__(self, path, size):
        self.path = path
        os.makedirs(path, exist_ok=True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "chaos", path],
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())

    def fill(self):
        file = os.open(self.path + "/ballast", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            for size in (65536, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        os.write(file, b"\0" * size)
        finally:
            os.close(file)

    def free(self):
        if os.path.exists(self.path + "/ballast"):
            os.unlink(self.path + "/ballast")

    def close(self):
        subprocess.run(["umount", "-l", self.path], capture_output=True)


def leftovers(mark):
    """Process ids of whatever was started here and is still there."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry}/environ", "rb") as f:
                if b"PARTITA_TEST_MARK=" + mark.encode() in f.read().split(b"\0"):
                    found.append(int(entry))
        except OSError:
            pass
    return found


def with_time_zone(url, zone):
    return url + "?options=" + urllib.parse.quote(f"-c TimeZone={zone}", safe="")


# A text of a log line in quotes, and the event of such a line (apps/partita/log.hpp).
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
EVENT = re.compile(r"\d{4}-\S+Z [a-z]+ (?:" + QUOTED.pattern + r"|\S+) ([a-z0-9_]+)(?= |$)")


def log_lines(folder):
    """(file, line) of all logs of the nodes."""
    for name in sorted(os.listdir(folder)):
        if name.endswith(".log"):
            with open(os.path.join(folder, name), errors="replace", newline="\n") as f:
                for line in f:
                    yield name, line.rstrip("\n")


def log_counts(folder):
    """How often each event stands in the logs of the nodes."""
    found = (EVENT.match(line) for _, line in log_lines(folder))
    return dict(collections.Counter(event.group(1) for event in found if event))


def complaints(folder):
    """Lines of the nodes' logs that no fault excuses. Words in quotes are somebody's text."""
    words = ("AddressSanitizer", "runtime error:", "terminate called", "actor_died",
             "code=damaged", "master_failed")
    return [f"{name}: {line}" for name, line in log_lines(folder)
            if any(word in QUOTED.sub('""', line) for word in words)]


def need(tool):
    return shutil.which(tool) is not None
