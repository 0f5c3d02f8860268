"""The queues that are measured beside Partita: installing them, and how they are started.

Exact versions stand in bench/peers/package.json (npm; the npm package `node` too, for machines
whose own Node is too old) and bench/peers/river/go.mod. All goes into a folder that is gone
afterwards. A peer that cannot be had is left out: loudly here, and as such in the tables.
"""

import json
import os
import re
import shutil
import subprocess

from child import environment, output_of, say

root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PINNED = root + "/bench/peers"
PEERS = ("graphile-worker", "pg-boss", "river")


class Missing(Exception):
    """Why a peer cannot be had, in a sentence."""


def run_in(folder, *command):
    """The output of an installer. What it says when it fails goes to stderr, and in short into
    the table."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "it does not say why").splitlines()
        say("\n".join(said))
        short = next((line for line in said if "error" in line.lower()), said[-1])
        raise Missing(f"{' '.join(command[:2])} failed: {short[:100]}")
    return done.stdout


def version_of(text):
    return tuple(map(int, re.findall(r"\d+", text)[:3]))


def new_enough_node(path, least):
    found = output_of(path, "--version") if path else ""
    return bool(found) and version_of(found) >= version_of(least)


def install_npm(folder):
    """The command of the Node to run them with. npm brings one where ours is too old."""
    if not shutil.which("npm"):
        raise Missing("there is no npm here (apt-get install nodejs npm)")
    os.makedirs(folder)
    shutil.copy(PINNED + "/package.json", folder)
    with open(folder + "/package.json") as f:
        least = json.load(f)["engines"]["node"]
    ours = shutil.which("node")
    enough = new_enough_node(ours, least)
    run_in(folder, "npm", "install", "--no-audit", "--no-fund",
           *(["--omit=optional"] if enough else []))
    node = ours if enough else folder + "/node_modules/.bin/node"
    if not new_enough_node(node, least):
        raise Missing(f"it needs Node {least}, here is {output_of('node', '--version') or 'none'}, "
                      "and the one of npm does not run")
    return [node, root + "/bench/peers.js"]


def build_river(folder):
    if not shutil.which("go"):
        raise Missing("there is no go here (see bench/peers/river/go.mod for its version)")
    shutil.copytree(PINNED + "/river", folder)
    run_in(folder, "go", "build", "-mod=readonly", "-o", "river", ".")
    return [folder + "/river"]


class Peers:
    """Installed in `folder` when first needed."""

    def __init__(self, folder):
        self.folder = folder
        self.kits = {}  # npm or go: a command, or the Missing of it

    def kit(self, name, install):
        if name not in self.kits:
            say(f"installing the peers of {name}")
            try:
                self.kits[name] = install(f"{self.folder}/{name}")
            except Missing as why:
                self.kits[name] = why
        return self.kits[name]

    def command(self, peer, url, jobs, processes):
        """Raises Missing."""
        if peer == "river":
            found, words = self.kit("go", build_river), [url, jobs, processes]
        else:
            found, words = self.kit("npm", install_npm), [peer, url, jobs, processes]
        if isinstance(found, Missing):
            raise found
        return [*found, *map(str, words)]

    def cwd(self, peer):
        """Where the command runs: Node finds what was installed there."""
        return f"{self.folder}/{'go' if peer == 'river' else 'npm'}"


def left_out(peer, why):
    """The line that stands for a peer without figures."""
    say(f"LEFT OUT: {peer}: {why}")
    return {"bench": "peer", "peer": peer, "left_out": str(why)}
