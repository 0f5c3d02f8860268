#!/bin/sh
# Traces: one span a lease, each sent once; a collector that is away, slow or broken harms nobody.
# The checks are in traces_test.py.
#   PARTITA   the program
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 "" python3 "$here/traces_test.py"
  done_database
done
finish
