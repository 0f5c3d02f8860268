"""Who may do what: tokens, hosts, origins; files of tokens; addresses; what is kept secret."""

import itertools
import os
import random
import stat

from wire import ask, bearer, malformed_error, unsafe_header
from world import OPERATE, READ, Process, file_of, partita

HOSTS = {"right": None, "localhost": "localhost", "with port": "127.0.0.1:{port}",
         "a name that was rebound": "evil.example:{port}", "none": False, "empty": ""}
ORIGINS = {"none": None, "same": "http://{host}", "other": "https://evil.example",
           "other port": "http://127.0.0.1:1", "null": "null",
           "prefix": "http://{host}.evil.example"}
SITES = [None, "same-origin", "none", "same-site", "cross-site", "x"]
TYPES = ["application/json", "application/json; charset=utf-8", "text/plain", None,
         "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
         "application/jsonp", "text/json"]
TOKENS = {"none": None, "wrong": "Bearer wrong-Canary0123456789abcdef", "read": "Bearer " + READ,
          "operate": "Bearer " + OPERATE, "other scheme": "Basic " + OPERATE,
          "half": "Bearer " + OPERATE[:-1], "longer": "Bearer " + OPERATE + "x", "empty": "Bearer "}


def headers_for(port, host, origin, site, kind, token):
    """Headers of one cell of the matrix, and whether they may change something."""
    named = HOSTS[host]
    name = f"127.0.0.1:{port}" if named is None else (named or "").format(port=port)
    headers = {"Host": None if named is False else name, "Authorization": TOKENS[token],
               "Sec-Fetch-Site": site, "Content-Type": kind}
    given = ORIGINS[origin]
    headers["Origin"] = given and given.format(host=name)
    allowed = (host in ("right", "localhost", "with port") and origin in ("none", "same")
               and site in (None, "same-origin", "none") and token == "operate"
               and kind in TYPES[:2])
    return headers, allowed


def matrix(check, server):
    """Each combination on one route that finds nothing; a sample on those that would do harm."""
    before = server.count_runs()
    cells = list(itertools.product(HOSTS, ORIGINS, SITES, TYPES, TOKENS))
    rng = random.Random(7)
    likely = [c for c in cells if c[4] == "operate" and c[0] in ("right", "localhost")]
    chosen = rng.sample(cells, 500) + rng.sample(likely, 300)
    run = '{"job":"range_sum","parameters":{"from":1,"to":3}}'.encode()
    harm = [("runs", run), ("runs/1/cancel", b'{"now":true}'), ("runs/1/restart", b"{}"),
            ("runs/1/abandon", b"{}"), ("runs/1/pause", b"{}"), ("limits/api", b'{"slots":0}'),
            ("nodes/1/drain", b"{}")]
    allowed_count = 0
    for cell in chosen:
        headers, allowed = headers_for(server.http, *cell)
        path, body = ("nodes/999999/drain", b"{}") if allowed else rng.choice(harm)
        answer = ask(server.http, "/api/v1/" + path, "POST", headers, body)
        statuses = {404} if allowed else {401, 403, 415}
        if (cell[3] or "").startswith("multipart"):
            statuses |= {400}  # the body is no such thing
        allowed_count += allowed
        check(f"{path} with {cell}: {statuses}", answer.status in statuses, answer)
        check(f"{path} with {cell}: a sentence", not malformed_error(answer), answer)
        if cell[4] in ("none", "wrong", "half") and answer.status == 401:
            check("401 says how", answer.header("www-authenticate").startswith("Bearer"))
    check("some cells were allowed", allowed_count > 5, allowed_count)
    for method in ("PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = ask(server.http, "/api/v1/runs", method, bearer(OPERATE), run)
        check(f"{method} changes nothing", answer.status == 405, answer)
    check.equal("no run came of it", server.count_runs(), before)
    states = {n["state"] for n in server.items("nodes?all=true")}
    check("no node drains", "DRAINING" not in states, states)


def rebinding(check, server):
    """A page of another site has pointed its name here."""
    for path in ("/api/v1/runs", "/api/v1/health", "/api/v1/events", "/api/v1/whoami",
                 "/api/v1/nodes", "/api/v1/jobs", "/metrics", "/readyz?verbose"):
        answer = ask(server.http, path, headers={"Host": "evil.example", **bearer(READ)})
        check(f"{path} for a rebound name: 403", answer.status == 403, answer)
    for host in ("127.0.0.1.evil.example", "localhost.evil.example", "[", ":80", "[]:1",
                 "127.0.0.1@evil.example", "evil.example%00", "%6cocalhost.evil.example"):
        answer = ask(server.http, "/api/v1/runs", headers={"Host": host})
        check(f"Host {host!r}: refused", answer.status in (400, 403), answer)
        check(f"Host {host!r}: a sentence", not malformed_error(answer), answer)


def who(check, server):
    for token, expected in ((OPERATE, ("anna", "operate")), (READ, ("rob", "read"))):
        shown = server.get("whoami", bearer(token)).json() or {}
        check.equal("whoami", (shown.get("name"), shown.get("role")), expected)
    for headers in ({}, bearer("x" * 20), {"Authorization": OPERATE}):
        check(f"whoami with {headers}: 401", server.get("whoami", headers).status == 401)
    check("may_operate", server.get("health").json()["may_operate"] is True)


def refuses(check, what, words, *flags, code=2, env=None, command="serve"):
    """It does not start, and says why."""
    try:
        found, _, said = partita(command, *flags, env=env, timeout=30)
    except Exception as e:  # pylint: disable=broad-except
        found, said = "nothing", repr(e)
    check.equal(f"{what}: exit code", found, code)
    check(f"{what}: says {words!r}", words in said, said)
    check(f"{what}: no token in it", OPERATE not in said and "secret-token" not in said, said)


def beginnings(check, server):
    """What is refused before anything is served."""
    nodes = [n["id"] for n in server.items("nodes?all=true")]
    good = file_of(f"anna operate {OPERATE}\n")
    for address in ("0.0.0.0:0", "[::]:0"):
        for command in ("serve", "node"):
            refuses(check, f"{command} --http {address} without tokens", "tokens", "--http",
                    address, command=command)
    token = "secret-token-0123456789"
    files = {
        "that everybody may read": (f"a read {token}\n", 0o644, "everybody"),
        "that everybody may write": (f"a read {token}\n", 0o602, "everybody"),
        "that its group may write": (f"a read {token}\n", 0o620, "group"),
        "with a role that is none": (f"a admin {token}\n", 0o600, "line 1"),
        "with too few words": ("# x\n\na read\n", 0o600, "line 3"),
        "with too many words": (f"a read {token} more\n", 0o600, "line 1"),
        "with a short token": ("a read short\n", 0o600, "line 1"),
        "with a long token": (f"a read {'x' * 600}\n", 0o600, "line 1"),
        "with a token twice": (f"a read {token}\nb operate {token}\n", 0o600, "twice"),
        "with two roles of a name": (f"a read {token}\na operate {token}-2\n", 0o600,
                                     "gives a another role in line 2"),
        "without a token": ("# nobody\n", 0o600, "no token"),
    }
    for what, (text, mode, words) in files.items():
        path = file_of(text, mode)
        refuses(check, f"a file of tokens {what}", words, "--http", "127.0.0.1:0",
                "--http-tokens", path)
    refuses(check, "a file of tokens that is not there", "cannot be read", "--http",
            "127.0.0.1:0", "--http-tokens", "/nowhere/tokens")
    check.equal("a good file stays as it is", stat.S_IMODE(os.stat(good).st_mode), 0o600)
    for command in ("serve", "node"):
        for flag, port in (("--http", server.http), ("--probes", server.probes)):
            others = [] if flag == "--http" else ["--http", "127.0.0.1:0"]
            refuses(check, f"{command} {flag} at a port that is taken", "in use", flag,
                    f"127.0.0.1:{port}", *others, command=command, code=1)
    for address in ("127.0.0.1", "127.0.0.1:x", ":80", "127.0.0.1:70000", "::1:80"):
        for command in ("serve", "node"):
            refuses(check, f"{command} --http {address}", "HOST:PORT", "--http", address,
                    "--http-tokens", good, command=command)
    refuses(check, "--http at no address of this machine", "not an address of this machine",
            "--http", "nowhere.invalid:80", "--http-tokens", good, code=1)
    refuses(check, "a node with no tokens there", "cannot be read", "--http", "127.0.0.1:0",
            "--http-tokens", "/nowhere/tokens", command="node")
    check.equal("no node that is refused has joined",
                [n["id"] for n in server.items("nodes?all=true")], nodes)
    refuses(check, "a password in --operator-db", "password", "--http", "127.0.0.1:0",
            "--operator-db", "postgresql://u:Canary-secret@localhost/x")


def reachable(check):
    """On an address that others reach everything takes a token."""
    server = Process("serve", http="0.0.0.0:0")
    for path in ("runs", "health", "nodes", "jobs", "events", "changes", "throughput", "runs/1",
                 "runs/1/timeline", "runs/count"):
        for headers, status in (({}, 401), (bearer("x" * 20), 401), (bearer(READ), 200)):
            answer = server.get(path, headers)
            fits = answer.status == status or (status == 200 and path.startswith("runs/1")
                                               and answer.status == 404)
            check(f"{path} of a reachable server with {headers}: {status}", fits, answer)
    for path in ("/metrics", "/readyz?verbose"):
        answer = ask(server.http, path)
        check(f"{path} of a reachable server without a token: 401", answer.status == 401, answer)
        answer = ask(server.http, path, headers=bearer(READ))
        check(f"{path} with one: 200", answer.status == 200, answer)
        check(f"{path} on --probes: 200", server.probe(path).status == 200)
    check("the page itself is open, to ask for the token", ask(server.http, "/").status == 200)
    check("livez is open", ask(server.http, "/livez").status == 200)
    answer = ask(server.http, "/api/v1/runs", headers={**bearer(READ), "Host": "evil.example"})
    check("a rebound name is refused there too", answer.status == 403, answer)
    check("safe headers", not unsafe_header(answer), unsafe_header(answer))
    server.end(check)
    named = Process("serve", "--http-names", "jobs.example,other.example")
    answer = named.get("runs", {"Host": "jobs.example:8443"})
    check("--http-names are known", answer.status == 200, answer)
    check("others are not", named.get("runs", {"Host": "x.jobs.example"}).status == 403)
    check("case does not count",
          named.get("runs", {"Host": "Jobs.EXAMPLE.", "Accept-Encoding": "gzip;q=0"}).status == 200)
    named.end(check)
    bare = Process("serve", tokens=None)
    check("without tokens everybody may read", bare.get("runs").status == 200)
    check("and nobody may change", bare.post("runs", {"job": "range_sum"}).status == 401)
    check("the page is told so", bare.get("health").json()["may_operate"] is False)
    bare.end(check)


def play(check, server):
    matrix(check, server)
    rebinding(check, server)
    who(check, server)
    beginnings(check, server)
    reachable(check)
