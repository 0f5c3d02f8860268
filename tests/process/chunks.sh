#!/bin/sh
# Chunks: the author's rows are there exactly once, whatever becomes of the processes.
#   HARD_JOBS   a program with a job that writes a table without any key
. "$(dirname "$0")/lib.sh"
PARTITA=$HARD_JOBS
# A crash is a crash, with sanitizers too.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0"

# exactly_once PARTITIONS: entries 0 to 59 of each, but for 13 and 17.
exactly_once() {
  [ "$(sql 'select count(*), count(distinct no * 100 + entry), min(entry), max(entry)
            from ledger')" = \
    "$((58 * $1))|$((58 * $1))|0|59" ]
}
clear_ledger() { sql "delete from ledger"; }
some_rows() { [ "$(sql 'select count(*) from ledger')" -gt 60 ]; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  sql "create table ledger (no bigint not null, entry integer not null check (entry <> 17))"

  for job in ledger ledger_isolated; do
    expect 0 COMPLETED "$PARTITA" run $job partitions=6 healthy_ms=0 --nodes 2 --fast
    ok "$kind, $job: each entry once" exactly_once 6
    run=$("$PARTITA" jobs --limit 1 -o name)
    let_go=$("$PARTITA" job "$run" --skipped -o csv | grep -c 'entry 14,no number\|entry 18,')
    ok "$kind, $job: what was let go is listed" [ "$let_go" -eq 12 ]
    clear_ledger
  done

  # A body that crashes in the middle of a transaction, in its node and in a process of its own.
  for how in segfault kill throw; do
    expect 0 COMPLETED "$PARTITA" run ledger_isolated partitions=5 healthy_ms=0 bad=1,3 tries=2 \
      "how=$how" --nodes 1 --executors 2 --fast
    ok "$kind, isolated $how: each entry once" exactly_once 5
    clear_ledger
  done
  expect 0 COMPLETED "$PARTITA" run ledger partitions=5 healthy_ms=0 bad=2 tries=1 how=abort \
    --nodes 1 --executors 2 --fast
  ok "$kind: its node crashed with it: each entry once" exactly_once 5
  clear_ledger

  # After a FAILED run `restart` goes on behind the last chunk that is stored.
  expect 1 "1 of 4 partitions failed; partition 2: .*planted" "$PARTITA" run ledger partitions=4 \
    healthy_ms=0 bad=2 how=missing "journal=$scratch/mended" --nodes 1 --fast
  run=$("$PARTITA" jobs --limit 1 -o name)
  ok "$kind: the chunks before the failure stand" \
    [ "$(sql 'select count(*) from ledger where no = 2')" = 26 ]
  touch "$scratch/mended"
  again=$("$PARTITA" restart "$run" 2>/dev/null)
  "$PARTITA" node --executors 2 --fast 2>/dev/null &
  node=$!
  expect 0 COMPLETED "$PARTITA" wait "$again" --timeout 60
  ok "$kind, restart: each entry once" exactly_once 4
  ok "$kind, restart: what was let go is listed there, too" \
    [ "$("$PARTITA" job "$again" --skipped -o csv | grep -c ',READ,\|,WRITE,')" -eq 8 ]
  kill "$node"
  wait "$node"
  rm "$scratch/mended"
  clear_ledger

  # Nodes are killed in the middle.
  "$PARTITA" run ledger partitions=40 healthy_ms=5 --nodes 3 --executors 2 --fast \
    >/dev/null 2>"$scratch/run.err" &
  runner=$!
  ok "$kind: it has begun" wait_for 30 some_rows
  for victim in $(pgrep -P "$runner" | head -2); do
    kill -9 "$victim"
    sleep 0.4
  done
  wait "$runner"
  ok "$kind, two nodes killed: COMPLETED" grep -q COMPLETED "$scratch/run.err"
  ok "$kind, two nodes killed: each entry once" exactly_once 40
  done_database
done
finish
