#!/bin/sh
# Planted bugs that depend on locks between sessions: the simulation, which has one thread, cannot
# see them. Real sessions that meet in a fixed order (tests/storage/interleavings_test.cpp) must
# find each, and nothing where there is none. Prints a table: which test found which.
#   PLANTED_LOCKS   the program with the bugs in it
if [ -z "${PARTITA_TEST_PG:-}" ]; then
  echo "SKIPPED: planted locks, because PARTITA_TEST_PG is not set" >&2
  exit 77
fi
export PARTITA_TEST_ONLY=postgres
out=$(mktemp)
trap 'rm -f "$out"' EXIT
failed=0

if ! "$PLANTED_LOCKS" >"$out" 2>&1; then
  cat "$out"
  echo "without a planted bug something was found"
  exit 1
fi
printf '| planted bug | found by |\n|---|---|\n'
for bug in claim_without_locking_the_node step_ends_without_waiting_for_claims \
  sweep_without_the_lock report_without_locking_the_lease seal_without_locking_the_nodes \
  chunk_looks_before_the_lock balance_without_the_lock limits_without_the_lock \
  queue_without_the_lock purge_without_the_lock
do
  if PARTITA_PLANTED_BUG="postgres_$bug" "$PLANTED_LOCKS" >"$out" 2>/dev/null
  then by="NOT FOUND"; failed=$((failed + 1))
  else by=$(grep -B1 '^-----' "$out" | grep '^[a-z].* .* ' | head -1)
  fi
  echo "| postgres_$bug | $by |"
done
echo "10 planted bugs, $failed not found"
[ "$failed" -eq 0 ]
