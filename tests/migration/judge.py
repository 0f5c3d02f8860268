"""Checks, and what the files of a migration must hold."""

import filecmp
import itertools
import json
import os

from records import id_of, is_broken

SUFFIXES = ("_entity", "_entity-error", "_error")
CLAIM = "migration.json"  # of which run they are


class Checks:
    """Prints each; `failed` has the sentences of those that do not hold."""

    def __init__(self):
        self.count, self.failed = 0, []

    def that(self, what, good, otherwise=""):
        self.count += 1
        if good:
            print(f"  ok      {what}", flush=True)
            return
        self.failed.append(f"{what}: {otherwise}" if otherwise else what)
        print(f"  FAILED  {self.failed[-1]}", flush=True)

    @staticmethod
    def note(what):
        print(f"          {what}", flush=True)

    def none_of(self, what, problems):
        """Holds where there are no problems; some are shown."""
        shown = list(itertools.islice(problems, 5))
        self.that(what, not shown, "; ".join(shown))


def chunks_of(numbers, size):
    return -(-len(numbers) // size)


def lines_of(path):
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


def wrong_names(folder, chunks):
    wanted = {f"{chunk}{suffix}" for chunk in range(chunks) for suffix in SUFFIXES} | {CLAIM}
    there = set(os.listdir(folder))
    yield from (f"{name} is missing" for name in sorted(wanted - there))
    yield from (f"{name} is there" for name in sorted(there - wanted))


def wrong_chunks(folder, numbers, size, broken=is_broken):
    """Each record that belongs to a chunk is in its files exactly once, as what it is."""
    for chunk in range(chunks_of(numbers, size)):
        own = numbers[chunk * size:(chunk + 1) * size]
        path = f"{folder}/{chunk}"
        try:
            mapped = [json.loads(line)["id"] for line in lines_of(path + "_entity")]
            failed = [line.split(",")[0] for line in lines_of(path + "_error")]
            kept = len(lines_of(path + "_entity-error"))
        except (OSError, ValueError, KeyError) as e:
            yield f"chunk {chunk}: {e!r}"
            continue
        if mapped != [id_of(n) for n in own if not broken(n)]:
            yield f"chunk {chunk}: its {len(mapped)} entities are not those of its records"
        if failed != [id_of(n) for n in own if broken(n)] or kept != len(failed):
            yield f"chunk {chunk}: {len(failed)} errors, {kept} records kept, not those broken"


def different(folder, other):
    """Names, and contents to the byte."""
    names, others = set(os.listdir(folder)) - {CLAIM}, set(os.listdir(other)) - {CLAIM}
    yield from (f"only one has {name}" for name in sorted(names ^ others))
    for name in sorted(names & others):
        if not filecmp.cmp(f"{folder}/{name}", f"{other}/{name}", shallow=False):
            yield f"{name} differs"


def stamps(folder):
    """What tells whether a file was written again: by name, its inode and when it changed."""
    return {entry.name: (entry.inode(), entry.stat().st_mtime_ns)
            for entry in os.scandir(folder) if entry.name != CLAIM}
