"""A long history: counts stop at a limit, pages stay pages."""

import time

ROWS = 10_050  # http.sh has put so many runs there: ids from 1, to=1, to=2, …


def walk(server, query):
    """All ids of a choice, page by page, and how many pages that took."""
    found, before, pages = [], "", 0
    while pages < 400:
        page = server.get(f"runs?{query}{before}").json() or {}
        found += [run["parameters"]["to"] for run in page.get("items", [])]
        pages += 1
        if page.get("next") is None:
            return found, pages
        before = "&before=" + page["next"]
    return found, pages


def play(check, server):
    whole = {"count": 10_000, "capped": True}
    check.equal("a count stops", server.get("runs/count").json(), whole)
    check.equal("also of a choice", server.get("runs/count?job=range_sum&since=-9d").json(), whole)
    failed = [to for to in range(ROWS, 0, -1) if to % 10 == 0]
    check.equal("a smaller one is exact", server.get("runs/count?state=FAILED").json(),
                {"count": len(failed), "capped": False})
    began = time.monotonic()
    found, pages = walk(server, "state=FAILED&limit=250")
    check.equal("pages of the FAILED give each once, newest first", found, failed)
    check("in few pages", pages <= 6, pages)
    begins = [to for to in range(ROWS, 0, -1) if str(to).startswith("77")]
    found, pages = walk(server, "param.to=77*&limit=50")
    check.equal("so do pages of those with a parameter", found, begins)
    check("in few pages", pages <= 8, pages)
    check.equal("the count of those", server.get("runs/count?param.to=77*").json()["count"],
                len(begins))
    check.equal("a single one is found", walk(server, "param.to=10049&limit=50")[0], [10_049])
    check.equal("and an old one", walk(server, "param.to=3&limit=50")[0], [3])
    check.equal("and one that is not there", walk(server, "param.to=x&limit=50")[0], [])
    took = time.monotonic() - began
    check("all that within 30 s", took < 30, took)
    newest = server.items("runs?limit=1")[0]
    check.equal("the newest", newest["parameters"]["to"], ROWS)
    health = server.get("health").json()
    check("health says that no node is at work",
          [w for w in health["warnings"] if w["code"] == "no_node"], health)
