"""Two tenants migrate at once, while a node is killed, and a run is stopped and restarted."""

import time

from judge import chunks_of, different, wrong_chunks, wrong_names
from records import TENANTS, is_broken, of_tenant
from trio import until

STOPPED_AT = 0.25  # of its records, when a tenant's run is stopped
GOES_ON = 0.05  # of its records the other tenant goes on by meanwhile
FAIR = (0.8, 1.25)


def play_alone(cluster):
    """Each tenant by itself, undisturbed: what must come out. Returns the seconds of each."""
    runs = (cluster.submit(f"{tenant}-alone", f"{tenant}_record", tenant=tenant)
            for tenant in TENANTS)
    return [round(cluster.wait_ended(run)["seconds"], 1) for run in runs]


class Race:
    """Both tenants at work at once, each with its run."""

    def __init__(self, cluster, runs):
        self.cluster, self.runs = cluster, runs

    def look(self):
        """By tenant, how many records are done."""
        done = self.cluster.records_done(self.runs.values())
        return {tenant: done[run] for tenant, run in self.runs.items()}

    def until(self, what, holds):
        """Looks until it holds for what is done. Returns that."""
        def enough():
            done = self.look()
            return done if holds(done) else None

        return until(what, enough, self.cluster.args.limit, pause=0.02)

    def ended(self):
        """Whether one of the runs has."""
        return any(self.cluster.run(run)["state"] not in ("CREATED", "RUNNING")
                   for run in self.runs.values())


def gained(before, after):
    """What each tenant got done meanwhile."""
    return {tenant: after[tenant] - before[tenant] for tenant in TENANTS}


def ratio(*gains):
    """What the first tenant got done in all of these times, over what the second one did."""
    first, second = (sum(gain[tenant] for gain in gains) for tenant in TENANTS)
    return round(first / second, 3) if second else float("inf")


def kill_a_master(cluster, checks, done):
    """The node that drives one of the runs and holds the most chunks. Returns how many."""

    def busiest():
        rows = cluster.server.rows(
            "select n.pid, sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned) as held"
            " from partita.node n join partita.lease l using (node_id) where l.ended_at is null"
            " and n.node_id in (select master_node_id from partita.run where state = 'RUNNING')"
            " group by n.pid order by held desc")
        return rows and rows[0]["held"] > 0 and rows[0]

    found = until("a master holds chunks", busiest, 60)
    victim = cluster.slot_of(found["pid"])
    victim.kill()
    checks.note(f"{victim.name}, a master, is killed at {done:,} records, with {found['held']}"
                " chunks in its hands")
    return found["held"]


def stop_midway(cluster, checks, run, tenant, chunks):
    """Returns the numbers of chunks that were done when the run had stopped."""
    cluster.command("cancel", str(run))
    state = cluster.wait_ended(run)["state"]
    done = cluster.chunks_done(run)
    checks.that(f"{tenant} is stopped midway, with {len(done)} of {chunks} chunks done",
                state == "STOPPED" and 0 < len(done) < chunks, state)
    return done


def play_disturbed(cluster, checks, records):
    """Returns the figures."""
    size = cluster.args.chunk_size
    share = {tenant: len(of_tenant(tenant, records)) for tenant in TENANTS}
    begun = time.monotonic()
    race = Race(cluster, {tenant: cluster.submit(tenant, f"{tenant}_record", tenant=tenant)
                          for tenant in TENANTS})
    start = race.until("both are at work", lambda done: all(done.values()))
    stop = race.until("one has done enough to be stopped", lambda done: any(
        done[tenant] >= STOPPED_AT * share[tenant] for tenant in TENANTS))

    stopped = max(TENANTS, key=lambda tenant: stop[tenant] / share[tenant])
    other = next(tenant for tenant in TENANTS if tenant != stopped)
    done_before = stop_midway(cluster, checks, race.runs[stopped], stopped,
                              chunks_of(of_tenant(stopped, records), size))
    goes_on = race.look()[other] + GOES_ON * share[other]
    race.until(f"{other} goes on", lambda done: done[other] >= goes_on)
    race.runs[stopped] = cluster.restart(race.runs[stopped])
    again = race.until("both are at work again",
                       lambda done: done[stopped] > len(done_before) * size)

    kill = race.until("half of all is done", lambda done: 2 * sum(done.values()) >= records)
    held = kill_a_master(cluster, checks, sum(kill.values()))
    last = race.until("one has ended", lambda _: race.ended())
    ended = {tenant: cluster.wait_ended(run) for tenant, run in race.runs.items()}
    took = time.monotonic() - begun
    fair = ratio(gained(start, stop), gained(again, kill))
    checks.that("both tenants progress at the same rate until half of all is done, while neither"
                f" is stopped: {fair:.2f}, within {FAIR[0]} to {FAIR[1]}",
                FAIR[0] <= fair <= FAIR[1])
    check_ended(cluster, checks, records, ended)
    repeated = cluster.chunks_started(race.runs[stopped]) & done_before
    checks.that("what was done before the stop is not done again", not repeated,
                f"{len(repeated)} chunks")
    return {"seconds": round(took, 1), "records_per_s": round(records / took), "ratio": fair,
            "ratio_after_kill": ratio(gained(kill, last)),
            "ratio_to_the_end": ratio(gained(start, stop), gained(again, last)),
            "chunks_held_by_killed": held,
            "stopped": stopped, "chunks_done_before_stop": len(done_before)}


def check_ended(cluster, checks, records, ended):
    """The result of each tenant, and its files, beside those of the undisturbed run."""
    size, out = cluster.args.chunk_size, cluster.folder + "/out"
    for tenant in TENANTS:
        numbers = of_tenant(tenant, records)
        bad = sum(map(is_broken, numbers))
        row, folder = ended[tenant], f"{out}/{tenant}"
        wanted = {"total": len(numbers), "mapped": len(numbers) - bad, "errors": bad,
                  "chunks": chunks_of(numbers, size)}
        result = row["result"] or {}
        checks.that(f"{tenant} is COMPLETED: {len(numbers):,} = {len(numbers) - bad:,} mapped +"
                    f" {bad:,} broken", row["state"] == "COMPLETED" and
                    {key: result.get(key) for key in wanted} == wanted, str(row))
        checks.none_of(f"{tenant}: each chunk has its three files, and nothing else is there",
                       wrong_names(folder, wanted["chunks"]))
        checks.none_of(f"{tenant}: every record is in the files of its chunk exactly once",
                       wrong_chunks(folder, numbers, size))
        checks.none_of(f"{tenant}: its files are those of the undisturbed run to the byte",
                       different(folder, f"{out}/{tenant}-alone"))
