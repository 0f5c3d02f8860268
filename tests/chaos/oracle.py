"""Judges a database, the files and the journals after all runs have ended."""

import json
import os
import time

from workload import STEPS, chain_of, is_refused


class Oracle:
    def __init__(self, server, folder, runs, witness):
        self.server, self.folder, self.runs, self.witness = server, folder, runs, witness
        self.bad = []
        self.starts = {}  # (run, step, no) -> attempts begun
        self.aggregates = {}  # run -> when its last aggregate began, files being published before
        self.ends = set()  # (run, step, no, attempt)
        self.counts = {"results": 0, "items": 0, "files": 0, "starts": 0, "acknowledged": 0,
                       "ledger": 0}

    def wrong(self, text):
        self.bad.append(text)

    def judge(self):
        self.read_journals()
        self.results = {}
        for row in self.server.rows(
                "select s.run_id, s.name, o.no, o.lease_id, o.outcome, o.output, o.files, o.error,"
                " o.read_count, l.attempt, o.step_id from partita.result o"
                " join partita.step s using (step_id)"
                " left join partita.lease l on l.lease_id = o.lease_id", timeout=120):
            self.results.setdefault((row["run_id"], row["name"]), {})[row["no"]] = row
        self.states = {row["run_id"]: row for row in self.server.rows(
            "select run_id, job, state, result, error, term, restart_of from partita.run")}
        self.ledger = {}
        if any(run.job == "chaos_ledger" for run in self.runs):
            for row in self.server.rows("select salt, no, item from ledger", timeout=120):
                self.ledger.setdefault((row["salt"], row["no"]), []).append(row["item"])
        for run in self.runs:
            self.judge_run(run)
        self.judge_history()
        self.judge_tables()
        return self.bad

    def read_journals(self):
        for name in os.listdir(self.folder + "/journal"):
            with open(f"{self.folder}/journal/{name}") as f:
                for line in f:
                    words = line.split()
                    if words[0] == "S":
                        key = (int(words[2]), words[3], int(words[4]))
                        self.starts.setdefault(key, []).append((int(words[5]), words[6], name))
                        self.counts["starts"] += 1
                    elif words[0] == "E":
                        self.ends.add((int(words[2]), words[3], int(words[4]), int(words[5])))
                    elif words[0] == "A":
                        at = int(words[1]) / 1e6 + time.time() - time.monotonic()
                        run = int(words[2])
                        self.aggregates[run] = max(at, self.aggregates.get(run, 0))

    # --- one run

    def judge_run(self, run):
        last = run.restarts[-1] if run.restarts else run.id
        family = [run.id, *run.restarts]
        row = self.states.get(last)
        what = f"run {last} of {run.job} (salt {run.salt})"
        if row is None:
            return self.wrong(f"{what}: it was acknowledged, and is not there")
        if any(self.states[i]["state"] in ("CREATED", "RUNNING") for i in family):
            return self.wrong(f"{what}: it is {row['state']}, and never ends")
        allowed = {"chaos_once": ("COMPLETED", "FAILED"), "chaos_poison": ("FAILED",)}
        if row["state"] not in allowed.get(run.job, ("COMPLETED",)):
            return self.wrong(f"{what}: it is {row['state']}: {row['error']}")
        if run.job == "chaos_poison":
            self.judge_poison(run, last, what)
        if run.job == "chaos_once":
            self.judge_once(run, last, what)
        if run.job == "chaos_ledger":
            self.judge_ledger(run, what)
        if row["state"] == "COMPLETED":
            self.judge_result(run, row, what)
        for step in STEPS[run.job]:
            if run.job != "chaos_poison":
                self.judge_step(run, family, last, step, what, row["state"])

    def judge_result(self, run, row, what):
        got = json.loads(row["result"]) if row["result"] else None
        if got != run.result():
            self.wrong(f"{what}: its result is {got}, not {run.result()}")

    def judge_step(self, run, family, last, step, what, state):
        rows = self.results.get((last, step), {})
        if sorted(rows) != list(range(run.partitions)):
            missing = sorted(set(range(run.partitions)) - set(rows))
            self.wrong(f"{what}: step {step} lacks results of partitions {missing[:5]}")
        for no, row in rows.items():
            self.counts["results"] += 1
            if row["outcome"] != "COMPLETED":
                continue
            document = json.loads(row["output"])
            files = json.loads(row["files"] or "[]")
            expected = {"items": run.items, "chain": chain_of(run.salt, no, run.items)}
            if document != expected or row["read_count"] != run.items:
                self.wrong(f"{what}: {step}[{no}] yields {document} and counts"
                           f" {row['read_count']}, not {expected}")
            self.counts["items"] += run.items
            if not any((r, step, no, row["attempt"]) in self.ends for r in family):
                self.wrong(f"{what}: {step}[{no}] has a result of attempt {row['attempt']}, which"
                           " never came to its end")
            if run.folder:
                self.judge_file(run, step, no, row, files, what, state)
        if run.folder and state == "COMPLETED" and step == STEPS[run.job][-1]:
            names = sorted(f"{s}-{no}.txt" for s in STEPS[run.job] for no in range(run.partitions))
            found = sorted(name for name in os.listdir(run.folder)
                           if not self.late_leftover(f"{run.folder}/{name}", family))
            if found != names:
                self.wrong(f"{what}: files {sorted(set(found) ^ set(names))[:5]} are too many or"
                           " missing")

    def late_leftover(self, path, family):
        """A staged file that a frozen process made after the run had cleaned up, and died."""
        if not path.endswith(".part"):
            return False
        cleaned = max(self.aggregates.get(run, 0) for run in family)
        return os.stat(path).st_mtime > cleaned - 0.5

    def judge_file(self, run, step, no, row, files, what, state):
        path = f"{run.folder}/{step}-{no}.txt"
        if len(files) != 1 or files[0][0] != path:
            return self.wrong(f"{what}: {step}[{no}] registered {files}")
        # A run that FAILED publishes nothing more: a staged file may keep its staged name.
        place = path if state == "COMPLETED" or os.path.exists(path) else files[0][1]
        if not os.path.exists(place):
            return self.wrong(f"{what}: the file of {step}[{no}] is not there: {place}")
        with open(place) as f:
            lines = f.read().split("\n")
        wanted = [f"lease {row['lease_id']}", *(f"item {no} {i}" for i in range(run.items)),
                  "end", ""]
        if step == "ledger":
            wanted = ["item", *(str(i) for i in range(run.items) if not is_refused(i)), ""]
        if lines != wanted:
            self.wrong(f"{what}: {place} was not written by lease {row['lease_id']}, or is torn:"
                       f" {lines[:1]} … {lines[-2:]}")
        self.counts["files"] += 1

    def judge_ledger(self, run, what):
        wanted = [i for i in range(run.items) if not is_refused(i)]
        for no in range(run.partitions):
            found = sorted(self.ledger.get((run.salt, no), []))
            if found != wanted:
                self.wrong(f"{what}: the ledger of partition {no} holds {found}")
            self.counts["ledger"] += len(found)

    def judge_once(self, run, last, what):
        for no in range(run.partitions):
            starts = self.starts.get((last, "once", no), [])
            outcome = self.results.get((last, "once"), {}).get(no, {}).get("outcome")
            if len(starts) > 1:
                self.wrong(f"{what}: partition {no}, not transferable, was started"
                           f" {len(starts)} times: {starts}")
            if outcome == "COMPLETED" and not starts:
                self.wrong(f"{what}: partition {no} is COMPLETED and was never started")

    def judge_poison(self, run, last, what):
        starts = self.starts.get((last, "poison", 3), [])
        row = self.results.get((last, "poison"), {}).get(3, {})
        # By the loss of its node at the last try, or, where that was isolated, by the end of its
        # own process.
        why = row.get("error", "")
        if row.get("outcome") != "FAILED" or not ("tried 3 times" in why or "SIGABRT" in why):
            self.wrong(f"{what}: the poisoned partition is {row.get('outcome')}:"
                       f" {row.get('error')}")
        if len(starts) > 3:
            self.wrong(f"{what}: the poisoned partition was started {len(starts)} times")

    # --- everything

    def judge_history(self):
        """What was seen committed at any time is still so."""
        now = {}
        for rows in self.results.values():
            for no, row in rows.items():
                now[(row["step_id"], no)] = (str(row["lease_id"]), row["outcome"])
        for (step, no), seen in self.witness.results.items():
            lease, outcome, _ = seen.split("|")
            if now.get((step, no)) != (lease, outcome):
                self.wrong(f"result {no} of step {step} was {seen} once, and is now"
                           f" {now.get((step, no))}")
        for run, state in self.witness.ended.items():
            if self.states.get(run, {}).get("state") != state:
                self.wrong(f"run {run} was {state} once, and is now {self.states.get(run)}")
        self.counts["acknowledged"] = len(self.witness.results)

    def judge_tables(self):
        for about, sql in (
                ("a LIVE lease of a run that has ended or a node that is gone",
                 "select lease_id from partita.lease l join partita.step s using (step_id)"
                 " join partita.run r using (run_id) join partita.node n on n.node_id = l.node_id"
                 " where l.state = 'LIVE' and (r.ended_at is not null or n.left_at is not null)"),
                ("a run that ended not exactly once",
                 "select run_id, count(e.event_id) from partita.run r left join partita.event e"
                 " using (run_id) where r.ended_at is not null and e.kind = 'RUN_ENDED'"
                 " group by run_id having count(*) <> 1"),
                ("a term that did not grow",
                 "select * from (select run_id, (detail::json->>'term')::int as t, row_number()"
                 " over (partition by run_id order by event_id) as n from partita.event"
                 " where kind = 'RUN_ADOPTED') a where t <> n"),
                ("a result whose lease did not cover it or belongs to another step",
                 "select o.step_id, o.no from partita.result o join partita.lease l using"
                 " (lease_id) join partita.step s on s.step_id = o.step_id join partita.run r"
                 " using (run_id) where r.restart_of is null"
                 " and (l.step_id <> o.step_id or o.no not between l.lo and l.hi)"),
                ("a COMPLETED run with a partition that has no COMPLETED result",
                 "select r.run_id, p.no from partita.run r join partita.step s using (run_id)"
                 " join partita.partition p using (step_id) left join partita.result o"
                 " on o.step_id = p.step_id and o.no = p.no where r.state = 'COMPLETED'"
                 " and o.outcome is distinct from 'COMPLETED'"),
                ("a ready range of a COMPLETED run",
                 "select r.run_id, w.lo from partita.ready w join partita.step s using (step_id)"
                 " join partita.run r using (run_id) where r.state = 'COMPLETED'")):
            found = self.server.rows(sql + " limit 3", timeout=120)
            if found:
                self.wrong(f"{about}: {found}")
