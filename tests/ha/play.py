"""Servers, nodes and runs of one scenario, what can be asked of them, and the judge."""

import os
import re
import shutil
import subprocess
import tempfile
import time

from cluster import Slot, complaints, log_counts, node_command
from faults import end_leftovers
from oracle import Oracle
from server import without_postgres
from trio import TooLate, Trio, until
from workload import Run, Witness, Workload

# Flags of the nodes.
PROFILES = {"fast": ["--fast"], "default": []}
# The event in the logs of nodes, and in capitals its kind in the event log.
HISTORY_LOST = "history_lost"


def tells_of_loss(text):
    """Whether `doctor` or `verify` says, in one line, that history was lost."""
    return re.search("history.*lost|lost.*history", text, re.I) is not None


def say(text):
    print(text, flush=True)


class Wrong(Exception):
    """The program did what it must not do."""


class Skipped(Exception):
    """This machine lacks what it needs."""


class Watch(Witness):
    """Looks more often than once a second: what it saw was acknowledged, and must stay."""

    def run(self):
        while not self.over.wait(0.2):
            try:
                self.look()
            except Exception:  # pylint: disable=broad-except
                pass  # the primary is what is taken away


class Play:
    def __init__(self, args, synchronous=True, nodes=3, workload=Workload, servers=Trio):
        self.args = args
        self.folder = tempfile.mkdtemp(prefix="partita-ha.")
        os.chmod(self.folder, 0o755)
        os.environ["PARTITA_TEST_MARK"] = self.folder
        for name in ("nodes", "journal", "out"):
            os.mkdir(f"{self.folder}/{name}")
        self.env = {**without_postgres(os.environ), "CHAOS_JOURNAL": self.folder + "/journal",
                    "PARTITA_FILES": self.folder, "ASAN_OPTIONS": "detect_leaks=0"}
        self.slots, self.commands, self.runs, self.watch = [], [], [], None
        self.others = []  # what else is to be killed at the end
        self.trio = None
        try:
            self.trio = servers(self.folder, synchronous)
            self.program = workload(args.binary, self.trio, self.folder, self.folder + "/out", 1,
                                    self.env, say=say)
            self.expect(0, "schema", "migrate")
            self.add_nodes(nodes)
        except BaseException:
            self.close(keep=args.keep)
            raise

    def add_nodes(self, count, url=None):
        command = node_command(self.args.binary, PROFILES[self.args.profile])
        for _ in range(count):
            slot = Slot(f"node-{len(self.slots) + 1}", command, url or self.trio.url(),
                        self.folder + "/nodes", self.env)
            slot.start()
            self.slots.append(slot)
        self.until("all nodes joined", f"select count(*) = {len(self.slots)} from partita.node"
                   " where state = 'ACTIVE'", 30)

    # --- asking

    def start(self, *words, url=None):
        """A command that runs beside us: its process."""
        process = subprocess.Popen(
            [self.args.binary, *words, "--db", url or self.trio.url()], env=self.env,
            cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True)
        process.words = " ".join(words)
        self.commands.append(process)
        return process

    def ended(self, process, seconds):
        """(exit code, stdout, stderr) of a command that must end by itself within that time."""
        try:
            out, err = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired as late:
            raise Wrong(f"`{process.words}` did not end within {seconds:g} s") from late
        return process.returncode, out.strip(), err.strip()

    def expect(self, code, *words, seconds=60, url=None):
        """What it printed. `code` is the exit code, or several of them."""
        wanted = code if isinstance(code, tuple) else (code,)
        got, out, err = self.ended(self.start(*words, url=url), seconds)
        if got not in wanted:
            raise Wrong(f"`{' '.join(words)}` ended with {got}: {out[:500]} {err[:500]}")
        return out + "\n" + err

    def until(self, what, sql, seconds, server=None):
        """The first column of the first row, once it is neither empty nor false."""
        def look():
            answer = (server or self.trio).one(sql)
            return answer if answer not in ("", "f", "0") else None

        return until(what, look, seconds)

    def results(self):
        return int(self.trio.one("select count(*) from partita.result"))

    # --- work

    def submit(self, job="chaos_many", partitions=400, items=5, delay_ms=80, files=True):
        """A run, acknowledged; the database may be failing over meanwhile."""
        self.program.salt += 1
        files = files and job != "chaos_long"  # which writes none
        folder = f"{self.folder}/out/{self.program.salt}" if files else ""
        if files:
            os.mkdir(folder)
        run = Run(job, self.program.salt, partitions, items, delay_ms, folder)

        def ask():
            code, out, err = self.program.command("submit", job, *run.parameters(), "--key",
                                                  f"ha-{run.salt}")
            if code not in (0, 5):
                raise Wrong(f"submit ended with {code}: {err}")
            return out if code == 0 else None

        run.id = int(until(f"a submit of {job} is answered", ask, 60, pause=0.3))
        self.runs.append(run)
        return run

    def begin(self, **sizes):
        """A run that is at work, and somebody who remembers all that is acknowledged."""
        run = self.submit(**sizes)
        self.until("the run is at work", "select count(*) > 20 from partita.result", 60)
        if self.watch is None:
            self.watch = Watch(self.trio)
            self.watch.start()
        return run

    def goes_on(self, since, seconds, results=0):
        """Seconds from `since`, a monotonic time, until more than so many results come in that were
        not there."""
        before = self.results()
        self.until(f"work goes on within {seconds} s",
                   f"select count(*) > {before + results} from partita.result",
                   seconds - (time.monotonic() - since))
        took = time.monotonic() - since
        if took > seconds:
            raise TooLate(f"work went on only after {took:.1f} s")
        return took

    def wait_for_all(self, seconds):
        self.until("all runs have ended", "select not exists (select from partita.run where"
                   " ended_at is null)", seconds)

    # --- judging

    def logged(self, event):
        """How many nodes' logs hold the event."""
        return log_counts(self.folder + "/nodes").get(event, 0)

    def no_false_alarm(self):
        if self.logged(HISTORY_LOST):
            raise Wrong("a node says that history was lost, and it was not")
        for command in ("doctor", "verify"):
            text = self.expect((0, 1), command, *(["--all"] if command == "verify" else []))
            if tells_of_loss(text):
                raise Wrong(f"{command} says that history was lost, and it was not: {text}")

    def judge(self, seconds=120):
        """All runs end, each with the result it must have, and nothing acknowledged is lost."""
        self.wait_for_all(seconds)
        if self.watch is None:
            self.watch = Witness(self.trio)
        elif self.watch.is_alive():
            self.watch.stop()
        bad = Oracle(self.trio, self.folder, self.runs, self.watch).judge()
        bad += complaints(self.folder + "/nodes") + self.program.verified()
        bad += [f"{slot.name} ended by itself with {slot.process.returncode}"
                for slot in self.slots if slot.wanted and not slot.alive()]
        if bad:
            raise Wrong("; ".join(bad[:10]))

    def close(self, keep):
        if self.watch is not None and self.watch.is_alive():
            self.watch.stop()
        for process in self.commands:
            if process.poll() is None:
                process.kill()
                process.communicate()
        for slot in self.slots:
            slot.end()
        for other in self.others:
            other.kill()
        if self.trio:
            self.trio.close()
        end_leftovers(self.folder)
        if keep:
            say(f"  logs and databases: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)
