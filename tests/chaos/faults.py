"""The faults of the matrix, each played by one function: those of nodes in node_faults.py, those of
the database and of the network here, and the table of all.

A fault gets the stage (what there is to disturb) and four numbers in [0, 1) that the plan drew for
it. It undoes what it did before it returns, and returns a line that says what it did; it raises
NotPlayed when there was nothing to strike.
"""

import contextlib
import os
import signal
import subprocess
import time

from cluster import leftovers
from node_faults import (MASTER_POINTS, change_build, clock_of_node, drain, kill_all,
                         kill_master_at_a_point, kill_node, pause_briefly, pause_in_transaction,
                         pause_long, pause_master, poison, same_name_twice)
from proxy import Arm
from server import DatabaseDown
from stage import NotPlayed
from workload import Run

# Writes whose COMMIT can be cut off.
WRITES = ["", "INSERT INTO partita.lease", "INSERT INTO partita.result",
          "INSERT INTO partita.checkpoint", "INSERT INTO partita.ready",
          "SET master_node_id = $2::bigint", "SET sealed = true", "SET state = $2, result",
          "SET state = $2, error", "SET heartbeat_at"]


def require_statements():
    """A fault that waits for a statement which nobody sends any more would never be played."""
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "../../storage/postgres/statements")
    sent = ""
    for name in os.listdir(folder):
        with open(os.path.join(folder, name)) as f:
            sent += f.read()
    for text in WRITES + [statement for _, _, statement in MASTER_POINTS]:
        if text not in sent:
            raise SystemExit(f"chaos: no statement of the engine holds '{text}' any more")


# --- the database --------------------------------------------------------------------------------

def stop_database(stage, u):
    with stage.database() as server:
        if u[2] < 0.25:
            try:
                server.kill_backend()
            except (DatabaseDown, OSError) as down:
                raise NotPlayed("no backend to kill") from down
            time.sleep(0.5)
            server.revive()
            return "kill -9 of a backend: the server restarted itself"
        server.stop("immediate")
        rest = 2.5 * u[1] * u[1] * stage.scale
        time.sleep(rest)
        server.revive()
        return f"immediate stop, {rest:.1f} s down"


def end_backends(stage, u):
    with stage.database() as server:
        which = "" if u[0] < 0.4 else f"limit {1 + int(u[1] * 4)}"
        try:
            ended = server.one(
                "select count(pg_terminate_backend(pid)) from (select pid from pg_stat_activity"
                f" where application_name like 'partita%' order by random() {which}) a")
        except DatabaseDown as down:
            raise NotPlayed("the database is down") from down
        return f"{ended} backends terminated"


def database_clock(stage, u):
    with stage.database():
        step = [40, 15, 3, -20][int(u[0] * 4)]
        stage.clock_offset += step
        stage.server_clock(stage.clock_offset)
        time.sleep(2)
        return f"the clock of the database jumped by {step} s"


def full_disk(stage, u, which):
    with stage.database() as server:
        try:
            stage.disks[which].fill()
            time.sleep((1 + 3 * u[0]) * stage.scale)
        finally:
            stage.disks[which].free()
        server.revive()
        return f"the disk of the {which} was full"


def full_data_disk(stage, u):
    return full_disk(stage, u, "data")


def full_wal_disk(stage, u):
    return full_disk(stage, u, "wal")


def full_output_disk(stage, u):
    stage.disks["out"].fill()
    time.sleep((1 + 2 * u[0]) * stage.scale)
    stage.disks["out"].free()
    return "the disk of the output was full"


def foreign_locks(stage, u):
    """Somebody else locks rows of a table of ours for a while."""
    table, key = [("run", "run_id"), ("node", "node_id"), ("step", "step_id"),
                  ("lease", "lease_id"), ("ready", "ready_id")][int(u[0] * 5)]
    seconds = (0.5 + 3 * u[1])
    try:
        with stage.database() as server:
            server.text(f"begin; select 1 from partita.{table} order by {key} desc limit"
                        f" {1 + int(8 * u[2])} for update; select pg_sleep({seconds});")
    except (DatabaseDown, RuntimeError) as down:
        raise NotPlayed("the locks were not granted, or not for long") from down
    return f"rows of {table} locked for {seconds:.1f} s"


def long_transaction(stage, u):
    seconds = 10 + 20 * u[0]
    try:
        stage.server.text("begin isolation level repeatable read; select count(*) from"
                          f" partita.run; select pg_sleep({seconds})", timeout=60)
    except (DatabaseDown, RuntimeError) as down:
        raise NotPlayed("it was cut short") from down
    return f"a foreign transaction was open for {seconds:.0f} s"


# --- the network ---------------------------------------------------------------------------------

def behind_proxy(slot):
    return slot.port is not None


def cut_commit(stage, u):
    match = WRITES[int(u[0] * len(WRITES))]
    point = "commit_before" if u[1] < 0.4 else "commit_after"
    how = "reset" if u[2] < 0.5 else "cut"
    count = 1 + int(3 * u[3])
    arm = stage.proxy.arm(Arm(point, match, lambda session, a: how, count=count))
    fired = arm.fired.wait(6 * stage.scale)
    time.sleep(0.5)
    stage.proxy.disarm(arm)
    if not fired:
        raise NotPlayed(f"no such transaction came by: {match}")
    return f"{len(arm.times)} links {how} {point.replace('_', ' ')} of {match or 'any write'}"


def bad_link(stage, u):
    with stage.slot(u[0], behind_proxy) as slot:
        toxics = slot.port.toxics
        kind = ["latency", "slices", "trickle", "half-close", "reset"][int(u[1] * 5)]
        seconds = (1 + 3 * u[2]) * stage.scale
        if kind == "latency":
            toxics.latency = 0.02 + 0.3 * u[3]
        elif kind == "slices":
            toxics.slice = 1 + int(20 * u[3])
        elif kind == "trickle":
            toxics.rate = 2000 + int(20000 * u[3])
        elif kind == "half-close":
            side = "client" if u[3] < 0.5 else "server"
            stage.proxy.each_session(slot.port, lambda s: getattr(s, side)[1].write_eof())
            seconds = 0.5
        else:
            stage.proxy.each_session(slot.port, lambda s: s.end(reset=True))
            seconds = 0.5
        time.sleep(seconds)
        toxics.heal()
        return f"{kind} on the link of {slot.name} for {seconds:.1f} s"


def set_silence(slot, direction):
    if slot.namespace:
        slot.namespace.heal()
        if direction:
            slot.namespace.cut(direction)
    else:
        slot.port.toxics.swallow_up = direction in ("up", "both")
        slot.port.toxics.swallow_down = direction in ("down", "both")


def silence(stage, u):
    with stage.slot(u[0]) as slot:
        direction = ["up", "down", "both"][int(u[1] * 3)]
        seconds = (1 + 5 * u[2]) * stage.scale
        set_silence(slot, direction)
        time.sleep(seconds)
        set_silence(slot, "")
        if slot.port:  # what was swallowed is missing in the stream for good
            stage.proxy.each_session(slot.port, lambda s: s.end())
        where = "packets dropped" if slot.namespace else "bytes swallowed by the proxy"
        return f"{slot.name} cut off ({direction}, {where}) for {seconds:.1f} s"


def flapping(stage, u):
    with stage.slot(u[0]) as slot:
        for i in range(3 + int(5 * u[1])):
            set_silence(slot, "both")
            time.sleep((0.3 + u[2]) * stage.scale)
            set_silence(slot, "")
            if slot.port:
                stage.proxy.each_session(slot.port, lambda s: s.end())
            time.sleep((0.2 + u[3]) * stage.scale)
        return f"the link of {slot.name} flapped"


def many_launches(stage, u):
    """50 at once, half of them with one launch key: never are two such runs alive together. (By the
    order of their events: times are those at which transactions began, and waited.) Some may not
    get through to a server that so many ask at once: they say so, and leave nothing behind."""
    workload = stage.workload
    with workload.lock:
        workload.salt += 1
        model = Run("chaos_many", workload.salt, 30, 2, 300, "")
    words = [workload.binary, "submit", model.job, *model.parameters(), "--db",
             stage.server.url()]
    with stage.database():
        processes = [subprocess.Popen(words + (["--key", f"many-{model.salt}"] if i % 2 else []),
                                      env=workload.env, stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                     for i in range(50)]
        answers = [(p.communicate(), p.returncode) for p in processes]
        found = stage.server.rows(
            "select run_id, min(event_id) filter (where kind = 'RUN_SUBMITTED') as begun,"
            " min(event_id) filter (where kind = 'RUN_ENDED') as ended"
            " from partita.run join partita.event using (run_id)"
            f" where parameters::json->>'salt' = '{model.salt}' group by run_id order by run_id")
    ids = {out.strip() for (out, _), code in answers if code == 0}
    of_key = {out.strip() for i, ((out, _), code) in enumerate(answers) if i % 2 and code == 0}
    codes = sorted({code for _, code in answers})
    said = {err.strip() for (_, err), code in answers if code not in (0, 4, 5)}
    overlap = any(a["ended"] is None or a["ended"] > b["begun"] for a, b in zip(found, found[1:]))
    if overlap or len(of_key) > 1 or ids != {str(r["run_id"]) for r in found} or \
            not ids or not set(codes) <= {0, 4, 5}:
        stage.problems.append(f"50 launches at once made {found}, answered {ids}, by key {of_key},"
                              f" with codes {codes}: {said}")
    for row in found:
        run = Run("chaos_many", model.salt, 30, 2, 300, "")
        run.id = row["run_id"]
        with workload.lock:
            workload.runs.append(run)
    counts = {code: sum(c == code for _, c in answers) for code in codes}
    return f"50 launches at once made {len(found)} run, exit codes {counts}"


# name: (what, function, weight, what it needs)
FAULTS = {
    "F1": ("kill a node", kill_node, 6, ()),
    "F2": ("kill a master at a point", kill_master_at_a_point, 8, ("proxy",)),
    "F3": ("short pause", pause_briefly, 3, ()),
    "F4": ("long pause", pause_long, 3, ()),
    "F5": ("long pause of a master", pause_master, 3, ()),
    "F6": ("pause inside a transaction", pause_in_transaction, 2, ("proxy",)),
    "F7": ("kill all nodes", kill_all, 1, ()),
    "F8": ("crash of the database", stop_database, 3, ()),
    "F9": ("backends terminated", end_backends, 3, ()),
    "F10": ("cut around COMMIT", cut_commit, 8, ("proxy",)),
    "F11": ("bad link", bad_link, 4, ("proxy",)),
    "F12": ("silence on the link", silence, 4, ("proxy",)),
    "F13": ("flapping link", flapping, 1, ("proxy",)),
    "F14": ("foreign row locks", foreign_locks, 3, ()),
    "F15": ("full data disk", full_data_disk, 1, ("mount",)),
    "F16": ("full WAL disk", full_wal_disk, 1, ("mount",)),
    "F17": ("full output disk", full_output_disk, 2, ("mount",)),
    "F18": ("clock of a node jumps", clock_of_node, 2, ("faketime",)),
    "F19": ("clock of the database jumps", database_clock, 1, ("faketime",)),
    "F21": ("50 launches at once", many_launches, 0.3, ()),
    "F22": ("a node's name used twice", same_name_twice, 1, ()),
    "F24": ("long foreign transaction", long_transaction, 1, ()),
    "F25": ("poisoned partition", poison, 0.7, ()),
    "F26": ("a node changes its build", change_build, 2, ("other",)),
    "drain": ("SIGTERM", drain, 3, ()),
}


def end_leftovers(mark):
    for pid in leftovers(mark):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
