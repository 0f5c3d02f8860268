"""Three PostgreSQL servers: a primary, and two standbys that stream from it."""

import contextlib
import os
import signal
import time

from server import DatabaseDown, Server

SETTINGS = ("wal_log_hints = on", "wal_keep_size = 256MB", "wal_retrieve_retry_interval = 100ms",
            "hot_standby = on")
NAMES = ("alpha", "beta", "gamma")
# A commit is acknowledged when one of the other two has it on disk.
WAIT_FOR_ONE = f"synchronous_standby_names = 'ANY 1 ({', '.join(NAMES)})'"


class TooLate(Exception):
    """Something did not happen within its bound."""


def until(what, condition, seconds, pause=0.05):
    """What the condition returned, once that is true. A server that is down is no answer."""
    end = time.monotonic() + seconds
    while True:
        try:
            answer = condition()
        except DatabaseDown:
            answer = None
        if answer:
            return answer
        if time.monotonic() > end:
            raise TooLate(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children") as f:
            return [int(word) for word in f.read().split()]
    except OSError:
        return []


def gone(pid):
    """Whether a process has ended: one that waits to be reaped has."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] in "ZX"
    except OSError:
        return True


def is_writable(server):
    return server.one("select pg_is_in_recovery()", timeout=10) == "f"


def processes(server):
    """The postmaster, then all it has started."""
    postmaster = server.postmaster()
    return [postmaster, *children(postmaster)]


def kill_server(server):
    """kill -9 of all of it at once."""
    found = processes(server)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(f"{server.name} is gone", lambda: all(gone(pid) for pid in found), 30)
    # Where nobody reaps it at once, its process id looks like that of a living server.
    for path in (server.data + "/postmaster.pid", f"{server.folder}/.s.PGSQL.{server.port}.lock"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


class AsOne:
    """Answers what tests/chaos asks of one server: for the primary, by the address of all."""

    def url(self, attributes="read-write", user="partita", servers=None):
        hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers or self.servers)
        return f"postgresql://{user}@{hosts}/partita?target_session_attrs={attributes}"

    def text(self, sql, **options):
        return self.primary.text(sql, **options)

    def one(self, sql, **options):
        return self.primary.one(sql, **options)

    def rows(self, sql, **options):
        return self.primary.rows(sql, **options)


class Trio(AsOne):
    """The three, and what can be done to them."""

    def __init__(self, folder, synchronous=True):
        self.servers = []
        try:
            self.build(folder, synchronous)
        except BaseException:
            self.close()
            raise

    def build(self, folder, synchronous):
        for name in NAMES:
            os.mkdir(f"{folder}/{name}")
            first = self.servers[0] if self.servers else None
            server = Server(f"{folder}/{name}", settings=SETTINGS, source=first)
            server.name = name
            self.servers.append(server)
            if first:
                self.follow(server, first)
            else:
                server.start()
                self.primary = server
        for server in self.servers:
            if synchronous:
                server.configure(WAIT_FOR_ONE)
                self.reload(server)
        state = "quorum" if synchronous else "async"
        until(f"both standbys are {state}", lambda: self.one(
            "select 1 from pg_stat_replication having count(*) = 2 and bool_and(sync_state ="
            f" '{state}')", database="postgres"), 30)
        self.primary.create_database()

    # --- what is done to them

    def reload(self, server):
        server.text("select pg_reload_conf()", database="postgres")

    def standbys(self):
        return [server for server in self.servers if server is not self.primary]

    def point(self, standby, source):
        """`standby` streams from `source` as soon as it can. It is started if it does not run."""
        standby.configure(f"primary_conninfo = 'host={source.folder} port={source.port}"
                          f" user=postgres application_name={standby.name}'")
        if standby.running():
            self.reload(standby)
        else:
            with open(standby.data + "/standby.signal", "w"):
                pass
            standby.start()

    def follow(self, standby, primary, seconds=30):
        """When this returns, `standby` streams from `primary` and has what was there at the call.
        """
        there = primary.one("select pg_current_wal_lsn()", database="postgres")
        self.point(standby, primary)
        self.until_streaming(standby, primary, there, seconds)

    def until_streaming(self, standby, primary, there, seconds=30):
        until(f"{standby.name} streams from {primary.name}", lambda: primary.one(
            "select 1 from pg_stat_replication where state = 'streaming' and replay_lsn >="
            f" '{there}' and application_name = '{standby.name}'", database="postgres"), seconds)

    def kill(self, server):
        kill_server(server)

    def freeze(self, server):
        """Nothing of it runs any more, and all its sockets stay open. Its postmaster first: it then
        starts no more."""
        os.kill(server.postmaster(), signal.SIGSTOP)
        for pid in processes(server)[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)

    def thaw(self, server):
        for pid in reversed(processes(server)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def wal_senders(self, server):
        return [int(pid) for pid in server.text(
            "select pid from pg_stat_replication", database="postgres").split()]

    def furthest(self):
        """The standby that has received most. REQUIRES: the primary sends nothing any more."""
        def received(server):
            return int(server.one(
                "select greatest(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()) -"
                " '0/0'::pg_lsn", database="postgres"))

        seen = []

        def settled():
            seen.append([received(server) for server in self.standbys()])
            return len(seen) > 2 and seen[-1] == seen[-2] == seen[-3]

        until("the standbys have written what they received", settled, 30)
        return self.standbys()[seen[-1].index(max(seen[-1]))]

    def promote(self, server):
        """Makes it the primary; the other standby, which has less, follows. The monotonic time
        from which on it was seen to take writes."""
        others = [s for s in self.standbys() if s is not server and s.running()]
        for other in others:  # before, so that no commit waits for it longer than it must
            self.point(other, server)
        server.text("select pg_promote(false)", database="postgres")
        until(f"{server.name} takes writes", lambda: is_writable(server), 60, pause=0.01)
        writable = time.monotonic()
        self.primary = server
        there = server.one("select pg_current_wal_lsn()", database="postgres")
        for other in others:
            self.until_streaming(other, server, there)
        return writable

    def rejoin(self, server):
        """A server that was the primary, and has ended, becomes a standby of the new one: how."""
        # Only then does pg_rewind see that the source has a timeline of its own.
        self.primary.text("checkpoint", database="postgres")
        done = server._run([server.bin + "/pg_rewind", "-D", server.data, "--no-sync",
                            f"--source-server=host={self.primary.folder} port={self.primary.port}"
                            " user=postgres dbname=postgres"], check=False)
        if done.returncode == 0:
            server.configure()  # pg_rewind took the settings of the other, too
            try:
                self.follow(server, self.primary)
                return "pg_rewind"
            except (TooLate, RuntimeError):
                server.stop("immediate")
        server.copy(self.primary)
        self.follow(server, self.primary)
        return "base backup"

    def restore(self, copy, point):
        """The primary begins anew from a copy of earlier, and goes on to a named point; there it
        begins a history of its own. Its standbys are gone."""
        for server in self.servers:
            self.kill(server)
        primary = self.primary
        os.rename(primary.data, primary.data + ".dead")
        os.rename(copy, primary.data)
        primary.configure(f"restore_command = 'cp {primary.data}.dead/pg_wal/%f %p'",
                          f"recovery_target_name = '{point}'", "recovery_target_action = promote",
                          "synchronous_standby_names = ''")
        with open(primary.data + "/recovery.signal", "w"):
            pass
        primary.start()
        until("the restored server takes writes", lambda: is_writable(primary), 60)

    def return_alone(self, server):
        """A server that was killed comes back as it was: it takes writes, and waits for nobody."""
        server.configure("synchronous_standby_names = ''")
        server.start()
        until(f"{server.name} takes writes", lambda: is_writable(server), 60)

    def close(self):
        for server in self.servers:
            with contextlib.suppress(OSError, TooLate):
                self.kill(server)
