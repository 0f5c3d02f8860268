"""Runs of chaos_jobs, submitted continuously, and what each of them must yield."""

import os
import random
import subprocess
import threading
import time

from server import DatabaseDown

PRIME = 1_000_000_007
LIVE = "('CREATED', 'RUNNING')"


def value_of(salt, no, item):
    return (salt * 1_000_003 + no * 1_009 + item * 7) % PRIME


def is_refused(item):
    """By the table ledger."""
    return item % 17 == 13


# Without any key: a row too many is seen.
LEDGER = ("create table ledger (salt bigint not null, no bigint not null, item bigint not null"
          " check (item % 17 <> 13))")


def chain_of(salt, no, items):
    chain = 0
    for item in range(items):
        chain = (chain * 31 + value_of(salt, no, item)) % PRIME
    return chain


STEPS = {"chaos_many": ["many"], "chaos_long": ["long"], "chaos_two": ["first", "second"],
         "chaos_once": ["once"], "chaos_ledger": ["ledger"], "chaos_poison": ["poison"], "chaos_stream": ["stream"]}


class Run:
    def __init__(self, job, salt, partitions, items, delay_ms, folder):
        self.job, self.salt, self.partitions = job, salt, partitions
        self.items, self.delay_ms, self.folder = items, delay_ms, folder
        self.id = 0
        self.restarts = []  # ids of the runs that continued it
        self.cancelled = False

    def parameters(self):
        words = [f"salt={self.salt}", f"partitions={self.partitions}", f"items={self.items}",
                 f"delay_ms={self.delay_ms}"]
        return words + ([f"dir={self.folder}"] if self.folder else [])

    def result(self):
        """What the last aggregate says when every partition was counted once."""
        chain = 0
        for no in range(self.partitions):
            chain = (chain * 31 + chain_of(self.salt, no, self.items)) % PRIME
        return {"partitions": self.partitions, "items": self.partitions * self.items,
                "chain": chain}


class Workload(threading.Thread):
    """Keeps `width` runs alive until it is told to stop; then waits for all of them."""

    def __init__(self, binary, server, folder, out, seed, env, width=4, say=print):
        super().__init__(daemon=True)
        self.binary, self.server, self.folder, self.out = binary, server, folder, out
        self.random = random.Random(seed * 1000 + 1)
        self.env, self.width, self.say = env, width, say
        self.runs = []
        self.salt = seed % 1000 * 100_000
        self.lock = threading.RLock()
        self.over = threading.Event()
        self.last_poison = 0.0
        self.problems = []

    # --- the program's own commands

    def command(self, *words, timeout=60):
        done = subprocess.run([self.binary, *words, "--db", self.server.url()], env=self.env,
                              capture_output=True, text=True, timeout=timeout, cwd=self.folder,
                              stdin=subprocess.DEVNULL)
        return done.returncode, done.stdout.strip(), done.stderr.strip()

    def until_answered(self, *words):
        """The same launch key again and again, until the database answers."""
        while True:
            code, out, err = self.command(*words)
            if code != 5:
                return code, out, err
            time.sleep(0.3)

    # --- making runs

    def draw(self, job=None):
        rng = self.random
        if job is None:
            job = rng.choices(["chaos_many", "chaos_long", "chaos_two", "chaos_once",
                               "chaos_stream", "chaos_ledger", "chaos_wide", "chaos_poison"],
                              [5, 5, 3, 3, 3, 5, 1, 1])[0]
        if job == "chaos_poison" and time.monotonic() - self.last_poison < 25:
            job = "chaos_long"
        self.salt += 1
        sizes = {"chaos_many": (rng.randint(30, 100), 20, rng.choice([5, 15, 40])),
                 "chaos_long": (rng.randint(4, 8), rng.choice([24, 42, 60]), 20),
                 "chaos_two": (rng.randint(10, 40), 10, 15),
                 "chaos_once": (rng.randint(10, 30), 5, rng.choice([20, 80])),
                 "chaos_stream": (rng.randint(150, 400), 3, 60),
                 "chaos_ledger": (rng.randint(4, 10), rng.choice([20, 45, 80]), 10),
                 "chaos_poison": (6, 1, 100),
                 "chaos_wide": (rng.randint(10_500, 12_000), 1, 0)}[job]
        folder = ""
        if job in ("chaos_many", "chaos_two", "chaos_once", "chaos_stream", "chaos_ledger"):
            folder = f"{self.out}/{self.salt}"
            os.makedirs(folder)
        if job == "chaos_poison":
            self.last_poison = time.monotonic()
        return Run("chaos_many" if job == "chaos_wide" else job, self.salt, *sizes, folder)

    def submit(self, job=None):
        with self.lock:
            run = self.draw(job)
            code, out, err = self.until_answered("submit", run.job, *run.parameters(), "--key",
                                                 f"chaos-{run.salt}")
            if code != 0 or not out.isdigit():
                self.problems.append(f"submit of {run.job} ended with {code}: {err}")
                return None
            run.id = int(out)
            self.runs.append(run)
            return run

    def live(self):
        return int(self.server.one(f"select count(*) from partita.run where state in {LIVE}"))

    def cancel_one(self):
        """Asks a run to stop and continues it as a new one: results stay, the rest is done."""
        with self.lock:
            ids = {run.id: run for run in self.runs
                   if run.job in ("chaos_many", "chaos_long", "chaos_two", "chaos_ledger")
                   and not run.restarts}
            rows = self.server.rows(f"select run_id from partita.run where state = 'RUNNING'"
                                    f" and stop = 'NONE' and run_id in"
                                    f" ({','.join(map(str, ids)) or 0})")
            if not rows:
                return False
            run = ids[self.random.choice(rows)["run_id"]]
            how = ["--now"] if self.random.random() < 0.5 else []
            code, _, err = self.until_answered("cancel", str(run.id), *how)
            if code not in (0, 4):
                self.problems.append(f"cancel {run.id} ended with {code}: {err}")
            run.cancelled = code == 0
            return run.cancelled

    def restart_stopped(self):
        with self.lock:
            for run in self.runs:
                if not run.cancelled or run.restarts:
                    continue
                if self.server.one(f"select state from partita.run where run_id = {run.id}") \
                        != "STOPPED":
                    continue
                code, out, err = self.until_answered("restart", str(run.id), "--key",
                                                     f"again-{run.salt}")
                if code == 0 and out.isdigit():
                    run.restarts.append(int(out))
                else:
                    self.problems.append(f"restart {run.id} ended with {code}: {err}")

    def run(self):
        while not self.over.is_set():
            try:
                if self.live() < self.width:
                    self.submit()
                if self.random.random() < 0.02:
                    self.cancel_one()
                self.restart_stopped()
            except DatabaseDown:
                pass
            except (RuntimeError, subprocess.TimeoutExpired) as e:
                self.problems.append(str(e))
            self.over.wait(0.3)

    def stop(self):
        self.over.set()
        self.join()

    def verified(self):
        """What went wrong so far, and what `verify --all` says of the database."""
        code, out, err = self.command("verify", "--all", timeout=600)
        return self.problems + (
            [f"verify --all ended with {code}: {(out + err)[:2000]}"] if code != 0 else [])

    def wait_for_all(self, seconds):
        """Liveness: seconds it took, or None when some run has not ended in time."""
        begun = time.monotonic()
        while time.monotonic() - begun < seconds:
            try:
                self.restart_stopped()
                waiting = [run for run in self.runs if run.cancelled and not run.restarts and
                           self.server.one("select state from partita.run where run_id = "
                                           f"{run.id}") in ("STOPPED", "RUNNING")]
                if self.live() == 0 and not waiting:
                    return time.monotonic() - begun
            except DatabaseDown:
                pass
            time.sleep(0.5)
        return None


class Witness(threading.Thread):
    """Looks every second at what was committed: none of it may ever change or vanish."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.server = server
        self.results = {}
        self.ended = {}
        self.done_steps = set()
        self.over = threading.Event()
        self.looks = 0

    def run(self):
        while not self.over.wait(1.0):
            try:
                self.look()
            except (DatabaseDown, RuntimeError):
                pass

    def look(self):
        skip = ",".join(map(str, self.done_steps)) or "0"
        steps = self.server.rows(
            f"select step_id, state from partita.step where step_id not in ({skip})")
        if steps:
            wanted = ",".join(str(step["step_id"]) for step in steps)
            for line in self.server.text(
                    "select step_id, no, lease_id, outcome, md5(output) from partita.result"
                    f" where step_id in ({wanted})").splitlines():
                step, no, rest = line.split("|", 2)
                self.results[(int(step), int(no))] = rest
        for row in self.server.rows("select run_id, state from partita.run where state not in"
                                    f" {LIVE}"):
            self.ended[row["run_id"]] = row["state"]
        self.done_steps.update(s["step_id"] for s in steps if s["state"] != "RUNNING")
        self.looks += 1

    def stop(self):
        self.over.set()
        self.join()
