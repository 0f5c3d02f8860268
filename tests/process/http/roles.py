"""With the narrow roles of PostgreSQL: a node that may not submit, one with a login that may."""

import os
import subprocess

import writes
from world import Process, partita


def psql(database, text):
    return subprocess.run(["psql", "-qX1", "-v", "ON_ERROR_STOP=1", database], input=text,
                          text=True, capture_output=True, check=False)


def runs_of_another(check, node):
    """A STOPPED run and one under way, by somebody who may."""
    found = []
    for last in (400, 500):
        code, run, said = partita("submit", "range_sum", "from=1", f"to={last}", "partitions=100",
                                  "delay_ms=300")
        check("a run is submitted by the owner", code == 0, said)
        found.append(run.strip())
        check.within(30, "it is under way", lambda: node.has_ended(found[-1], "RUNNING"))
        if last == 400:
            partita("cancel", found[-1], "--now")
            check.within(30, "it is STOPPED", lambda: node.has_ended(found[-1], "STOPPED"))
    return found


def play(check):
    admin = os.environ["PARTITA_DB"]
    name, own = admin.rsplit("/", 1)[1], os.getpid()
    host, port = os.environ.get("PGHOST", "localhost"), os.environ.get("PGPORT", "5432")
    node_role, launch_role = f"t_node_{own}", f"t_launch_{own}"
    given = psql(admin, partita("schema", "roles")[1])
    check("the roles are made", given.returncode == 0, given.stderr)
    for role, group in ((node_role, "partita_node"), (launch_role, "partita_launch")):
        made = psql(admin, f"create role {role} login password 'x' in role {group}")
        check(f"{role} is made", made.returncode == 0, made.stderr)
    env = {"PARTITA_DB": f"postgresql://{node_role}@{host}:{port}/{name}", "PGPASSWORD": "x"}
    launcher = f"postgresql://{launch_role}@{host}:{port}/{name}"
    try:
        narrow = Process("node", "--name", "narrow", "--executors", "1", env=env)
        check("it reads", narrow.get("runs").status == 200)
        check.within(10, "it is ready", lambda: narrow.probe("/readyz").status == 200)
        stopped, long = runs_of_another(check, narrow)
        for path, body in (("runs", writes.SUM), (f"runs/{long}/cancel", {}),
                           (f"runs/{stopped}/restart", {}), (f"runs/{stopped}/abandon", {})):
            answer = narrow.post(path, body)
            writes.refused(check, f"{path} with the rights of a node", answer, 403, "role_missing")
            hint = answer.error().get("hint") or ""
            check("it names the role", "partita_launch" in hint, answer)
        narrow.end(check)
        able = Process("node", "--name", "able", "--operator-db", launcher, env=env)
        answer = able.post("runs", {"job": "range_sum", "parameters": {"from": 1, "to": 12}})
        check("with --operator-db a run is submitted", answer.status == 201, answer)
        run = answer.json()["id"]
        check.within(30, "and executed", lambda: able.has_ended(run, "COMPLETED"))
        writes.logged(check, able, "RUN_SUBMITTED", run)
        found = [n["id"] for n in able.items("nodes") if n["name"] == "able"][0]
        answer = able.post(f"nodes/{found}/drain")
        check("and its node drained", answer.status == 200, answer)
        check.equal("so it leaves", able.process.wait(30), 0)
    finally:
        for process in Process.all:
            process.process.kill()
        psql(admin, f"drop owned by {node_role}, {launch_role}; drop role {node_role}, "
                    f"{launch_role}")
