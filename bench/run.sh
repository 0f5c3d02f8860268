#!/bin/sh
# Builds the benchmarks and runs them all against SQLite and a private PostgreSQL that is gone
# afterwards: bench/run.sh [--quick] (at most five minutes), or see bench/run.py --help. How fast a
# cluster takes over takes longer to measure, and has a program of its own: bench/failover.py.
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
need_packages $build_packages postgresql python3
cmake --preset release >&2
cmake --build --preset release --target benchmarks >&2
exec python3 bench/run.py "$@"
