"""A PostgreSQL server, nodes, and what they are asked."""

import os
import signal
import subprocess

from cluster import Slot, complaints
from server import Server, without_postgres
from trio import until


class Wrong(Exception):
    """The program did what it must not do."""


class Cluster:
    """`with` it: nothing of it is left afterwards but the folder, whose owner is the caller."""

    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        for name in ("nodes", "db", "out"):
            os.mkdir(f"{folder}/{name}")
        self.env = {**without_postgres(os.environ), "PARTITA_FILES": folder,
                    "PARTITA_CONFIG": "/dev/null", "ASAN_OPTIONS": "detect_leaks=0"}
        settings = ["min_wal_size = 64MB", "max_wal_size = 4GB", "shared_buffers = 256MB"]
        self.server = Server(folder + "/db", segment_mb=16, settings=settings)
        self.slots = []

    def __enter__(self):
        try:
            self.server.start()
            self.server.create_database()
            self.command("schema", "migrate")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for slot in self.slots:
            slot.end()
        self.server.stop("immediate")

    # --- nodes

    def add_nodes(self, count):
        flags = ["--executors", str(self.args.executors)] + ["--fast"] * self.args.fast
        if self.args.lease_hold_ms:
            flags += ["--lease-hold-ms", str(self.args.lease_hold_ms)]
        for _ in range(count):
            slot = Slot(f"node-{len(self.slots) + 1}", [self.args.binary, "node", *flags],
                        self.server.url(), self.folder + "/nodes", self.env)
            slot.start()
            self.slots.append(slot)
        alive = sum(slot.alive() for slot in self.slots)
        until("all nodes have joined", lambda: self.server.one(
            "select count(*) from partita.node where state = 'ACTIVE' and pid in"
            f" ({', '.join(str(s.pid()) for s in self.slots if s.alive())})") == str(alive), 60)

    def slot_of(self, pid):
        return next(slot for slot in self.slots if slot.pid() == pid)

    def drain_nodes(self):
        """All of them leave in good order. The server has counted then what their sessions read."""
        going = [slot for slot in self.slots if slot.alive()]
        for slot in going:
            slot.expected_death = True
            slot.send(signal.SIGTERM)
        for slot in going:
            if slot.process.wait(timeout=120) != 0:
                raise Wrong(f"{slot.name} ended with {slot.process.returncode}")
        until("no session is left", lambda: self.server.one(
            "select count(*) from pg_stat_activity where backend_type = 'client backend'"
            " and pid <> pg_backend_pid()") == "0", 60)

    def troubles(self):
        """Of nodes: lines of their logs, and those that ended by themselves."""
        yield from complaints(self.folder + "/nodes")
        yield from (f"{slot.name} ended with {slot.process.returncode}" for slot in self.slots
                    if not slot.alive() and not slot.expected_death)

    # --- runs

    def command(self, *words, codes=(0,)):
        done = subprocess.run([self.args.binary, *words, "--db", self.server.url()],
                              env=self.env, cwd=self.folder, capture_output=True, text=True,
                              timeout=self.args.limit, stdin=subprocess.DEVNULL, check=False)
        if done.returncode not in codes:
            raise Wrong(f"`{' '.join(words)}` ended with {done.returncode}: {done.stderr[:500]}")
        return done.stdout.strip()

    def submit(self, name, table, **parameters):
        """A migration of the table into the folder out/NAME: its run."""
        given = {"table": table, "output_dir": f"{self.folder}/out/{name}",
                 "chunk_size": self.args.chunk_size, **parameters}
        return int(self.command("submit", "marc_map", "--key", name,
                                *(f"{key}={value}" for key, value in given.items())))

    def restart(self, run):
        return int(self.command("restart", str(run)))

    def run(self, run):
        """Its state, error, result and how long it took."""
        return self.server.rows(
            "select state, error, nullif(result, '')::json as result,"
            " extract(epoch from ended_at - started_at)::float as seconds"
            f" from partita.run where run_id = {run}")[0]

    def wait_ended(self, run):
        return until(f"run {run} has ended", lambda: next(
            (row for row in [self.run(run)] if row["state"] not in ("CREATED", "RUNNING")), None),
            self.args.limit)

    def chunks_done(self, run):
        """Numbers of chunks that have COMPLETED in it, or in a run that it continues."""
        return self.numbers("select o.no from partita.result o join partita.step s using (step_id)"
                            f" where s.run_id = {run} and o.outcome = 'COMPLETED'")

    def chunks_started(self, run):
        """Numbers of chunks that leases of this run were granted for."""
        return self.numbers(
            "select distinct generate_series(l.lo, l.hi) from partita.lease l join partita.step s"
            f" using (step_id) where s.run_id = {run}")

    def numbers(self, sql):
        return {int(line) for line in self.server.text(sql).splitlines()}

    def records_done(self, runs):
        """By run, at one moment: how many records of it are in chunks that have ended."""
        rows = self.server.text(
            "select s.run_id, sum(o.read_count) from partita.step s join partita.result o"
            f" using (step_id) where s.run_id in ({', '.join(map(str, runs))}) group by 1")
        found = {int(run): int(count) for run, count in
                 (line.split("|") for line in rows.splitlines())}
        return {run: found.get(run, 0) for run in runs}
