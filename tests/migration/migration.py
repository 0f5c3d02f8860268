#!/usr/bin/env python3
"""A migration of MARC records as its users live through it: two tenants, faults, a retry.

  tests/migration/migration.py --binary build/release/partita          1,000,000 records
  tests/run.sh -R migration                                            4,000, as ctest plays it

Starts a private PostgreSQL with a table of records, half of them of each tenant, a few of them
broken. Each tenant alone, on one node, gives the files that must come out. Then:

  1. Both at once on three nodes. A run is stopped and restarted, and a node that drives a run is
     killed, each as soon as so much is done. Both must progress at the same rate, every record must
     be in the files of its chunk exactly once, and the files be the same to the byte.
  2. A migration of all records in which a few chunks fail. When their cause is mended, a restart
     must read and write these chunks, and no others.

Prints each check, and at the end a line of JSON. The exit code is 1 when one does not hold, and 77
when PostgreSQL is not installed. Ends only processes that it started.
"""

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, HERE + "/../chaos", HERE + "/../ha"]

from disturbed import play_alone, play_disturbed  # noqa: E402
from faults import end_leftovers  # noqa: E402
from judge import Checks  # noqa: E402
from nodes import Cluster, Wrong  # noqa: E402
from records import generated, load, make_views  # noqa: E402
from retry import play_retry  # noqa: E402
from server import DatabaseDown, bin_folder  # noqa: E402
from trio import TooLate  # noqa: E402


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True, help="partita, as it was built")
    p.add_argument("--records", type=int, default=1_000_000, help="of both tenants together")
    p.add_argument("--chunk-size", type=int, default=500, help="records of a chunk")
    p.add_argument("--failing", type=int, default=20, help="chunks that fail in the second play")
    p.add_argument("--executors", type=int, default=2, help="of each node")
    p.add_argument("--fast", action="store_true", help="short timers of the nodes")
    p.add_argument("--delay-ms", type=float, default=0,
                   help="what each record takes to be read in the first play, for small sizes")
    p.add_argument("--lease-hold-ms", type=int,
                   help="work of a lease: tenants are equal over longer times than that")
    p.add_argument("--limit", type=float, default=1800, help="seconds that a wait may last")
    p.add_argument("--keep", action="store_true", help="leaves the folder even if all went well")
    args = p.parse_args()
    args.binary = os.path.abspath(args.binary)
    return args


def has_postgres():
    try:
        return os.path.exists(bin_folder() + "/initdb") and shutil.which("psql")
    except (OSError, IndexError, ValueError):
        return False


def play(args, folder, checks):
    """The figures of all plays."""
    with Cluster(args, folder) as cluster:
        begun = time.monotonic()
        records = load(cluster.server, generated(args.binary, folder, args.records, cluster.env))
        checks.note(f"{records:,} records are loaded, in {time.monotonic() - begun:.0f} s")
        make_views(cluster.server, 0)
        cluster.add_nodes(1)
        alone = play_alone(cluster)
        checks.note(f"each tenant alone, on one node: {alone[0]} s, {alone[1]} s")
        make_views(cluster.server, args.delay_ms)
        cluster.add_nodes(2)
        print("two tenants at once on three nodes:", flush=True)
        figures = {"records": records, "chunk_size": args.chunk_size, "nodes": 3,
                   "executors": args.executors, "fast": args.fast, "delay_ms": args.delay_ms,
                   "alone_s": alone}
        figures.update(play_disturbed(cluster, checks, records))
        print("chunks that fail, and are tried again:", flush=True)
        figures.update(play_retry(cluster, checks, records))
        cluster.command("verify", "--all")
        checks.none_of("nodes tell of no trouble", cluster.troubles())
    return figures


def main():
    args = arguments()
    if not has_postgres():
        print("SKIPPED: a migration, because PostgreSQL is not installed")
        return 77
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="partita-migration.")
    os.chmod(folder, 0o755)
    os.environ["PARTITA_TEST_MARK"] = folder
    checks, figures = Checks(), {}
    try:
        figures = play(args, folder, checks)
    except (Wrong, TooLate, RuntimeError, DatabaseDown) as e:
        checks.that("it can be played to its end", False, str(e))
    finally:
        end_leftovers(folder)
        if figures and not checks.failed and not args.keep:
            shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({**figures, "checks": checks.count, "failed": checks.failed}), flush=True)
    if checks.failed:
        print(f"{len(checks.failed)} of {checks.count} checks do not hold; logs and files: "
              + folder)
        return 1
    print(f"all {checks.count} checks hold")
    return 0


if __name__ == "__main__":
    sys.exit(main())
