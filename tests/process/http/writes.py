"""What is changed by HTTP: each change once, in the log with who asked for it, or refused."""

import os
import subprocess
import time

from wire import Link, head_of, malformed_error, bearer
from world import OPERATE, SCRATCH, Process, file_of, partita

SUM = {"job": "range_sum", "parameters": {"from": 1, "to": 40, "partitions": 20}}
SLOW = {"job": "range_sum",
        "parameters": {"from": 1, "to": 400, "partitions": 100, "delay_ms": 1000}}


def refused(check, what, answer, status, code=None, words=""):
    check(f"{what}: {status}", answer.status == status, answer)
    wrong = malformed_error(answer)
    check(f"{what}: a sentence", not wrong, f"{wrong}: {answer}")
    if code:
        check.equal(f"{what}: its code", answer.error().get("code"), code)
    check(f"{what}: says {words!r}", words in answer.error().get("message", ""), answer)


def logged(check, node, kind, run, by="anna"):
    """The event of a change names who asked for it."""
    check.within(5, f"{kind} of {run} is in the log, by {by}", lambda: any(
        e["kind"] == kind and e["detail"].get("by") == by
        for e in node.items(f"runs/{run}/events?limit=1000")))


def submitting(check, node):
    key = {"Idempotency-Key": f"key-{os.getpid()}"}
    parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    first = node.post("runs", SUM, headers={**key, "traceparent": parent})
    check("a run is submitted", first.status == 201, first)
    run = first.json()["id"]
    check.equal("its traceparent is kept", first.json().get("trace_parent"), parent)
    again = node.post("runs", SUM, headers=key)
    check("the same key finds the same run", again.status in (200, 201), again)
    check.equal("the same key: its id", again.json().get("id"), run)
    bad = node.post("runs", {**SUM, "parameters": {"from": 1, "to": 39}},
                    headers={"traceparent": parent.upper() + "-x"})
    check("a traceparent that breaks the rules counts as none",
          bad.status == 201 and bad.json().get("trace_parent", "") is None, bad)
    other = {**SUM, "parameters": {"from": 1, "to": 41}}
    refused(check, "the same key for another run", node.post("runs", other, headers=key), 409,
            "launch_key_taken", run)
    check.within(30, "it is COMPLETED", lambda: node.has_ended(run, "COMPLETED"))
    logged(check, node, "RUN_SUBMITTED", run)
    # Not as anybody asked within the second before: that answer is shared.
    twice = [r for r in node.items("runs?limit=499")
             if r["launch_key"] == key["Idempotency-Key"]]
    check.equal("one run has this key", len(twice), 1)
    return run


def parameters(check, node):
    """Refused as the command line refuses it, in the same words."""
    count = node.count_runs()
    for given in ({"from": "x", "to": 3}, {"from": 1}, {"from": 1, "to": 3, "zz": 1},
                  {"from": 1, "to": 3, "partitions": 1.5}, {"to": None, "from": 2}):
        answer = node.post("runs", {"job": "range_sum", "parameters": given})
        words = [f"{name}={value}" for name, value in given.items() if value is not None]
        code, _, said = partita("submit", "range_sum", *words)
        check.equal(f"{given}: the command line refuses it", code, 2)
        sentence = said.removeprefix("partita: ").strip()
        refused(check, f"{given}", answer, 400, "bad_parameters", sentence)
    rules = file_of("secret of the host")
    mapped = {"input": "/nowhere", "output_dir": SCRATCH}
    for job, given in (("marc_map", {"output_dir": SCRATCH}), ("marc_map", {**mapped,
                       "chunk_size": 0}), ("marc_map", {**mapped, "rules": rules}),
                       ("marc_save", {"input_dir": SCRATCH, "url": "ftp://x"})):
        answer = node.post("runs", {"job": job, "parameters": given})
        code, _, said = partita("submit", job, *[f"{n}={v}" for n, v in given.items()])
        check.equal(f"{job} {given}: the command line refuses it", code, 2)
        refused(check, f"{job} {given}", answer, 400, "bad_parameters",
                said.removeprefix("partita: ").strip())
    refused(check, "a launch key of 300 bytes", node.post("runs", SUM, headers={
        "Idempotency-Key": "x" * 300}), 400, "bad_request", "255")
    body = {"job": "range_sum", "parameters": {"from": 1, "to": 3}}
    for wrong, status in (({**body, "extra": 1}, 400), ({}, 400), ({"job": 7}, 400),
                          ({"job": "none_such"}, 404), ({**body, "version": 99}, 404),
                          ({**body, "version": "1"}, 400), ({**body, "version": -1}, 404),
                          ({**body, "version": 4294967297}, 404), ({**body, "version": 1e3}, 400),
                          ({**body, "parameters": []}, 400), ({**body, "parameters": "x"}, 400)):
        answer = node.post("runs", wrong)
        check(f"{wrong}: refused", answer.status in (status, 400), answer)
        check(f"{wrong}: a sentence", not malformed_error(answer), answer)
    for text in (b"", b"{", b"[]", b"null", b'"x"', b"{\xff}", b"{'a':1}", b'{"job":}', b"{}{}"):
        answer = node.post("runs", text)
        refused(check, f"body {text!r}", answer, 400)
    check.equal("no run came of all that", node.count_runs(), count)


def bodies(check, node):
    """Lengths: what no program should have to wait for."""
    began = time.monotonic()
    with Link(node.http, 20) as link:
        link.send(head_of(node.http, "POST", "/api/v1/runs/999999/cancel", bearer(OPERATE)))
        answer = link.answer()
    check("POST without a body and a length is answered at once",
          time.monotonic() - began < 3 and answer.status in (400, 404, 411), answer)
    for path, members in (("cancel", "later"), ("restart", "now"), ("abandon", "now")):
        answer = node.post(f"runs/1/{path}", {members: True})
        refused(check, f"{path} with {members}", answer, 400, None, members)
    refused(check, "now as text", node.post("runs/1/cancel", {"now": "yes"}), 400)


def changes(check, node):
    """Cancel, restart, abandon: in the right states only."""
    done = node.items("runs?state=COMPLETED&limit=1")[0]["id"]
    refused(check, "restart of a COMPLETED run", node.post(f"runs/{done}/restart"), 409,
            "wrong_state", "COMPLETED")
    refused(check, "abandon of it", node.post(f"runs/{done}/abandon"), 409, "wrong_state")
    refused(check, "cancel of it", node.post(f"runs/{done}/cancel"), 409, "wrong_state")
    for path in ("runs/999999/cancel", "runs/999999/restart", "runs/999999/abandon",
                 "nodes/999999/drain", "runs/x/cancel", "nodes/0/drain"):
        refused(check, path, node.post(path), 404, "not_found")
    run = node.post("runs", SLOW).json()["id"]
    check.within(20, "a long run is under way", lambda: node.has_ended(run, "RUNNING"))
    refused(check, "restart of a RUNNING run", node.post(f"runs/{run}/restart"), 409)
    refused(check, "abandon of it", node.post(f"runs/{run}/abandon"), 409)
    answer = node.post(f"runs/{run}/cancel", {"now": True})
    check("cancel answers with the run",
          answer.status == 200 and answer.json()["id"] == run, answer)
    check.equal("and that it is to stop now", answer.json()["stop"], "NOW")
    check.within(30, "it is STOPPED", lambda: node.has_ended(run, "STOPPED"))
    logged(check, node, "STOP_REQUESTED", run)
    next_one = node.post(f"runs/{run}/restart", headers={"Idempotency-Key": f"r-{run}"})
    check("restart answers with the new run", next_one.status in (200, 201)
          and next_one.json()["restart_of"] == run, next_one)
    new = next_one.json()["id"]
    again = node.post(f"runs/{run}/restart", headers={"Idempotency-Key": f"r-{run}"})
    check("the same key finds it again",
          again.status in (200, 201) and again.json()["id"] == new, again)
    refused(check, "another restart", node.post(f"runs/{run}/restart"), 409, None, new)
    node.post(f"runs/{new}/cancel", {"now": True})
    check.within(30, "the new one is STOPPED", lambda: node.has_ended(new, "STOPPED"))
    logged(check, node, "RUN_SUBMITTED", new)
    chain = [one["id"] for one in node.run_document(new)["chain"]]
    check.equal("both are one chain", chain, [run, new])
    answer = node.post(f"runs/{new}/abandon")
    check("abandon answers with the run", answer.status == 200
          and answer.json()["state"] == "ABANDONED", answer)
    refused(check, "restart of an ABANDONED run", node.post(f"runs/{new}/restart"), 409)
    logged(check, node, "RUN_ABANDONED", new)
    failed = node.items("runs?state=FAILED&limit=1")[0]["id"]
    answer = node.post(f"runs/{failed}/abandon")
    check("a FAILED run can be abandoned", answer.status == 200, answer)


def sharing(check, node):
    """Pauses, priorities, limits, schedules: what they answer, and what the log tells."""
    run = node.post("runs", {**SLOW, "priority": 3}).json()["id"]
    check.equal("it has its priority", node.run_document(run)["priority"], 3)
    paused = node.post(f"runs/{run}/pause", {"note": "why"})
    check("a pause answers with the run", paused.status == 200
          and paused.json()["paused"]["note"] == "why", paused)
    check.within(20, "and the run tells why it waits",
                 lambda: "why" in (node.run_document(run)["waits_for"] or ""))
    logged(check, node, "RUN_PAUSED", run)
    changed = node.post(f"runs/{run}/priority", {"priority": -4})
    check("a priority too", changed.status == 200 and changed.json()["priority"] == -4, changed)
    logged(check, node, "RUN_PRIORITIZED", run)
    refused(check, "a priority as text", node.post(f"runs/{run}/priority", {"priority": "1"}), 400)
    refused(check, "no priority", node.post(f"runs/{run}/priority", {}), 400)
    refused(check, "too high a one", node.post(f"runs/{run}/priority", {"priority": 1001}), 400)
    refused(check, "a note that is none", node.post(f"runs/{run}/pause", {"note": 1}), 400)
    goes_on = node.post(f"runs/{run}/resume")
    check("resume does", goes_on.status == 200 and goes_on.json()["paused"] is None, goes_on)
    logged(check, node, "RUN_RESUMED", run)
    check("a job is paused", node.post("jobs/range_sum/pause", {"note": "x"}).status == 200)
    check.within(20, "and its run tells", lambda: node.run_document(run)["job_paused"])
    check("and goes on", node.post("jobs/range_sum/resume").status == 200)
    refused(check, "a job that nobody knows", node.post("jobs/range_sun/pause"), 404)
    node.post(f"runs/{run}/cancel", {"now": True})
    check.within(30, "it is STOPPED", lambda: node.has_ended(run, "STOPPED"))
    refused(check, "pause of a STOPPED run", node.post(f"runs/{run}/pause"), 409, "wrong_state")

    check("a limit is set", node.post("limits/api", {"slots": 3}).status == 200)
    check("and listed", {"name": "api", "slots": 3, "in_use": 0} in node.items("limits"))
    check("and taken away", node.post("limits/api", {"slots": None}).json()["slots"] is None)
    for wrong in ({}, {"slots": -1}, {"slots": "3"}, {"slots": 1.5}):
        refused(check, f"a limit of {wrong}", node.post("limits/api", wrong), 400)

    rests = node.post("schedules/nightly/pause", {"note": "why"})
    check("a schedule is paused", rests.status == 200 and rests.json()["state"] == "PAUSED", rests)
    check.equal("and shows no ticks", node.get("schedules/nightly").json()["next_ticks"], [])
    goes_on = node.post("schedules/nightly/resume")
    check("and goes on", goes_on.status == 200 and goes_on.json()["paused"] is None, goes_on)
    now = node.post("schedules/nightly/run")
    check("a tick by hand", now.status == 201 and now.json()["schedule"], now)
    check.within(30, "is in its history", lambda: now.json()["id"] in [
        r["id"] for r in node.get("schedules/nightly").json()["runs"]])
    for path in ("pause", "resume", "run"):
        refused(check, f"{path} of none", node.post(f"schedules/weekly/{path}"), 404, "not_found")

    span = {"from": "2020-01-01", "to": "2024-12-31T23:00:00Z"}  # of leap days
    filled = node.post("schedules/nightly/backfill", span)
    check("a backfill starts a run for each tick",
          filled.status == 201 and len(filled.json()["runs"]) == 2, filled)
    check.equal("and no second one", node.post("schedules/nightly/backfill", span).json(),
                filled.json())
    for wrong in ({}, {"from": "soon"}, {"from": 3}, {"from": "1d", "to": "soon"}):
        refused(check, f"a backfill of {wrong}", node.post("schedules/nightly/backfill", wrong),
                400)
    refused(check, "of no schedule", node.post("schedules/weekly/backfill", span), 404)
    runs = len(node.items("runs?limit=498"))  # not as anybody asked within the second before
    for wrong, words in (({"from": "2016-01-01", "to": "2999-01-01"}, "still to come"),
                         ({"from": "2024-01-01", "to": "2020-01-01"}, "later than their end")):
        answer = node.post("schedules/nightly/backfill", wrong)
        refused(check, f"a backfill of {wrong}", answer, 400, "bad_body", words)
        check(f"a backfill of {wrong}: no words of the command line", "--" not in answer.text(),
              answer)
    check.equal("no run came of it", len(node.items("runs?limit=497")), min(runs, 497))


def retention(check, node):
    """How long runs are kept: what is stored, and what a purged run shows."""
    check.equal("all is kept", node.get("retention").json()["items"], [])
    kept = {"job": None, "keep_s": 86400, "keep_last": 3}
    check.equal("what is stored for all", node.post("retention", kept).json(), kept)
    mine = {"job": "range_sum", "keep_s": 7200, "keep_last": 0}
    node.post("retention", {"job": "range_sum", "keep_s": 7200})
    check.within(5, "and for a job",
                 lambda: node.get("retention").json()["items"] == [kept, mine])
    check.equal("is taken back", node.post("retention", {"job": "range_sum", "keep_s": None})
                .json()["keep_s"], None)
    node.post("retention", {"job": None, "keep_s": None})
    check.within(5, "one after the other",
                 lambda: node.get("retention").json()["items"] == [])
    for wrong in ({}, {"keep_s": 0}, {"keep_s": "1d"}, {"keep_s": 60, "keep_last": -1},
                  {"keep_s": 60, "job": 3}):
        refused(check, f"a retention of {wrong}", node.post("retention", wrong), 400)
    refused(check, "of no job", node.post("retention", {"job": "range_sun", "keep_s": 60}), 404)


def drain(check):
    """A node is asked to leave, by another process; and a body that is too deep for recursion."""
    other = Process("node", "--name", "leaver", "--executors", "1")
    server = Process("serve")
    found = [n["id"] for n in server.items("nodes") if n["name"] == "leaver"]
    if check.equal("serve shows the node", len(found), 1):
        answer = server.post(f"nodes/{found[0]}/drain")
        check("drain answers",
              answer.status == 200 and answer.json()["state"] == "DRAINING", answer)
        try:
            code = other.process.wait(30)
        except subprocess.TimeoutExpired:
            code = "nothing"
        check.equal("it leaves with 0", code, 0)
        check.within(5, "the log says who asked for it", lambda: any(
            e["node"] == found[0] and e["detail"].get("by") == "anna"
            for e in server.items("events?limit=1000")))
        refused(check, "drain of a node that left", server.post(f"nodes/{found[0]}/drain"), 409)
    # It reads no file for a client: whether the rules are such is not known here.
    answer = server.post("runs", {"job": "marc_map", "parameters": {
        "input": "/nowhere", "output_dir": SCRATCH, "rules": file_of("secret of the host")}})
    check("serve looks into no file", answer.status == 201, answer)
    deep = b'{"job":"range_sum","parameters":{"from":' + b"[" * 90_000 + b"]" * 90_000 + b"}}"
    refused(check, "a body of 90,000 brackets", server.post("runs", deep), 400)
    server.end(check)


def prepare(check, node):
    """Runs of every end, for the other tests."""
    runs = [node.post("runs", {**SUM, "parameters": {**SUM["parameters"], "to": to}}).json()
            for to in (40, 41, 50)]
    for run in runs:
        check.within(40, "a run is COMPLETED", lambda run=run: node.has_ended(run["id"],
                                                                              "COMPLETED"))
    text = f"{SCRATCH}/missing-{os.getpid()}"
    failing = node.post("runs", {"job": "customer_etl", "parameters": {
        "input": text, "output_dir": SCRATCH + "/out"}}).json()
    check.within(40, "a run is FAILED", lambda: node.has_ended(failing["id"], "FAILED"))
    partita("schedule", "add", "nightly", "0 0 29 2 *", "range_sum", "from=1", "to=2")
    return {"run": runs[0]["id"], "created": runs[1]["created_at"], "input": text,
            "node": node.items("nodes")[0]["id"]}


def play(check, node):
    submitting(check, node)
    parameters(check, node)
    bodies(check, node)
    changes(check, node)
    sharing(check, node)
    retention(check, node)
    drain(check)
