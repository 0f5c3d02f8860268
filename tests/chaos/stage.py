"""What a fault can disturb, and who is disturbing it at the moment."""

import contextlib
import signal
import threading
import time

from server import DatabaseDown


class NotPlayed(Exception):
    pass


class Stage:
    """What can be disturbed, and who is disturbing it."""

    def __init__(self, server, proxy, slots, workload, scale, disks, server_clock, launch,
                 other):
        self.server, self.proxy, self.slots, self.workload = server, proxy, slots, workload
        self.scale = scale  # 1 for fast timers, 4 for those of production
        self.disks = disks  # "data", "wal", "out"
        self.server_clock = server_clock
        self.clock_offset = 0
        self.launch = launch
        self.other = other  # a program of another build, or None
        self.kills = []  # (wall clock, process id, what)
        self.busy = {slot.name: threading.Lock() for slot in slots}
        self.server_busy = threading.Lock()
        self.extra = []  # processes to end at the latest at the end
        self.problems = []
        self.points = {}  # of MASTER_POINTS: how often

    @contextlib.contextmanager
    def slot(self, number, choose=lambda slot: True):
        """A free slot, the first from the drawn one on."""
        fitting = [slot for slot in self.slots if choose(slot)]
        first = int(number * len(fitting))
        for slot in fitting[first:] + fitting[:first]:
            if slot.alive() and self.busy[slot.name].acquire(blocking=False):
                try:
                    yield slot
                finally:
                    self.busy[slot.name].release()
                return
        raise NotPlayed("no node was free")

    @contextlib.contextmanager
    def database(self):
        if not self.server_busy.acquire(timeout=5):
            raise NotPlayed("the database was in use by another fault")
        try:
            yield self.server
        finally:
            self.server_busy.release()

    def master(self, number):
        """The predicate of slots that drive a run now."""
        try:
            pids = {row["pid"] for row in self.server.rows(
                "select n.pid from partita.run r join partita.node n on n.node_id ="
                " r.master_node_id where r.state = 'RUNNING'")}
        except DatabaseDown as down:
            raise NotPlayed("the database is down") from down
        return lambda slot: slot.pid() in pids

    def joined(self, name, pid):
        while True:
            with contextlib.suppress(DatabaseDown):
                return self.server.one("select count(*) from partita.node where name ="
                                       f" '{name}' and pid = {pid}") != "0"
            time.sleep(0.5)

    def kill(self, slot, rest):
        pid = slot.kill(rest)
        if pid:
            self.kills.append((time.time(), pid, slot.name))
        return pid

    def named(self, name):
        return next(slot for slot in self.slots if slot.name == name)

    def heal(self):
        for slot in self.slots:
            slot.send(signal.SIGCONT)
            if slot.port:
                slot.port.toxics.heal()
            if slot.namespace:
                slot.namespace.heal()
            if slot.clock_file:
                slot.set_clock("+0")
        for arm in list(self.proxy.arms):
            self.proxy.disarm(arm)
        for disk in self.disks.values():
            disk.free()
        for process in self.extra:
            if process.poll() is None:
                process.kill()
            process.wait()
