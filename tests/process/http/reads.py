"""What is read: every path of the description answers, pages, filters, versions of answers."""

import re
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from wire import Broken, Link, ask, bearer, head_of, malformed_error, unsafe_header
from world import OPERATE, READ

# The contract: method, path, and the members that its answer has at least.
LIST = ["items", "next"]
RUN = """id job job_version state stop priority paused job_paused waits_for partitions progress items master term parameters
    launch_key restart_of trace_parent trace_id purged_at created_at started_at ended_at duration_s result
    error rate_per_s eta_s""".split()
NODE = """id name state running slots stuck tokens tags host pid version jobs joined_at
    heartbeat_at heartbeat_age_s left_at""".split()
SCHEDULE = """id name job state trigger zone next_tick owner last_tick last_run missed overlap
    paused""".split()
PARTITION = """no step key state attempt node lease progress items input output files error
    started_at ended_at duration_s""".split()
TIMELINE = """run_from run_to from to live detail nodes steps bin_s tiles leases moves partitions
    doing stragglers""".split()
CONTRACT = {
    ("get", "/health"): """status sentence warnings nodes slots running runs database version
        schema now may_operate""".split(),
    ("get", "/throughput"): ["from", "bin_s", "ended", "failed"],
    ("get", "/nodes"): LIST,
    ("get", "/nodes/{id}"): NODE + ["leases", "more_leases", "doing", "masters", "more_masters",
                                     "events", "events_searched"],
    ("post", "/nodes/{id}/drain"): ["id", "state"],
    ("get", "/jobs"): LIST,
    ("post", "/jobs/{name}/pause"): ["name", "state"],
    ("post", "/jobs/{name}/resume"): ["name", "state"],
    ("get", "/limits"): LIST,
    ("post", "/limits/{name}"): ["name", "slots"],
    ("get", "/retention"): LIST + ["purging"],
    ("post", "/retention"): ["job", "keep_s", "keep_last"],
    ("get", "/schedules"): LIST,
    ("get", "/schedules/{name}"): SCHEDULE + ["next_ticks", "runs"],
    ("post", "/schedules/{name}/pause"): SCHEDULE,
    ("post", "/schedules/{name}/resume"): SCHEDULE,
    ("post", "/schedules/{name}/run"): RUN,
    ("post", "/schedules/{name}/backfill"): ["runs"],
    ("get", "/runs"): LIST,
    ("post", "/runs"): RUN,
    ("get", "/runs/count"): ["count", "capped"],
    ("get", "/runs/{id}"): RUN + ["continued_by", "steps", "plan", "chain", "settings"],
    ("post", "/runs/{id}/cancel"): RUN,
    ("post", "/runs/{id}/restart"): RUN,
    ("post", "/runs/{id}/abandon"): RUN,
    ("post", "/runs/{id}/pause"): RUN,
    ("post", "/runs/{id}/resume"): RUN,
    ("post", "/runs/{id}/priority"): RUN,
    ("get", "/runs/{id}/steps"): LIST,
    ("get", "/runs/{id}/partitions"): LIST,
    ("get", "/runs/{id}/partitions/{step}/{no}"): PARTITION + [
        "tries", "checkpoint", "log", "skipped", "more_skipped"],
    ("get", "/runs/{id}/timeline"): TIMELINE,
    ("get", "/runs/{id}/errors"): ["items", "looked_at", "more"],
    ("get", "/runs/{id}/skipped"): LIST + ["more"],
    ("get", "/runs/{id}/events"): LIST,
    ("get", "/events"): LIST,
    ("get", "/changes"): ["newest", "runs", "nodes", "more"],
    ("get", "/whoami"): ["name", "role"],
    ("get", "/openapi.json"): ["openapi", "info", "paths"],
}
# Requests whose end one may see here and another there: method, path, headers, begin of the body.
AMBIGUOUS = [
    ("GET", "health", {"Content-Length": "{}"}, b"x" * 5000),
    ("GET", "health", {"Content-Length": "{}"}, b""),
    ("HEAD", "health", {"Content-Length": "{}"}, b"x" * 4096),
    ("OPTIONS", "runs", {"Content-Length": "{}"}, b""),
    ("DELETE", "runs", {"Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
    ("POST", "runs", {"Content-Length ": "{}"}, b""),
    ("POST", "runs", {"Content-Length\t": "{}"}, b""),
    ("POST", "runs", {"X": "y\nContent-Length: {}"}, b""),
    ("POST", "runs", {"Content-Length": "{}", "content-length": "0"}, b""),
    ("POST", "runs", {"Content-Length": "+{}"}, b""),
    ("POST", "runs", {"Content-Length": "{}", "Transfer-Encoding": "chunked"}, b"0\r\n\r\n"),
    ("POST", "runs", {"Transfer-Encoding": "identity", "transfer-encoding": "chunked"}, b""),
    ("POST", "runs", {"Transfer-Encoding": "chunked", "transfer-encoding": "x"}, b"0\r\n\r\n"),
    ("POST", "runs", {"Transfer-Encoding": "xchunked"}, b""),
    ("POST", "runs", {"Transfer-Encoding": "chunked"}, b"zz\r\n"),
    ("POST", "runs", {"Content-Length": "400000"}, b"x" * 300_000),
]
PREFIX = "/api/v1"
TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def filled(path, ids):
    """A path with its names in braces filled in; a value has the form that URLs have."""
    return re.sub(r"{(\w+)}", lambda name: quote(str(ids[name.group(1)]), safe=""), path)


def ids_of(path, known):
    return {"id": known["node"] if "/nodes/" in path else known["run"], "step": "add", "no": 0,
            "name": "range_sum" if "/jobs/" in path else "nightly"}


def wrong_times(document, at=""):
    """Members named ..._at that are neither null nor a time."""
    if isinstance(document, list):
        return [w for i, part in enumerate(document) for w in wrong_times(part, f"{at}[{i}]")]
    if not isinstance(document, dict):
        return []
    times = {name: value for name, value in document.items()
             if name.endswith("_at") and name != "looked_at" and value is not None}
    wrong = [f"{at}.{name}={value}" for name, value in times.items() if not TIME.match(str(value))]
    return wrong + [w for name, part in document.items() for w in wrong_times(part, f"{at}.{name}")]


def description(check, node):
    """The description names what the contract does, and each of it answers as it says."""
    answer = node.get("openapi.json")
    document = answer.json() or {}
    found = {(method, path) for path, operations in document.get("paths", {}).items()
             for method in operations}
    contract = {(method, PREFIX + path) for method, path in CONTRACT}
    check.equal("the description names every operation of the contract", found, contract)
    known = {"run": node.items("runs?job=range_sum&state=COMPLETED&limit=1")[0]["id"],
             "node": node.items("nodes")[0]["id"]}
    for method, path in sorted(found):
        where = filled(path, ids_of(path, known))
        if method != "get":
            refused = ask(node.http, where)
            served = (method[:-3], path) in found or ("get", path) in found
            check(f"GET {where}: another method is named", served or refused.status == 405, refused)
            continue
        answer = ask(node.http, where, headers=bearer(READ))
        shown = answer.json()
        check(f"GET {where} answers", answer.status == 200 and isinstance(shown, dict), answer)
        missing = set(CONTRACT.get((method, path[len(PREFIX):]), [])) - set(shown or {})
        check(f"GET {where} has all members of the contract", not missing, missing)
        if not where.endswith("/openapi.json"):  # it says what times are
            check(f"GET {where}: times are ISO 8601", not wrong_times(shown), wrong_times(shown)[:3])
        check(f"GET {where}: JSON", answer.header("content-type") == "application/json")
        check(f"GET {where}: safe headers", not unsafe_header(answer), unsafe_header(answer))
        head = ask(node.http, where, "HEAD", bearer(READ))
        check(f"HEAD {where}", head.status == 200 and not head.body, head)
        twice = ask(node.http, where.replace("/", "//"), headers=bearer(READ))
        check(f"GET {where} with double slashes", twice.status == 200, twice)
        slash = ask(node.http, where + "/", headers=bearer(READ))
        check(f"GET {where}/", slash.status == 200, slash)
    return document


def versions(check, node):
    """ETags, and answers that are shared for a second."""
    for path in ("jobs", "runs", "openapi.json"):
        first = node.get(path)
        if path == "openapi.json" and not first.header("etag"):
            continue  # it never changes: nobody asks twice
        check(f"{path} has an ETag", first.header("etag").startswith('"'), first.headers)
        check.equal(f"{path}: Cache-Control", first.header("cache-control"), "no-cache")
        same = node.get(path, {"If-None-Match": first.header("etag")})
        check(f"{path}: 304 for who has it", same.status == 304 and not same.body, same)
        check(f"{path}: 304 has safe headers", not unsafe_header(same), unsafe_header(same))
        check.equal(f"{path}: 304 has the ETag", same.header("etag"), first.header("etag"))
        other = node.get(path, {"If-None-Match": '"0123456789abcdef"'})
        check(f"{path}: all of it for another version", other.status == 200 and other.body, other)
    plain = node.get("openapi.json")  # large: it is compressed in another way than what is small
    check("nothing is compressed unasked", not plain.header("content-encoding"), plain.headers)
    for path in ("openapi.json", "jobs"):
        packed = node.get(path, {"Accept-Encoding": "gzip"})
        check.equal(f"{path} is compressed", packed.header("content-encoding"), "gzip")
        check.equal(f"{path} depends on that", packed.header("vary"), "Accept-Encoding")
        refused = node.get(path, {"Accept-Encoding": "br, gzip;q=0"})
        check(f"{path} is not, where that is refused", not refused.header("content-encoding"),
              refused.headers)
        check.equal(f"{path}: so does that", refused.header("vary"), "Accept-Encoding")
        check(f"{path}: compressed, it is the same",
              packed.json() and packed.json() == node.get(path).json(), packed)
    with ThreadPoolExecutor(8) as many:
        path = "health"
        stamps = [a.json()["now"] for a in many.map(lambda _: node.get(path), range(24))]
    check("24 who ask at once share few answers", len(set(stamps)) <= 4, sorted(set(stamps)))
    time.sleep(1.2)  # longer than an answer is kept
    check("a second later there is a new one", node.get(path).json()["now"] not in stamps)
    # One answer must never be given for another question.
    node.get("runs?job=range_sum%0alimit%0a3")
    mine = node.get("runs?job=range_sum&limit=3").json()
    check("a strange value does not change the answer of others", mine and mine["items"], mine)
    page = ask(node.http, "/")
    check("the page is there", page.status == 200 and b"<!doctype html>" in page.body.lower())
    check("it has safe headers", not unsafe_header(page), unsafe_header(page))
    parts = re.findall(r'(?:src|href)="([^"#]+)"', page.text())
    check("it names its parts by relative addresses",
          parts and not [p for p in parts if p.startswith(("/", "http"))], parts)
    for part in parts:
        answer = ask(node.http, "/" + part, headers={"Accept-Encoding": "gzip"})
        check(f"/{part} is there", answer.status == 200, answer.status)
        check(f"/{part} has an ETag", answer.header("etag"))
    whole = ask(node.http, PREFIX + "/openapi.json", headers={"Range": "bytes=0-9"})
    check("a Range gives all with 200, or 206", whole.status == 206 or whole.json(),
          f"{whole.status}, {len(whole.body)} bytes")
    many = ask(node.http, PREFIX + "/openapi.json",
               headers={"Range": "bytes=" + ",".join(["0-"] * 500)})
    check("many Ranges do not multiply an answer", len(many.body) < 200_000, len(many.body))


def pages(check, node, known):
    """Keyset pages and filters of runs."""
    every = [run["id"] for run in node.items("runs?limit=500")]
    seen, before = [], ""
    for _ in range(len(every) + 2):
        page = node.get(f"runs?limit=2{before}").json()
        seen += [run["id"] for run in page["items"]]
        if page["next"] is None:
            break
        before = "&before=" + page["next"]
    check.equal("pages of two give all runs, newest first, once", seen, every)
    check.equal("ids descend", every, sorted(every, key=int, reverse=True))
    filters = {
        "state=FAILED": lambda r: r["state"] == "FAILED",
        "state=failed": lambda r: r["state"] == "FAILED",
        "state=FAILED,COMPLETED": lambda r: r["state"] in ("FAILED", "COMPLETED"),
        "job=range_sum": lambda r: r["job"] == "range_sum",
        "job=none_such": lambda r: False,
        "param.to=40": lambda r: r["parameters"].get("to") == 40,
        "param.to=4*": lambda r: str(r["parameters"].get("to")).startswith("4"),
        "param.input=*missing": lambda r: False,
        "param.input=" + quote(known["input"][:-2]) + "*":
            lambda r: r["parameters"].get("input", "").startswith(known["input"][:-2]),
        "since=-1h": lambda r: True,
        "until=-1h": lambda r: False,
        "since=2020-01-01T00:00:00.000Z": lambda r: True,
        "until=2020-01-01": lambda r: False,
        f"since={known['created']}": lambda r: r["created_at"] >= known["created"],
        f"until={known['created']}": lambda r: r["created_at"] < known["created"],
        "job=range_sum&state=COMPLETED&param.to=40&since=-1d":
            lambda r: r["parameters"].get("to") == 40 and r["state"] == "COMPLETED",
    }
    whole = node.items("runs?limit=500")
    for query, fits in filters.items():
        answer = node.get("runs?limit=500&" + query)
        found = [r["id"] for r in (answer.json() or {}).get("items", [])]
        expected = [r["id"] for r in whole if fits(r)]
        check.equal(f"runs?{query}", found, expected)
        counted = node.get("runs/count?" + query).json()
        check.equal(f"runs/count?{query}", counted, {"count": len(expected), "capped": False})
    check("the filters meant something", len(whole) >= 4 and
          any(r["state"] == "FAILED" for r in whole), [r["state"] for r in whole])
    run = known["run"]
    seen, after = [], ""
    while True:
        page = node.get(f"runs/{run}/partitions?limit=7{after}").json()
        seen += [p["no"] for p in page["items"]]
        if page["next"] is None:
            break
        after = "&after=" + page["next"]
    check.equal("pages of partitions give each once", seen, list(range(20)))
    slowest = node.items(f"runs/{run}/partitions?sort=took&limit=5")
    took = [p["duration_s"] for p in slowest]
    check.equal("the slowest come first", took, sorted(took, reverse=True))
    ordered = [int(e["id"]) for e in node.items(f"runs/{run}/events?limit=1000")]
    check("events ascend", ordered and ordered == sorted(ordered), ordered[:5])
    newer = [int(e["id"]) for e in node.items(f"runs/{run}/events?after={ordered[2]}")]
    check.equal("events after one", newer[:3], ordered[3:6])


def unknown(check, node):
    """What is not there: a sentence with 404; what makes no sense: 400."""
    for path in ("runs/999999", "runs/0", "runs/-1", "runs/x", "runs/1.5", "nodes/999999",
                 "runs/999999/steps", "runs/999999/partitions", "runs/999999/errors",
                 "runs/999999/skipped", "runs/999999/events", "runs/999999/timeline",
                 "runs/999999/partitions/add/0", "nothing", "runs/1/nothing", "nodes/1/2/3",
                 "runs/99999999999999999999999999", "../../etc/passwd", "%2e%2e/%2e%2e/etc"):
        answer = node.get(path)
        check(f"{path}: 404", answer.status == 404, answer)
        check(f"{path}: a sentence", not malformed_error(answer), malformed_error(answer))
    run = node.items("runs?limit=1&job=range_sum&state=COMPLETED")[0]["id"]
    for path in (f"runs/{run}/partitions/none/0", f"runs/{run}/partitions/add/999999",
                 f"runs/{run}/partitions?step=none", f"runs/{run}/skipped?step=none"):
        check(f"{path}: 404", node.get(path).status == 404, path)
    for query in ("runs?limit=0", "runs?limit=x", "runs?limit=100000", "runs?state=SLEEPY",
                  "runs?since=yesterday", "runs?nonsense=1", "runs?before=x", "runs?param.=1",
                  f"runs/{run}/partitions?state=x", f"runs/{run}/partitions?sort=x",
                  f"runs/{run}/partitions?after=x", f"runs/{run}/timeline?pixels=0",
                  f"runs/{run}/timeline?from=2030-01-01&to=2029-01-01", "changes?since=x",
                  "runs?since=-100000000d", f"runs/{run}/timeline?from=-100000000d",
                  "runs?until=2026-11-27T07:00garbage",
                  f"runs/{run}/skipped?after=x", f"runs/{run}/skipped?after=1.2",
                  f"runs/{run}/skipped?after=1.2.-3", f"runs/{run}/skipped?limit=0",
                  f"runs/{run}/events?after=x", "events?limit=0", "nodes?every=1", "health?x=1"):
        answer = node.get(query)
        check(f"{query}: 400", answer.status == 400, answer)
        check(f"{query}: a sentence", not malformed_error(answer), malformed_error(answer))


def links(check, node):
    """Several requests on one connection; some at once."""
    with Link(node.http) as link:
        for i in range(20):
            link.send(head_of(node.http, "GET", "/api/v1/health", {"Connection": None}))
            check(f"request {i} of one connection", link.answer().status == 200)
    one = head_of(node.http, "GET", "/api/v1/whoami",
                  {"Connection": None, **bearer(OPERATE)})
    last = head_of(node.http, "GET", "/api/v1/whoami", bearer(READ))
    with Link(node.http) as link:
        link.send(one * 4 + last)
        try:
            names = [link.answer().json()["name"] for _ in range(5)]
        except (Broken, TypeError, KeyError) as e:
            names = repr(e)
    check.equal("requests that come at once are answered in their order", names,
                ["anna"] * 4 + ["rob"])
    hidden = head_of(node.http, "GET", "/api/v1/whoami", bearer(READ)).encode()
    for method, path, headers, before in AMBIGUOUS:
        what = f"{method} {path} with {headers}"
        body = before + hidden
        headers = {name: str(value).format(len(body)) for name, value in headers.items()}
        with Link(node.http, 12) as link:
            link.send(head_of(node.http, method, "/api/v1/" + path, {
                **bearer(OPERATE), "Connection": None, **headers}).encode() + body)
            answers = []
            try:
                answers.append(link.answer(method))
                answers.append(link.answer())
            except Broken as e:
                answers += [None, None]
                check(f"{what} is answered, or the link is cut", answers[0] is not None
                      or "Reset" in repr(e), e)
            first, second = answers[:2]
            check(f"{what}: a status that fits",
                  first is None or first.status in (200, 400, 405, 413), first)
            # An answer to bytes that are part of a body would go to whom it is not meant for.
            check(f"{what}: its body is not the next request",
                  second is None or second.status == 400, second)
            check(f"{what}: the link is closed", link.ended(8))


def play(check, node, known):
    document = description(check, node)
    versions(check, node)
    pages(check, node, known)
    unknown(check, node)
    links(check, node)
    return document
