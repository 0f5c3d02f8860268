#!/bin/sh
# The HTTP server: what it answers, to friends and to enemies; http_test.py and http/ hold the checks.
#   PARTITA              the program
#   PARTITA_FUZZ_SEEDS, PARTITA_CONNECTIONS, SEED: see http_test.py
. "$(dirname "$0")/lib.sh"
for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  checks=$((checks + 1))
  if ! python3 "$(dirname "$0")/http_test.py" "$kind" "$@"; then
    failures=$((failures + 1))
    echo "FAILED: $kind: see above" >&2
  fi
  done_database
done
finish
