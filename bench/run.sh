#!/bin/sh
# Builds the benchmarks and runs them against SQLite and a private PostgreSQL that is gone
# afterwards. Prints one JSON line a measurement. How fast a cluster takes over takes longer to
# measure, and has a program of its own: bench/failover.py.
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
need_packages $build_packages postgresql postgresql-common
cmake --preset release >&2
cmake --build --preset release --target claim_throughput >&2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bench=build/release/claim_throughput
$bench "sqlite:$folder/bench.db" 100000 2
pg_virtualenv -t -c --locale=C.UTF-8 -o max_connections=200 $bench postgresql:///postgres 100000 2
