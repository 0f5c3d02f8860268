#!/bin/sh
# What has ended is purged: by hand and by the nodes themselves, on each database.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
rows_of() {  # RUN: in tables that hold something of it
  sql "select (select count(*) from @step where run_id = $1)
            + (select count(*) from @event where run_id = $1)
            + (select count(*) from @purging where run_id = $1)"
}
is_gone() { [ "$(rows_of "$1")" -eq 0 ]; }
run_once() { "$PARTITA" run range_sum from=1 "to=$1" partitions=20 >/dev/null 2>&1; }
newest() { sql "select max(run_id) from @run"; }

expect 2 "purge needs --ended-before" "$PARTITA" purge
expect 2 "--ended-before must be a time in the past" "$PARTITA" purge --ended-before soon
expect 2 "--ended-before must be a time in the past" "$PARTITA" purge --ended-before 2990-01-01
expect 2 "must be CREATED" "$PARTITA" purge --ended-before 1s --state DONE
expect 2 "keep-last must be a whole number" "$PARTITA" purge --ended-before 1s --keep-last few
expect 2 "retention needs a word" "$PARTITA" retention
expect 2 "is like 30d, 12h or 90m, not long" "$PARTITA" retention set long

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 "runs are kept for ever" "$PARTITA" retention list
  expect 3 "no node has told of a job range_sun" "$PARTITA" retention set 1d --job range_sun

  run_once 100
  first=$(newest)
  run_once 200
  second=$(newest)
  expect 0 "0 runs are purged" "$PARTITA" purge --ended-before 1d
  expect 0 "1 runs would be purged" "$PARTITA" purge --ended-before 0s --keep-last 1 --dry-run
  ok "$kind: a dry run names the run" said "^$first\$"
  ok "$kind: and changes nothing" [ "$(rows_of "$first")" -gt 0 ]
  expect 0 "1 runs are purged" "$PARTITA" purge --ended-before 0s --keep-last 1
  ok "$kind: all that it had is gone" is_gone "$first"
  ok "$kind: what is kept is whole" [ "$(rows_of "$second")" -gt 0 ]
  expect 0 "" "$PARTITA" job "$first"
  ok "$kind: it says that it is purged" said "how it ended is kept"
  ok "$kind: its row says how it ended" said COMPLETED
  expect 0 "" "$PARTITA" jobs
  ok "$kind: lists leave it out" sh -c "! grep -q \"^ *$first \" '$scratch/stdout'"
  expect 4 "was purged" "$PARTITA" restart "$first"

  # A node does it by itself, as soon as it is told to.
  "$PARTITA" node --name keeper --executors 2 --fast 2>>"$scratch/keeper.log" &
  keeper=$!
  expect 0 "are purged 1s after their end" "$PARTITA" retention set 1s
  expect 0 "" "$PARTITA" retention list
  ok "$kind: for all jobs" said "all others"
  ok "$kind: the node purges what is past its time" wait_for 60 is_gone "$second"
  expect 0 "purged 90d after their end, but for the last 5" \
    "$PARTITA" retention set 90d --job range_sum --keep-last 5
  expect 0 "" "$PARTITA" retention list -o jsonl
  ok "$kind: in seconds" said '"keep_s": *7776000'
  expect 0 "nothing is stored any more" "$PARTITA" retention rm --job range_sum
  expect 0 "everything checked holds" "$PARTITA" verify
  expect 0 . "$PARTITA" verify "$second"
  kill -TERM "$keeper"
  wait "$keeper"
  ok "$kind: the node's log tells of it" grep -q runs_purged "$scratch/keeper.log"
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
done
finish
