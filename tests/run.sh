#!/bin/sh
# Installs what is missing, builds with sanitizers, and runs all tests, with a private PostgreSQL
# that is gone afterwards, two at a time. Arguments go to ctest: `tests/run.sh -R storage`.
set -eu
cd "$(dirname "$0")/.."
. apps/packages.sh
need_packages $build_packages $test_packages
cmake --preset dev
cmake --build --preset dev
# pg_virtualenv: a throw-away cluster; PGHOST, PGPORT, PGUSER and PGPASSWORD point to it.
exec pg_virtualenv -t -c --locale=C.UTF-8 -o max_connections=200 \
  env PARTITA_TEST_PG=postgresql:///postgres \
  ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1 \
  ctest --preset dev --timeout 1200 --parallel 2 "$@"
