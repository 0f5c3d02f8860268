#!/usr/bin/env python3
"""Plays the last stage of a Containerfile without a container engine: prints a shell script.

  play.py Containerfile build    its RUN lines, for root in a clean root
  play.py Containerfile start    its ENTRYPOINT with its CMD, or with the words given to the script,
                                 with its ENV, WORKDIR and USER, and without any capability
  play.py Containerfile health   the same for its HEALTHCHECK
What it does not know is an error.
"""
import json
import re
import shlex
import sys

KNOWN = {"RUN", "ENV", "WORKDIR", "USER", "EXPOSE", "STOPSIGNAL", "HEALTHCHECK", "ENTRYPOINT",
         "CMD"}


def instructions(path):
    """Of the last stage, as (word, rest) pairs."""
    with open(path) as f:
        lines = [line for line in f if not line.startswith("#")]
    joined = re.sub(r"\\\n", " ", "".join(lines))
    stage = []
    for line in filter(str.strip, joined.split("\n")):
        word, rest = line.split(None, 1)
        if word == "FROM":
            stage = []
        elif word in KNOWN:
            stage.append((word, rest.strip()))
        else:
            stage.append((None, line))
    unknown = [rest for word, rest in stage if word is None]
    if unknown:
        sys.exit(f"{path}: not understood: {unknown[0]}")
    return stage


def words_of(text):
    return " ".join(shlex.quote(word) for word in json.loads(text))


def main():
    path, what = sys.argv[1:]
    stage = instructions(path)
    last = dict(stage)
    print("set -eu")
    if what == "build":
        for word, rest in stage:
            if word == "RUN":
                print(re.sub(r"^(--\S+\s+)+", "", rest))
        return
    if what == "start":
        print(f'[ $# -gt 0 ] || set -- {words_of(last["CMD"])}')
        words = words_of(last["ENTRYPOINT"])
    else:
        words = words_of(last["HEALTHCHECK"][last["HEALTHCHECK"].index("CMD") + 3:].strip())
    settings = " ".join(shlex.quote(one) for word, rest in stage if word == "ENV"
                        for one in shlex.split(rest))
    user, group = last["USER"].split(":")
    print(f'cd {shlex.quote(last["WORKDIR"])}')
    print(f"exec env {settings} setpriv --reuid={user} --regid={group} --groups={group} "
          f'--bounding-set=-all --inh-caps=-all --no-new-privs {words} "$@"')


main()
