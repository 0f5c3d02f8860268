#!/usr/bin/env python3
"""Traces: nodes send them to a collector that is played here. On the database of PARTITA_DB.

  PARTITA   the program
"""

import datetime
import http.server
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

PARTITA = os.environ["PARTITA"]
TRACE, SUBMIT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{SUBMIT}-01"
failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)
    return holds


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    return None


class Collector(http.server.ThreadingHTTPServer):
    """Keeps the spans it gets. `status`: what it answers; `slow`: after how many seconds."""

    daemon_threads = True

    def __init__(self, status=200, slow=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.slow, self.spans, self.wrong = status, slow, [], []
        self.asked = 0
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked += 1
        if self.path != "/v1/traces" or self.headers["Content-Type"] != "application/json":
            self.server.wrong.append(f"{self.path} {self.headers['Content-Type']}")
        time.sleep(self.server.slow)
        if self.server.status == 200:
            for of in json.loads(body)["resourceSpans"]:
                about = attributes(of["resource"])
                for scope in of["scopeSpans"]:
                    for span in scope["spans"]:
                        self.server.spans.append({**span, "by": about["service.instance.id"],
                                                  "about": about})
        self.send_response(self.server.status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def attributes(of):
    return {a["key"]: a["value"].get("stringValue", a["value"].get("intValue"))
            for a in of["attributes"]}


def partita(*words, **variables):
    environment = {**os.environ, **variables}
    done = subprocess.run([PARTITA, *words], env=environment, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    def __init__(self, name, *words, **variables):
        self.log = open(f"{os.environ['PARTITA_TEST_MARK']}/{name}.log", "w+")
        self.process = subprocess.Popen(
            [PARTITA, "node", "--name", name, "--executors", "2", "--fast", *words],
            env={**os.environ, **variables}, stderr=self.log)

    def end(self):
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        check(self.process.wait(30) == 0, "a node with traces drains")
        self.log.seek(0)
        return self.log.read(), time.monotonic() - begun


def submit(*words, **variables):
    code, out, err = partita("submit", *words, **variables)
    check(code == 0, f"submit {words}: {err}")
    return out.strip()


def wait(run, wanted=0):
    code, _, err = partita("wait", run, "--timeout", "60")
    check(code == wanted, f"run {run} ends with {code}: {err}")


def run_document(run):
    return json.loads(partita("job", run, "-o", "json")[1])


def leases_of(run):
    """Those under which something was executed, by id: the name of the node."""
    lines = partita("job", run, "--partitions", "--limit", "100000", "-o", "jsonl")[1]
    rows = [json.loads(line) for line in lines.splitlines()]
    return {row["lease"]: row["node"]["name"] for row in rows if row.get("lease")}


def spans_of(collector, run):
    return [s for s in collector.spans if attributes(s).get("partita.run") == run]


def is_lease(span):
    return "partita.lease" in attributes(span)


def well_formed(span):
    check(re.fullmatch("[0-9a-f]{32}", span["traceId"]), f"the trace id of {span}")
    check(re.fullmatch("[0-9a-f]{16}", span["spanId"]), f"the span id of {span}")
    check(isinstance(span["kind"], int) and 1 <= span["kind"] <= 5, f"the kind of {span}")
    begun, ended = span["startTimeUnixNano"], span["endTimeUnixNano"]
    check(isinstance(begun, str) and isinstance(ended, str) and int(begun) <= int(ended),
          f"the times of {span}")
    check(abs(int(ended) / 1e9 - time.time()) < 120, f"the clock of {span}")
    for one in span["attributes"]:
        value = one["value"].get("intValue")
        check(value is None or isinstance(value, str), f"64 bits are text: {one}")


def seconds_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def two_nodes():
    """Each lease is one span, a child of the run, with a link to the submit."""
    collector = Collector()
    nodes = [Node("a", "--traces", collector.url),
             Node("b", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url + "/", OTEL_SERVICE_NAME="batch",
                  OTEL_RESOURCE_ATTRIBUTES="service.name=x,deployment.environment=at%20night")]
    parted = submit("range_sum", "from=1", "to=4000", "partitions=60", "delay_ms=20",
                    TRACEPARENT=PARENT)
    wait(parted)
    own = submit("range_sum", "from=1", "to=400", "partitions=5", "--trace-parent",
                 PARENT[:-1] + "0")
    wait(own)
    rootless = submit("range_sum", "from=1", "to=500", "partitions=5", TRACEPARENT="no parent")
    wait(rootless)
    failed = submit("range_sum", "from=2", "to=1")  # an empty range: its split fails
    wait(failed, wanted=1)
    for node in nodes:
        node.end()

    shown = run_document(parted)
    check(shown["trace_parent"] == PARENT, f"the parent is kept: {shown['trace_parent']}")
    check(shown["trace_id"] == TRACE, f"the trace is that of the parent: {shown['trace_id']}")
    spans = spans_of(collector, parted)
    for span in spans:
        well_formed(span)
        check(span["traceId"] == TRACE, f"its trace is that of the parent: {span}")
    (run,) = [s for s in spans if not is_lease(s)]
    check(run["parentSpanId"] == SUBMIT, f"the run is a child of who submitted it: {run}")
    check(attributes(run)["partita.outcome"] == "COMPLETED", f"the outcome: {run}")
    begun = seconds_of(shown["started_at"])
    check(abs(int(run["startTimeUnixNano"]) / 1e9 - begun) < 0.01, f"the run began then: {run}")
    wanted = leases_of(parted)
    leases = [s for s in spans if is_lease(s)]
    check(sorted(attributes(s)["partita.lease"] for s in leases) == sorted(wanted),
          f"each of the leases {sorted(wanted)} is one span")
    check({s["by"] for s in leases} == {"a", "b"}, "both nodes tell of theirs")
    named = {(s["by"], s["about"]["service.name"], s["about"].get("deployment.environment"))
             for s in leases}
    check(named == {("a", "partita", None), ("b", "batch", "at night")},
          f"who sends is named as the operator says: {named}")
    check(len({s["spanId"] for s in spans}) == len(spans), "no span is another one's")
    for span in leases:
        check(span["parentSpanId"] == run["spanId"], f"a child of the run: {span}")
        check([(to["traceId"], to["spanId"]) for to in span["links"]] == [(TRACE, SUBMIT)],
              f"a link to the submit: {span}")
        check(span["by"] == wanted.get(attributes(span)["partita.lease"]), f"its node: {span}")
        check("status" not in span, f"it is well: {span}")
        end = seconds_of(shown["ended_at"]) + 0.25
        check(begun - 0.25 <= int(span["startTimeUnixNano"]) / 1e9 <=
              int(span["endTimeUnixNano"]) / 1e9 <= end, f"within its run: {span}")
    covered = sum(int(attributes(s)["partita.completed"]) for s in leases)
    check(covered == 60, f"all partitions are told of: {covered}")

    check(run_document(own)["trace_parent"] == PARENT[:-1] + "0", "who is not recorded is kept")
    check(spans_of(collector, own) == [], "and has no spans")

    shown = run_document(rootless)
    check(shown["trace_parent"] is None, f"a bad TRACEPARENT is none: {shown['trace_parent']}")
    spans = spans_of(collector, rootless)
    check({s["traceId"] for s in spans} == {shown["trace_id"]}, "a trace of its own")
    (root,) = [s for s in spans if "parentSpanId" not in s]
    check(root["kind"] == 4 and root["name"] == "submit range_sum", f"its root: {root}")
    check(all(s["links"][0]["spanId"] == root["spanId"] for s in spans if is_lease(s)),
          "the leases have a link to it")
    (run,) = [s for s in spans_of(collector, failed) if s["name"] == "range_sum"]
    check(run["status"]["code"] == 2 and "is empty" in run["status"]["message"],
          f"a FAILED run is an error, and says why: {run}")
    check(attributes(run)["error.type"] == "FAILED", f"its kind: {run}")
    check(collector.wrong == [], f"requests are as OTLP has them: {collector.wrong}")
    collector.shutdown()


def metric(port, name):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.split()[1])
    return None


def trouble(what, url):
    """Whatever the collector does, the run completes, the node leaves in time, and drops count."""
    port = free_port()
    node = Node("lonely", "--traces", url, "--probes", f"127.0.0.1:{port}")
    begun = time.monotonic()
    run = submit("range_sum", "from=1", "to=700", "partitions=20", "delay_ms=1")
    wait(run)
    took = time.monotonic() - begun
    check(took < 20, f"{what}: the run does not wait for it: {took:.1f} s")
    if what != "slow":
        dropped = until(lambda: metric(port, "partita_trace_spans_dropped_total"))
        check(dropped, f"{what}: spans that are lost are counted")
    log, lasted = node.end()
    check(lasted < 10, f"{what}: the node leaves in time: {lasted:.1f} s")
    check("trace_spans_dropped" in log, f"{what}: the log tells of it")
    if what == "away":
        check("it cannot be reached" in log, f"{what}: and why, in words")


def bad_usage():
    for words, variables, said in [
            (("submit", "range_sum", "from=1", "to=2", "--trace-parent", "00-x"), {},
             "--trace-parent is 00-x, which is no traceparent of W3C"),
            (("node", "--traces", "127.0.0.1:4318"), {},
             "--traces is 127.0.0.1:4318, which is no address of a collector of traces"),
            (("run", "range_sum", "from=1", "to=20"), {"OTEL_EXPORTER_OTLP_ENDPOINT": "what"},
             "OTEL_EXPORTER_OTLP_ENDPOINT is what, which is no address")]:
        code, _, err = partita(*words, **variables)
        check(code == 2 and said in err, f"{words}: {code} {err}")
    out = partita("config", "show", "node", "--origin", "-o", "json",
                  OTEL_EXPORTER_OTLP_ENDPOINT="http://there:4318")[1]
    check("OTEL_EXPORTER_OTLP_ENDPOINT" in out and "http://there:4318" in out,
          "config show tells where the address comes from")
    code, out, err = partita("run", "range_sum", "from=1", "to=30", "--traces", "off",
                             OTEL_EXPORTER_OTLP_ENDPOINT="what")
    check(code == 0, f"--traces off makes none: {err}")


def main():
    for name in ("TRACEPARENT", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_SERVICE_NAME",
                 "OTEL_RESOURCE_ATTRIBUTES", "PARTITA_TRACES"):
        os.environ.pop(name, None)
    two_nodes()
    trouble("away", f"http://127.0.0.1:{free_port()}")
    failing = Collector(status=500)
    trouble("500", failing.url)
    check(failing.asked > 0, "the collector was asked")
    trouble("slow", Collector(slow=30.0).url)
    bad_usage()
    print(f"{len(failures)} failed")
    return 1 if failures else 0


sys.exit(main())
