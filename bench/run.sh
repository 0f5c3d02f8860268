#!/bin/sh
# Builds the benchmarks and runs them all against SQLite and a private PostgreSQL that is gone
# afterwards: bench/run.sh [--quick] (at most five minutes), or see bench/run.py --help. Whether the
# working tree is slower than an older commit: bench/compare.sh. How fast a cluster takes over takes
# longer to measure, and has a program of its own: bench/failover.py.
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
case " $* " in
*" --publish "* | *" --help "* | *" -h "*) need_packages python3 python3-matplotlib ;;
*)
  need_packages $build_packages postgresql python3 python3-matplotlib
  cmake --preset release >&2
  cmake --build --preset release --target benchmarks >&2
  ;;
esac
exec /usr/bin/python3 bench/run.py "$@" # the one that has Debian's packages
