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
start_keeper() {  # leaves its process id in $keeper
  "$PARTITA" node --name keeper --executors 2 --fast 2>>"$scratch/keeper.log" &
  keeper=$!
}
stop_keeper() {
  kill -TERM "$keeper"
  wait "$keeper"
}

# A run of a job whose files go with it, in this folder, in chunks of so many records.
map_records() {
  "$PARTITA" run marc_map "input=$scratch/records.mrc" "output_dir=$1" "chunk_size=$2" \
    overwrite=true --nodes 1 --fast >"$scratch/map.out" 2>&1 || cat "$scratch/map.out" >&2
  newest
}
files_in() { find "$1" -type f ! -name migration.json | sort; }
count_in() { files_in "$1" | wc -l; }
results_of() {
  sql "select count(*) from @result where step_id in (select step_id from @step where run_id = $1)"
}

# Files go with their run, those that it has written and no others, and before its rows.
purge_files() {
  out="$scratch/$kind-out"
  first=$(map_records "$out" 120)
  names=$(files_in "$out")
  ok "$kind: it has written files" [ "$(count_in "$out")" -ge 10 ]
  second=$(map_records "$out" 120)  # replaces all of them
  customers 50 "$scratch/in.csv"
  expect 0 . "$PARTITA" run customer_etl "input=$scratch/in.csv" "output_dir=$scratch/$kind-etl" \
    --nodes 1 --fast
  third=$(newest)
  expect 0 "1 runs are purged" "$PARTITA" purge --ended-before 0s --job customer_etl
  ok "$kind: nothing waits for nodes" sh -c "! grep -q 'removed by nodes' '$scratch/stderr'"
  ok "$kind: its rows are gone" is_gone "$third"
  ok "$kind: files of a job that does not ask for it stay" complete 50 "$scratch/$kind-etl"
  expect 0 "files of 1 runs are removed by nodes" \
    "$PARTITA" purge --ended-before 0s --job marc_map --keep-last 1
  ok "$kind: their rows wait" [ "$(results_of "$first")" -ge 10 ]
  start_keeper
  ok "$kind: a node removes what is left of the run" wait_for 60 is_gone "$first"
  ok "$kind: files that a newer run has replaced stay" [ "$(files_in "$out")" = "$names" ]
  echo more >>"$out/0_entity"
  expect 0 . "$PARTITA" retention set 1s --job marc_map
  ok "$kind: the newer run is purged by the node" wait_for 60 is_gone "$second"
  ok "$kind: of its files only the one that was edited is left" \
    [ "$(files_in "$out")" = "$out/0_entity" ]
  stop_keeper
  ok "$kind: the log tells how many" grep -q files_removed "$scratch/keeper.log"
  expect 0 . "$PARTITA" retention rm --job marc_map
}

# What a node that dies has not removed, another one does; the rows are there until then.
lose_the_keeper() {
  out="$scratch/$kind-lost"
  run=$(map_records "$out" 4)
  all=$(count_in "$out")
  rows=$(results_of "$run")
  ok "$kind: many partitions have written files" [ "$all" -ge 300 ]
  expect 0 "files of 1 runs are removed by nodes" "$PARTITA" purge --ended-before 0s
  start_keeper
  some_are_gone() { [ "$(count_in "$out")" -lt "$all" ]; }
  ok "$kind: the node removes files" wait_for 60 some_are_gone
  kill -9 "$keeper"
  wait "$keeper" 2>/dev/null
  left=$(count_in "$out")
  ok "$kind: $left files left, no row is gone" \
    [ "$left" -eq 0 -o "$(results_of "$run")" -eq "$rows" ]
  start_keeper
  ok "$kind: another node does the rest" wait_for 90 is_gone "$run"
  ok "$kind: all files are gone" [ "$(count_in "$out")" -eq 0 ]
  stop_keeper
}

expect 2 "purge needs --ended-before" "$PARTITA" purge
expect 2 "--ended-before must be a time in the past" "$PARTITA" purge --ended-before soon
expect 2 "--ended-before must be a time in the past" "$PARTITA" purge --ended-before 2990-01-01
expect 2 "must be CREATED" "$PARTITA" purge --ended-before 1s --state DONE
expect 2 "keep-last must be a whole number" "$PARTITA" purge --ended-before 1s --keep-last few
expect 2 "retention needs a word" "$PARTITA" retention
expect 2 "is like 30d, 12h or 90m, not long" "$PARTITA" retention set long

expect 0 . "$PARTITA" generate marc "$scratch/records.mrc" --rows 1200 --seed 7

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
  start_keeper
  expect 0 "are purged 1s after their end" "$PARTITA" retention set 1s
  expect 0 "" "$PARTITA" retention list
  ok "$kind: for all jobs" said "all others"
  ok "$kind: the node purges what is past its time" wait_for 60 is_gone "$second"
  expect 0 "purged 90d after their end, but for the last 5" \
    "$PARTITA" retention set 90d --job range_sum --keep-last 5
  expect 0 "" "$PARTITA" retention list -o jsonl
  ok "$kind: in seconds" said '"keep_s": *7776000'
  expect 0 "" "$PARTITA" retention list -o json
  ok "$kind: with how many runs still have rows" said '"next":null,"purging":[0-9]+\}'
  expect 0 "nothing is stored any more" "$PARTITA" retention rm --job range_sum
  expect 0 "everything checked holds" "$PARTITA" verify
  expect 0 . "$PARTITA" verify "$second"
  stop_keeper
  ok "$kind: the node's log tells of it" grep -q runs_purged "$scratch/keeper.log"
  expect 0 "nothing is stored any more" "$PARTITA" retention rm

  purge_files
  lose_the_keeper
  done_database
done
finish
