"""Each scenario is one function, with servers and nodes of its own. It returns what it measured,
and raises when something is wrong or later than its bound."""

import os
import signal
import time

from play import HISTORY_LOST, Play, Skipped, Wrong, tells_of_loss
from pooler import pooler, told_by_doctor
from rounds import missing
from trio import WAIT_FOR_ONE, TooLate, until

# Seconds from the first moment at which a server takes writes until work goes on.
AFTER_KILL = 10
AFTER_FREEZE = 15
# Seconds after which a command that gets no answer gives up.
COMMAND_DEADLINE = 30
SESSIONS = "select count(*) from pg_stat_activity where application_name like 'partita%'"
COMMANDS = "select 1 from pg_stat_activity where application_name = 'partita'"


def kill(play):
    """kill -9 of the primary, a synchronous standby is promoted: nothing acknowledged is lost."""
    trio = play.trio
    play.begin(partitions=600)
    waiting = play.start("wait", str(play.runs[0].id))
    trio.kill(trio.primary)
    writable = trio.promote(trio.furthest())
    took = play.goes_on(writable, AFTER_KILL)
    play.submit("chaos_long", partitions=4, items=12)
    play.wait_for_all(120)
    code, _, err = play.ended(waiting, COMMAND_DEADLINE)
    if code not in (0, 5):
        raise Wrong(f"`wait` ended with {code}: {err}")
    play.judge()
    play.no_false_alarm()
    return f"work went on {took:.2f} s after the new primary took writes"


def commands_at_work(play, *all_words):
    """Commands that run, each with a session."""
    before = len(play.trio.text(COMMANDS).split())
    started = [play.start(*words) for words in all_words]
    play.until("all commands have begun",
               f"select count(*) >= {before + len(started)} from ({COMMANDS}) c", 30)
    return started


def freeze(play):
    """The primary stops answering and its sockets stay open, a synchronous standby is promoted at
    once."""
    trio = play.trio
    run = play.begin(partitions=900)
    [waiting] = commands_at_work(play, ["wait", str(run.id)])
    normal = int(trio.one(SESSIONS))
    trio.freeze(trio.primary)
    writable = trio.promote(trio.furthest())
    took = play.goes_on(writable, AFTER_FREEZE)
    play.expect(0, "jobs", seconds=COMMAND_DEADLINE)
    now = int(trio.one(SESSIONS))
    if now > 3 * normal:
        raise Wrong(f"the new primary has {now} sessions of ours, and the old one had {normal}")
    play.wait_for_all(120)
    code, _, err = play.ended(waiting, COMMAND_DEADLINE)
    if code not in (0, 5):
        raise Wrong(f"`wait` ended with {code}: {err}")
    play.judge()
    play.no_false_alarm()
    return f"work went on {took:.2f} s after the new primary took writes"


def silence(play):
    """The primary stops answering and its sockets stay open, and nobody is promoted: commands that
    were at work and new ones end by their own deadline. Then it goes on where it was."""
    trio = play.trio
    run = play.begin(partitions=900)
    hasty, patient = commands_at_work(play, ["wait", str(run.id), "--timeout", "3"],
                                      ["wait", str(run.id)])
    trio.freeze(trio.primary)
    for words in (["jobs"], ["submit", "chaos_many", "salt=1"], ["cancel", str(run.id)]):
        play.expect(5, *words, seconds=COMMAND_DEADLINE)
    code, _, err = play.ended(hasty, COMMAND_DEADLINE)
    if code not in (5, 6):
        raise Wrong(f"`wait --timeout 3` ended with {code}: {err}")
    trio.thaw(trio.primary)
    play.goes_on(time.monotonic(), AFTER_FREEZE)
    play.wait_for_all(120)
    code, _, err = play.ended(patient, COMMAND_DEADLINE)
    if code not in (0, 5):
        raise Wrong(f"`wait` ended with {code}: {err}")
    play.judge()
    play.no_false_alarm()
    return "commands ended in time, and work went on"


def nobody_follows(play, old):
    """`old` takes writes again, as the first host of the address, and has nothing of what came
    after it: all connect anew, and work goes on without it."""
    def witnessed():
        return old.one("select (select count(*) from partita.event) || ' events, ' ||"
                       " (select count(*) from partita.run) || ' runs, ' ||"
                       " (select count(*) from partita.result) || ' results, last heartbeat ' ||"
                       " (select max(heartbeat_at) from partita.node)")

    as_it_was = witnessed()
    late = None
    try:
        # Nodes that were there, a node that is new, and commands.
        play.trio.one("select count(pg_terminate_backend(pid)) from pg_stat_activity where"
                      " application_name like 'partita%'")
        play.add_nodes(1)
        play.submit("chaos_many", partitions=100)
        play.goes_on(time.monotonic(), AFTER_FREEZE)
        play.expect(0, "jobs")
        play.judge()
    except TooLate as e:
        late = e
    if witnessed() != as_it_was:
        raise Wrong(f"the old primary was followed: it had {as_it_was}, and has {witnessed()}")
    if late:
        raise late
    return "nobody followed the old primary"


def returns(play, strike, bound, bring_back):
    """The primary is taken away, another one is promoted, and the old one comes back."""
    trio = play.trio
    old = trio.primary
    play.begin(partitions=1200)
    strike(old)
    play.goes_on(trio.promote(trio.furthest()), bound)
    bring_back(old)
    return nobody_follows(play, old)


def come_back(play):
    """The old primary comes back and takes writes, as the first host of the address: nobody may
    follow it."""
    trio = play.trio
    return returns(play, trio.kill, AFTER_KILL, trio.return_alone)


def thaw(play):
    """The old primary was frozen, and goes on where it was after another one took over: nobody may
    follow it, and nothing waits for the standbys it has lost."""
    trio = play.trio
    return returns(play, trio.freeze, AFTER_FREEZE, trio.thaw)


def purged(play):
    """What a node remembers of history is purged with its run: no false alarm."""
    run = play.begin(partitions=50, files=False)
    play.wait_for_all(60)
    play.watch.stop()
    play.watch = None
    play.until("its end is a second ago", "select count(*) from partita.run where run_id ="
               f" {run.id} and ended_at < now() - interval '1 second'", 10)
    play.expect(0, "purge", "--ended-before", "1s")
    if play.trio.one(f"select count(*) from partita.step where run_id = {run.id}") != "0":
        raise Wrong(f"run {run.id} was not purged")
    play.runs.remove(run)
    play.trio.one("select count(pg_terminate_backend(pid)) from pg_stat_activity where"
                  " application_name like 'partita%'")
    play.submit("chaos_many", partitions=50)
    play.judge()
    play.no_false_alarm()
    return "no alarm"


def lag(play):
    """An asynchronous standby that lags is promoted: the loss is told, and what goes on is right.
    """
    trio = play.trio
    play.begin(partitions=600, files=False)
    for pid in trio.wal_senders(trio.primary):
        os.kill(pid, signal.SIGSTOP)
    before = play.results()
    play.until("results come in that no standby has",
               f"select count(*) > {before + 100} from partita.result", 60)
    play.watch.look()
    trio.kill(trio.primary)
    writable = trio.promote(trio.furthest())
    lost, acknowledged = missing(play)
    if lost < 100:
        raise RuntimeError(f"the standby did not lag: {lost} of {acknowledged} results were lost")
    took = play.goes_on(writable, AFTER_KILL)
    until("a node says that history was lost", lambda: play.logged(HISTORY_LOST), 30)
    play.until("an event says that history was lost",
               f"select count(*) from partita.event where kind = '{HISTORY_LOST.upper()}'", 30)
    for command in (["doctor"], ["verify", "--all"]):
        if not tells_of_loss(play.expect((0, 1), *command)):
            raise Wrong(f"{command[0]} does not tell that history was lost")
    play.watch.stop()
    play.watch = None  # what it saw is lost, and was told
    play.judge()
    return f"{lost} acknowledged results lost, and told; work went on after {took:.2f} s"


def restored(play):
    """The cluster is stopped and its database set back to an earlier moment: no false alarm."""
    trio = play.trio
    copy = trio.primary.backup()
    play.begin(partitions=300, files=False)
    trio.one("select pg_create_restore_point('before')")
    before = play.results()
    play.until("results come in after that", f"select count(*) > {before + 20} from"
               " partita.result", 60)
    for slot in play.slots:
        slot.end()
    play.watch.stop()
    play.watch = None  # what it saw after that moment is gone, as was asked for
    after = play.results()
    trio.restore(copy, "before")
    back = after - play.results()
    if back <= 0:
        raise RuntimeError("the database was not set back")
    for slot in play.slots:
        slot.start()
    play.judge()
    play.no_false_alarm()
    return f"{back} results were set back, and nobody was alarmed"


def standby_reads(play):
    """Commands that only read may ask a standby, while the primary works."""
    trio = play.trio
    play.begin(partitions=300)
    run = str(play.runs[0].id)
    away = trio.url("prefer-standby")
    only = trio.url("prefer-standby", servers=trio.standbys())
    for words in (["jobs"], ["job", run], ["nodes"], ["verify", "--all"], ["doctor"],
                  ["job", run, "--partitions"]):
        play.expect((0, 1) if words == ["doctor"] else 0, *words, url=only)
    play.expect(0, "jobs", url=away)
    text = play.expect((1, 4, 5), "cancel", run, url=away)
    if "terminate" in text or not text.strip():
        raise Wrong(f"a standby was asked to write, and said: {text}")
    play.judge()
    play.no_false_alarm()
    return "answered, and a write was refused"


def doctor(play):
    """`doctor` tells synchronous from asynchronous standbys, and shows all hosts of the address."""
    trio = play.trio
    as_owner, as_admin = trio.url(), trio.url(user="postgres")

    def found(url):
        return told_by_doctor(play, "replicas", url)

    line = found(as_admin)
    if line["state"] != "ok" or "beta, gamma" not in line["found"]:
        raise Wrong(f"synchronous standbys are not fine: {line}")
    if found(as_owner)["state"] == "UNSAFE":
        raise Wrong("who cannot see the standbys calls them unsafe")
    trio.primary.configure("synchronous_standby_names = ''")
    trio.reload(trio.primary)
    for url in (as_owner, as_admin):
        until("asynchronous standbys are unsafe, and what to set is said", lambda u=url: found(
            u)["state"] == "UNSAFE" and "ANY 1" in found(u)["advice"], 30)
    trio.primary.configure(WAIT_FOR_ONE)
    trio.reload(trio.primary)
    until("synchronous standbys are fine again", lambda: found(as_admin)["state"] == "ok", 30)
    if told_by_doctor(play, "session", as_owner)["state"] != "ok":
        raise Wrong("doctor misses settings of a session that has them all")
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in trio.servers)
    shown = play.expect(0, "schema", "verify")
    if f"postgresql://partita@{hosts}/partita" not in shown:
        raise Wrong(f"the hosts of the address are not shown one by one: {shown}")
    return "asynchronous is UNSAFE, synchronous is not"


# name: (what it does, whether the standbys are synchronous, how many nodes it begins with)
SCENARIOS = {
    "kill": (kill, True, 3),
    "freeze": (freeze, True, 3),
    "silence": (silence, True, 3),
    "return": (come_back, True, 3),
    "thaw": (thaw, True, 3),
    "lag": (lag, False, 3),
    "restored": (restored, False, 3),
    "purged": (purged, True, 3),
    "standby_reads": (standby_reads, True, 3),
    "doctor": (doctor, True, 0),
    "pooler": (pooler, False, 0),
}

# What is not true yet, and why: these are played by name only. Take a line out when it is.
WAITING = {}


def play_scenario(name, args):
    function, synchronous, nodes = SCENARIOS[name]
    begun = time.monotonic()
    play = Play(args, synchronous, nodes=nodes)
    failed = True
    try:
        said = function(play)
        failed = False
        return f"{said} ({time.monotonic() - begun:.0f} s)"
    except Skipped:
        failed = False
        raise
    finally:
        play.close(keep=args.keep or failed)
