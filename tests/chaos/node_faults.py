"""Faults of the matrix that strike node processes. See faults.py for what a fault is."""

import contextlib
import signal
import subprocess
import threading
import time

from proxy import Arm
from stage import NotPlayed

# Moments in the life of a run at which its master can die.
MASTER_POINTS = [
    ("after the adoption", "commit_after", "SET master_node_id = $2::bigint"),
    ("before a step is begun", "commit_before", "INSERT INTO partita.step"),
    ("in the middle of inserting partitions", "statement", "INSERT INTO partita.partition"),
    ("after partitions were inserted", "commit_after", "SET count = $2::bigint"),
    ("before the seal", "commit_before", "SET sealed = true"),
    ("after the seal", "commit_after", "SET sealed = true"),
    ("with all results in", "statement", "UPDATE partita.step SET state = $2, result"),
    ("before the end of a step", "commit_before", "UPDATE partita.step SET state = $2, result"),
    ("after the end of a step", "commit_after", "UPDATE partita.step SET state = $2, result"),
    ("before the end of the run", "commit_before", "UPDATE partita.run SET state = $2, error"),
    ("after the end of the run", "commit_after", "UPDATE partita.run SET state = $2, error"),
]


def kill_node(stage, u):
    with stage.slot(u[0]) as slot:
        stage.kill(slot, 0.2 + 3 * u[1] * stage.scale)
        return f"kill -9 {slot.name}"


def kill_master_at_a_point(stage, u):
    label, point, match = MASTER_POINTS[int(u[0] * len(MASTER_POINTS))]
    rest = 0.2 + 3 * u[1] * stage.scale
    victims = []

    def act(session, arm):
        slot = stage.named(session.port.name)
        stage.kill(slot, rest)
        victims.append(slot.name)
        return "cut"

    arm = stage.proxy.arm(Arm(point, match, act))
    threading.Thread(target=stage.workload.submit, args=("chaos_many",), daemon=True).start()
    fired = arm.fired.wait(8 * stage.scale)
    stage.proxy.disarm(arm)
    if not fired:
        raise NotPlayed(f"no master behind the proxy came to the point: {label}")
    stage.points[label] = stage.points.get(label, 0) + 1
    return f"kill -9 {victims[0]}, master, {label}"


def paused(stage, slot, seconds):
    slot.send(signal.SIGSTOP)
    time.sleep(seconds)
    slot.send(signal.SIGCONT)


def pause_briefly(stage, u):
    with stage.slot(u[0]) as slot:
        seconds = (0.2 + 0.4 * u[1]) * stage.scale
        paused(stage, slot, seconds)
        return f"SIGSTOP {slot.name} for {seconds:.1f} s"


def pause_long(stage, u):
    with stage.slot(u[0]) as slot:
        seconds = (2.5 + 2.5 * u[1]) * stage.scale
        paused(stage, slot, seconds)
        return f"SIGSTOP {slot.name} for {seconds:.1f} s"


def pause_master(stage, u):
    with stage.slot(u[0], stage.master(u[0])) as slot:
        seconds = (2.5 + 2.5 * u[1]) * stage.scale
        paused(stage, slot, seconds)
        return f"SIGSTOP {slot.name}, master, for {seconds:.1f} s"


def pause_in_transaction(stage, u):
    """Longer than the server lets a transaction idle: it must not hold the others up for ever."""
    seconds = 3.5 + 2 * u[1]
    frozen = []

    def hold(session, arm):
        frozen.append(session.port.name)
        if u[2] < 0.5:
            return seconds
        slot = stage.named(session.port.name)
        slot.send(signal.SIGSTOP)
        threading.Timer(seconds, slot.send, (signal.SIGCONT,)).start()
        return seconds

    arm = stage.proxy.arm(Arm("in_transaction", "", hold))
    fired = arm.fired.wait(8)
    stage.proxy.disarm(arm)
    if not fired:
        raise NotPlayed("no transaction of several statements came by")
    time.sleep(seconds + 0.2)
    how = "its link" if u[2] < 0.5 else "its process"
    return f"{frozen[0]}: {how} stood still for {seconds:.1f} s inside a transaction"


def kill_all(stage, u):
    rest = (0.5 + 3 * u[1]) * stage.scale
    for slot in stage.slots:
        stage.kill(slot, rest)
    return f"kill -9 all nodes, back after {rest:.1f} s"


def drained(stage, slot, impatient=False, program=None):
    """SIGTERM: it gives back what it has and ends with 0; then it starts again, as `program`."""
    with slot.lock:
        slot.expected_death = True
        slot.not_before = time.monotonic() + 3600
        process = slot.process
        slot.send(signal.SIGTERM)
    if impatient:
        time.sleep(0.5)
        slot.send(signal.SIGTERM)
    try:
        code = process.wait(90)
    except subprocess.TimeoutExpired:
        stage.problems.append(f"{slot.name} did not drain within 90 s")
        code = "timeout"
        slot.kill()
    with slot.lock:
        if program:
            slot.command[0] = program
        slot.not_before = time.monotonic() + 0.5
    if code == -signal.SIGTERM and not stage.joined(slot.name, process.pid):
        code = "killed before it was a node"
    elif code not in (0, "timeout", -signal.SIGKILL, -signal.SIGABRT):
        stage.problems.append(f"{slot.name} drained and ended with {code}")
    return code


def drain(stage, u):
    with stage.slot(u[0]) as slot:
        impatient = u[1] < 0.4
        code = drained(stage, slot, impatient)
        return f"SIGTERM {slot.name}{' twice' if impatient else ''}: exit code {code}"


def change_build(stage, u):
    """One node of a rolling upgrade, or of the way back."""
    with stage.slot(u[0]) as slot:
        first = stage.workload.binary
        program = stage.other if slot.command[0] == first else first
        drained(stage, slot, program=program)
        return f"{slot.name} is the {'first' if program == first else 'other'} build now"


def same_name_twice(stage, u):
    with stage.slot(u[0]) as slot:
        process = stage.launch(slot)
        stage.extra.append(process)
        time.sleep((3 + 4 * u[1]) * stage.scale)
        process.send_signal(signal.SIGTERM if u[2] < 0.3 else signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(30)
        return f"a second process was {slot.name} for a while"


def clock_of_node(stage, u):
    with stage.slot(u[0], lambda slot: slot.clock_file) as slot:
        offset = ["+3600", "-3600", "+86400", "-30"][int(u[1] * 4)]
        slot.set_clock(offset)
        time.sleep(3 + 3 * u[2])
        slot.set_clock("+0")
        return f"the clock of {slot.name} was off by {offset} s"


def poison(stage, u):
    run = stage.workload.submit("chaos_poison")
    return f"run {run.id if run else '?'} kills its process in partition 3"
