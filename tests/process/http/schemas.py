"""Every answer is one that the description of the API has promised: its status and its schema."""

from urllib.parse import quote

from reads import PREFIX, filled, ids_of
from wire import ask, bearer
from world import OPERATE, READ

TYPES = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, dict),
    "array": lambda v: isinstance(v, list),
    "null": lambda v: v is None,
}


def at(document, reference):
    """What a "#/a/b" names."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
    return document


def wrong(document, schema, value, where="answer"):
    """What of a value its schema does not say. A member without a description is wrong, too."""
    if "$ref" in schema:
        return wrong(document, at(document, schema["$ref"]), value, where)
    if "anyOf" in schema:
        each = [wrong(document, one, value, where) for one in schema["anyOf"]]
        return [] if [] in each else min(each, key=len)
    kinds = schema.get("type", list(TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if not any(TYPES[kind](value) for kind in kinds):
        return [f"{where} is {value!r}, not {kinds}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{where} is {value!r}, none of {schema['enum']}"]
    if schema.get("pattern") == "^[0-9]+$" and value is not None and not value.isdecimal():
        return [f"{where} is {value!r}, no id"]
    if isinstance(value, list):
        return [w for i, one in enumerate(value)
                for w in wrong(document, schema.get("items", {}), one, f"{where}[{i}]")]
    if not isinstance(value, dict) or not {"properties", "additionalProperties"} & set(schema):
        return []
    known = schema.get("properties", {})
    found = [f"{where} has no {name}" for name in schema.get("required", []) if name not in value]
    for name, one in value.items():
        if name in known:
            found += wrong(document, known[name], one, f"{where}.{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            found += wrong(document, schema["additionalProperties"], one, f"{where}.{name}")
        else:
            found.append(f"{where}.{name} is not described")
    return found


def judged(check, document, path, method, answer):
    """The answer of an operation has a status and a form that are described."""
    what = f"{method} {path}: {answer.status}"
    responses = document["paths"][path][method]["responses"]
    if not check(f"{what} is described", str(answer.status) in responses, sorted(responses)):
        return
    response = responses[str(answer.status)]
    if "$ref" in response:
        response = at(document, response["$ref"])
    if "content" in response:
        schema = response["content"]["application/json"]["schema"]
        found = wrong(document, schema, answer.json())
        check(f"{what} fits its schema", not found, found[:5])


def references(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if isinstance(value.get("$ref"), str) else []
    inner = value.values() if isinstance(value, dict) else value
    for one in inner if isinstance(value, (dict, list)) else []:
        yield from references(one)


def everything_read(check, node, document, known):
    runs = [run["id"] for run in node.items("runs?limit=500")]
    for path, operations in sorted(document["paths"].items()):
        if "get" not in operations:
            continue
        ids = ids_of(path, known)
        for run in runs if path.startswith(PREFIX + "/runs/{id}") else [known["run"]]:
            if "/runs/" in path and "{step}" not in path:
                ids["id"] = run
            where = filled(path, ids)
            judged(check, document, path, "get", ask(node.http, where, headers=bearer(READ)))
            if "{step}" in path:
                break  # others have no step of this name
        judged(check, document, path, "get", ask(node.http, where + "?odd=1",
                                                 headers=bearer(READ)))
        if "{id}" in path:
            judged(check, document, path, "get",
                   ask(node.http, filled(path, {**ids, "id": 999999}), headers=bearer(READ)))
    for query in ("nodes?all=true", "changes?since=0", "runs?limit=500"):
        judged(check, document, PREFIX + "/" + query.partition("?")[0], "get", node.get(query))
    judged(check, document, PREFIX + "/runs/{id}/timeline", "get",
           node.get(f"runs/{known['run']}/timeline?pixels=9"))
    judged(check, document, PREFIX + "/whoami", "get", ask(node.http, PREFIX + "/whoami"))


def everything_changed(check, node, document):
    """Each change: with what fits, and what is refused."""
    slow = {"job": "range_sum", "parameters": {"from": 1, "to": 40, "partitions": 40,
                                               "delay_ms": 2000}}
    made = node.post("runs", slow)
    judged(check, document, PREFIX + "/runs", "post", made)
    run = made.json()["id"]
    check.within(20, "a run is under way", lambda: node.has_ended(run, "RUNNING"))
    name = PREFIX + "/runs/{id}/"
    for word, body in (("pause", {"note": "x"}), ("resume", {}), ("priority", {"priority": 2}),
                       ("restart", {}), ("cancel", {"now": True})):
        judged(check, document, name + word, "post", node.post(f"runs/{run}/{word}", body))
    check.within(30, "it is STOPPED", lambda: node.has_ended(run, "STOPPED"))
    for word, body in (("restart", {"skipped": "x"}), ("priority", {}), ("abandon", {}),
                       ("cancel", {})):
        judged(check, document, name + word, "post", node.post(f"runs/{run}/{word}", body))
    for path, body in (("jobs/{name}/pause", {"note": "x"}), ("jobs/{name}/resume", {}),
                       ("limits/{name}", {"slots": 2}), ("limits/{name}", {"slots": None}),
                       ("limits/{name}", {}), ("retention", {"keep_s": 86400}),
                       ("retention", {"keep_s": None}), ("retention", {}),
                       ("schedules/{name}/pause", {}), ("schedules/{name}/resume", {}),
                       ("schedules/{name}/backfill", {"from": "2999-01-01", "to": "2999-01-02"}),
                       ("schedules/{name}/backfill", {}), ("nodes/{id}/drain", {})):
        ids = {**ids_of("/" + path, {"node": 999999, "run": run})}
        where = filled(path, ids) if "limits" not in path else "limits/api"
        judged(check, document, f"{PREFIX}/{path}", "post", node.post(where, body))
    for headers, body in (({"Content-Type": "text/plain"}, b"{}"), ({"Origin": "http://x"}, b"{}"),
                          ({"Content-Length": 9_999_999}, b"{}")):
        judged(check, document, PREFIX + "/runs", "post", node.post("runs", body, headers=headers))
    judged(check, document, PREFIX + "/runs", "post", node.post("runs", slow, token=READ))
    judged(check, document, PREFIX + "/runs", "post", node.post("runs", slow, token="nobody's"))


def limits_are_told(check, document):
    """Programs that are made from the description know what must be there, and how large it is."""
    paths = document["paths"]
    required = {"runs": "job", "limits/{name}": "slots", "retention": "keep_s",
                "runs/{id}/priority": "priority", "schedules/{name}/backfill": "from"}
    for path, name in required.items():
        body = paths[f"{PREFIX}/{path}"]["post"]["requestBody"]
        schema = body["content"]["application/json"]["schema"]
        check.equal(f"{path} must have {name}", schema["required"], [name])
        check(f"{path} must have a body", body["required"])
    for path, name, least, most in (("runs", "limit", 1, 500), ("events", "limit", 1, 1000),
                                    ("runs/{id}/timeline", "pixels", 10, 10_000)):
        found = [p["schema"] for p in paths[f"{PREFIX}/{path}"]["get"]["parameters"]
                 if p["name"] == name]
        check.equal(f"{name} of {path}", [(s["minimum"], s["maximum"]) for s in found],
                    [(least, most)])
    for path in ("runs", "runs/{id}/restart"):
        check(f"{path}: Idempotency-Key", ("Idempotency-Key", "header") in [
            (p["name"], p["in"]) for p in paths[f"{PREFIX}/{path}"]["post"]["parameters"]])
    for reference in set(references(document)):
        try:
            at(document, reference)
        except KeyError:
            check(f"{reference} is there", False)


def unknown_words(check, node, known):
    """What is not understood is refused, never passed over."""
    run = known["run"]
    for query in ("nodes?all=yes", "nodes?all=1", "nodes?all", "nodes?all=true&all=false",
                  "runs?limit=1&limit=2", "runs?param.to=1&param.to=2", "whoami?x=1",
                  f"runs/{run}/partitions?sort=took&after=3",
                  f"runs/{run}/partitions?sort=took&state=FAILED"):
        answer = node.get(query, bearer(OPERATE))
        check(f"{query}: 400", answer.status == 400, answer)
    newest = int(node.get("changes").json()["newest"])
    beyond = node.get(f"changes?since={newest + 10_000_000}").json()
    check("numbers beyond the newest event say that all may have changed",
          beyond["more"] and newest <= int(beyond["newest"]) < newest + 10_000_000, beyond)
    named = node.get("changes?since=0").json()
    check("changes name nodes, too", known["node"] in named["nodes"], named["nodes"])
    details = [e["detail"] for e in node.items("events?limit=1000")]
    objects = [d for d in details if isinstance(d, dict)]
    numbers = [(name, d[name]) for d in objects
               for name in ("term", "restart_of", "schedule", "from")
               if isinstance(d.get(name), int)]
    check("ids in details are texts", not numbers, numbers[:3])
    check("there were ids", [d for d in objects if "term" in d], details[:3])
    check("a path with quotes is not found", node.get("schedules/" + quote("a'b")).status == 404)


def play(check, node, document, known):
    limits_are_told(check, document)
    unknown_words(check, node, known)
    everything_read(check, node, document, known)


def play_changes(check, node, document):
    everything_changed(check, node, document)
