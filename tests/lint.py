#!/usr/bin/env python3
"""clang-tidy over the C++ of the tree, with the checks of .clang-tidy.

  tests/lint.py               files that were not found clean before, newest change first, for
                              a minute at most; says how many are left
  tests/lint.py --all         all of those, however long it takes (a tree that is not known yet:
                              about a quarter of an hour on two cores)
  tests/lint.py FILE...       these, whether or not they were found clean before

What was found clean is remembered by the contents of the file and of every file of ours that it
includes, so another checkout need not look again. Needs no build: how a file is compiled by itself,
without its neighbours, is told by a configured tree of its own, build/lint.
Exit codes: 0 clean, 1 not, 77 no clang-tidy 14.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(ROOT, "build", "lint")
MEMORY = os.path.join(os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")),
                      "partita-lint")
BUDGET_S = 60
# The planted engine compiles the same files once more, and so do programs with generated sources.
LEFT_OUT = re.compile(r"planted_engine|thread_tests|planted_locks|/_deps/")


def clang_tidy():
    """The program of Debian 12, or nothing: each version has other checks."""
    for name in ("clang-tidy-14", "clang-tidy"):
        path = shutil.which(name)
        if path and "version 14." in subprocess.run([path, "--version"], capture_output=True,
                                                    text=True).stdout:
            return path
    return None


def commands():
    """By file of the tree: how it is compiled, without what only GCC understands."""
    done = subprocess.run(["cmake", "--preset", "dev", "-B", BUILD, "-DCMAKE_UNITY_BUILD=OFF"],
                          cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"the tree cannot be configured in {BUILD}:\n{done.stderr}")
    with open(os.path.join(BUILD, "compile_commands.json")) as f:
        entries = json.load(f)
    found = {}
    for entry in entries:
        path = os.path.relpath(entry["file"], ROOT)
        if path.startswith(("..", "build")) or LEFT_OUT.search(entry["command"]):
            continue
        words = entry["command"].split()
        while "-include" in words:  # a precompiled header: every file includes what it needs
            at = words.index("-include")
            del words[at:at + 2]
        # Warnings are the compiler's business, and sanitizers are GCC's here.
        words = [w for w in words if not re.match(r"-W(?!shadow$)|-f(no-)?sanitize", w)]
        found.setdefault(path, dict(entry, command=" ".join(words)))
    return found


@functools.cache
def named_in(path):
    """The files of the tree that a file includes itself: they are named from the root."""
    with open(os.path.join(ROOT, path), encoding="utf-8") as f:
        names = re.findall(r'^#include "([^"]+)"', f.read(), re.M)
    return [name for name in names if os.path.exists(os.path.join(ROOT, name))]


def included_in(path):
    """The file and every file of the tree that goes into it."""
    found, todo = set(), [path]
    while todo:
        at = todo.pop()
        if at not in found:
            found.add(at)
            todo += named_in(at)
    return sorted(os.path.join(ROOT, at) for at in found)


def digest(program, entry, files):
    h = hashlib.sha256()
    words = [w for w in entry["command"].split() if w.startswith(("-D", "-std"))]
    h.update((program + " ".join(words)).replace(ROOT, "").encode())
    for path in [os.path.join(ROOT, ".clang-tidy")] + files:
        with open(path, "rb") as f:
            h.update(os.path.relpath(path, ROOT).encode() + b"\0" + f.read())
    return h.hexdigest()


def check(program, database, path):
    """Returns what is wrong with the file; nothing if it is clean."""
    done = subprocess.run([program, "-p", database, "--quiet", os.path.join(ROOT, path)],
                          capture_output=True, text=True)
    if done.returncode == 0:
        return ""
    return done.stdout + ("" if done.stdout.strip() else done.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("files", nargs="*", metavar="FILE")
    args = parser.parse_args()

    program = clang_tidy()
    if not program:
        print("SKIPPED: lint, because clang-tidy 14 is not installed", file=sys.stderr)
        return 77
    known = commands()
    for path in args.files:
        if os.path.relpath(os.path.abspath(path), ROOT) not in known:
            sys.exit(f"{path} is not compiled; give a .cpp file of the tree")
    wanted = [os.path.relpath(os.path.abspath(p), ROOT) for p in args.files] or list(known)

    database = os.path.join(BUILD, "clang")
    os.makedirs(database, exist_ok=True)
    os.makedirs(MEMORY, exist_ok=True)
    with open(os.path.join(database, "compile_commands.json"), "w") as f:
        json.dump(list(known.values()), f)

    todo = []
    for path in wanted:
        entry = known[path]
        files = included_in(path)
        stamp = os.path.join(MEMORY, digest(program, entry, files))
        if args.files or not os.path.exists(stamp):
            todo.append((max(os.path.getmtime(p) for p in files), path, stamp))
    todo.sort(reverse=True)

    end = time.monotonic() + (float("inf") if args.all or args.files else BUDGET_S)
    clean, bad, left = 0, [], 0

    def one(item):
        if time.monotonic() >= end:
            return item, None
        return item, check(program, database, item[1])

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for (_, path, stamp), wrong in pool.map(one, todo):
            if wrong is None:
                left += 1
            elif wrong:
                bad.append(path)
                print(wrong, flush=True)
            else:
                clean += 1
                open(stamp, "w").close()
    print(f"clang-tidy: {len(wanted)} files, {len(wanted) - len(todo)} found clean before, "
          f"{clean} now, {len(bad)} not clean")
    if left:
        print(f"LEFT OUT: {left} files, for lack of time; tests/lint.py --all checks them")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
