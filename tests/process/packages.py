#!/usr/bin/env python3
"""What packages, units, container and Kubernetes manifests say fits the program and each other.

  PARTITA=PROGRAM tests/process/packages.py

`apps/packaging/try_deb.sh` tries them for real. Exit codes: 0 all fits, 1 not, 77 no python3-yaml.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

try:
    import yaml
except ImportError:
    print("SKIPPED: packages, because python3-yaml is not installed", file=sys.stderr)
    sys.exit(77)

PROGRAM = os.environ["PARTITA"]
PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "apps" / "packaging"
END_S = 10  # after the drain grace: stop graces, and the end of sessions
checks, failures = 0, 0


def check(what, condition):
    global checks, failures
    checks += 1
    if not condition:
        failures += 1
        print(f"FAILED: {what}", file=sys.stderr)


def help_of(command):
    return subprocess.run([PROGRAM, "help", command], capture_output=True, text=True,
                          check=True).stdout


def known_variables():
    names = {"PARTITA_DB_FILE"}
    for command in ("node", "serve"):
        names |= set(re.findall(r"\[(PARTITA_\w+)\]", help_of(command)))
    return names


def drain_grace_s():
    return int(re.search(r"--drain-grace-ms.*\((\d+)\)", help_of("node")).group(1)) / 1000


def values_of(unit):
    """By name; of a name that stands there twice, the last."""
    text = (PACKAGING / "systemd" / unit).read_text()
    return dict(re.findall(r"^(\w+)=(.*)$", text, re.M))


def check_units():
    for command in ("node", "serve"):
        unit = values_of(f"partita-{command}.service")
        check(f"{command}: the unit runs it", unit["ExecStart"] == f"/usr/bin/partita {command}")
        check(f"{command}: Type=notify with a watchdog",
              unit["Type"] == "notify" and int(unit["WatchdogSec"]) > 0)
        settings = f"/etc/partita/{command}.env"
        check(f"{command}: reads its settings, if any", unit["EnvironmentFile"] == "-" + settings)
        check(f"{command}: they are a conffile",
              settings in (PACKAGING / "debian" / "conffiles").read_text().splitlines())
        lines = (PACKAGING / "systemd" / f"{command}.env").read_text().splitlines()
        check(f"{command}: its settings are all comments",
              all(not line or line.startswith("#") for line in lines))
    node = values_of("partita-node.service")
    check("the node's unit waits for a drain",
          int(node["TimeoutStopSec"]) > drain_grace_s() + END_S)
    check("a signal reaches the node and not what it has started", node["KillMode"] == "mixed")
    if shutil.which("systemd-analyze"):
        for unit in sorted((PACKAGING / "systemd").glob("*.service")):
            said = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True,
                                  text=True).stderr.splitlines()
            wrong = [line for line in said if unit.name in line and "is not executable" not in line]
            check(f"{unit.name}: {wrong}", not wrong)


def check_variables():
    known = known_variables()
    for path in sorted(PACKAGING.rglob("*")):
        if path.suffix in (".env", ".yaml") or path.name == "Containerfile":
            unknown = set(re.findall(r"\bPARTITA_\w*[A-Z]", path.read_text())) - known
            check(f"{path.name} names variables that nothing reads: {unknown}", not unknown)


def check_pod(name, pod, user):
    check(f"{name}: no user but that of the image",
          {pod["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {user}
          and pod["securityContext"]["runAsNonRoot"])
    check(f"{name}: no token of the cluster", pod["automountServiceAccountToken"] is False)
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in pod["containers"]:
        rights = container["securityContext"]
        check(f"{name}: nothing more than it needs",
              rights["readOnlyRootFilesystem"] and not rights["allowPrivilegeEscalation"]
              and rights["capabilities"]["drop"] == ["ALL"])
        check(f"{name}: its volumes", {m["name"] for m in container["volumeMounts"]} == volumes)
        check(f"{name}: its secrets may be read by its group, not by all",
              all(v["secret"]["defaultMode"] == 0o440 for v in pod["volumes"] if "secret" in v))


def check_deployment(name, spec, ports):
    labels = spec["template"]["metadata"]["labels"]
    check(f"{name}: selects its own pods", spec["selector"]["matchLabels"] == labels)
    container = spec["template"]["spec"]["containers"][0]
    for probe, path in (("startupProbe", "/startupz"), ("livenessProbe", "/livez"),
                        ("readinessProbe", "/readyz")):
        check(f"{name}: {probe}", container[probe]["httpGet"] == {"path": path, "port": "probes"})
        check(f"{name}: {probe} waits for 5 s", container[probe]["timeoutSeconds"] >= 5)
    found = {port["name"]: port["containerPort"] for port in container["ports"]}
    check(f"{name}: its ports", found.items() <= ports.items() and "probes" in found)


def check_kubernetes():
    containerfile = (PACKAGING / "container" / "Containerfile").read_text()
    user = int(re.search(r"^USER (\d+):\1$", containerfile, re.M).group(1))
    files = sorted((PACKAGING / "kubernetes").glob("*.yaml"))
    everything = [(path.name, one) for path in files
                  for one in yaml.safe_load_all(path.read_text())]
    kinds = {(one["kind"], one.get("metadata", {}).get("name")): one for _, one in everything}
    check("no secret stands there", not any(kind == "Secret" for kind, _ in kinds))
    settings = {key: value for (kind, _), one in kinds.items() if kind == "ConfigMap"
                for key, value in one["data"].items()}
    check("settings are texts", all(isinstance(value, str) for value in settings.values()))
    ports = {"http": int(settings["PARTITA_HTTP"].rpartition(":")[2]),
             "probes": int(settings["PARTITA_PROBES"].rpartition(":")[2])}
    check("the image's health is asked for at the port of probes",
          f"127.0.0.1:{ports['probes']}" in containerfile)
    for (kind, name), one in kinds.items():
        if kind in ("Deployment", "Job"):
            check_pod(name, one["spec"]["template"]["spec"], user)
        if kind == "Deployment":
            check_deployment(name, one["spec"], ports)
    node = kinds["Deployment", "partita-node"]["spec"]
    grace = int(settings["PARTITA_DRAIN_GRACE_MS"]) / 1000
    check("a pod is given the time to drain",
          node["template"]["spec"]["terminationGracePeriodSeconds"] > grace + END_S)
    check("the budget is that of the nodes",
          kinds["PodDisruptionBudget", "partita-node"]["spec"]["selector"] == node["selector"])
    container = node["template"]["spec"]["containers"][0]
    check("as many executors as cores",
          container["resources"]["requests"]["cpu"] == settings["PARTITA_EXECUTORS"])
    serve = kinds["Deployment", "partita-serve"]["spec"]["selector"]["matchLabels"]
    check("the service leads to the page",
          kinds["Service", "partita"]["spec"]["selector"] == serve)
    listed = set(kinds["Kustomization", None]["resources"])
    check("every file is applied, but the migration by itself",
          listed == {path.name for path in files} - {"kustomization.yaml", "migrate.yaml"})


check_units()
check_variables()
check_kubernetes()
print(f"{checks} checks, {failures} failed")
sys.exit(1 if failures else 0)
