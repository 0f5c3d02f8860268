#!/bin/sh
# Chunks: the author's rows are there exactly once, and his files are the same to the byte, whatever
# becomes of the processes.
#   HARD_JOBS   a program with a job that writes a table without any key
#   PARTITA_ITEMS, PARTITA_KILLERS   items of one partition, and how many crash their process
. "$(dirname "$0")/lib.sh"
PARTITA=$HARD_JOBS
# A crash is a crash, with sanitizers too.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0"

items=${PARTITA_ITEMS:-20000} killers=${PARTITA_KILLERS:-2}

# exactly_once PARTITIONS: entries 0 to 59 of each, but for 13 and 17.
exactly_once() {
  found=$(sql 'select count(*), count(distinct no * 100 + entry), min(entry), max(entry)
               from ledger')
  [ "$found" = "$((58 * $1))|$((58 * $1))|0|59" ]
}

# at_least_once PARTITIONS [ROWS]: in the database elsewhere; exactly so many rows, if given.
at_least_once() {
  found=$(sqlite3 "${elsewhere#sqlite:}" \
    'select count(distinct no * 100 + entry), count(*) from ledger')
  [ "${found%|*}" = "$((58 * $1))" ] && [ "${found#*|}" -ge "${2:-0}" ] &&
    { [ -z "${2:-}" ] || [ "${found#*|}" = "$2" ]; }
}

# files_are_whole PARTITIONS: each holds entries 0 to 59, but for 13 and 17, and there is nothing
# else.
files_are_whole() {
  { echo entry; seq 0 59 | grep -vx '13\|17'; } >"$scratch/expected.csv"
  for part in $(seq 0 $(($1 - 1))); do
    cmp "$scratch/expected.csv" "$scratch/out/entries-$part.csv" || return 1
  done
  [ "$(ls -A "$scratch/out" | wc -l)" = "$1" ] || { ls -A "$scratch/out"; return 1; }
}

# kill_two BEGUN JOB PARAMETER...: the job on three nodes, two of which die once BEGUN holds.
kill_two() {
  begun=$1
  shift
  "$PARTITA" run "$@" --nodes 3 --executors 2 --fast >/dev/null 2>"$scratch/run.err" &
  runner=$!
  ok "$kind, $1: it has begun" wait_for 30 "$begun"
  for victim in $(pgrep -P "$runner" | head -2); do
    kill -9 "$victim"
    sleep 0.4
  done
  wait "$runner"
  ok "$kind, $1, two nodes killed: COMPLETED" grep -q COMPLETED "$scratch/run.err"
}

# mend_and_restart RUN: what was missing is there; the run that continues it is left in $again.
mend_and_restart() {
  touch "$scratch/mended"
  again=$("$PARTITA" restart "$1" 2>/dev/null)
  "$PARTITA" node --executors 2 --fast 2>/dev/null &
  node=$!
  expect 0 COMPLETED "$PARTITA" wait "$again" --timeout 60
  kill "$node"
  wait "$node"
  rm "$scratch/mended"
}

clear_files() { rm -rf "$scratch/out"; mkdir "$scratch/out"; }
some_files() { [ "$(ls -A "$scratch/out" | wc -l)" -gt 3 ]; }
clear_ledger() { sql "delete from ledger"; }
some_elsewhere() {
  [ "$(sqlite3 "${elsewhere#sqlite:}" '.timeout 9000' 'select count(*) from ledger')" -gt 400 ]
}
some_rows() { [ "$(sql 'select count(*) from ledger')" -gt 60 ]; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  sql "create table ledger_copy (no bigint not null, entry integer not null)"
  sql "create table ledger (no bigint not null, entry integer not null check (entry <> 17))"

  for job in ledger ledger_isolated; do
    expect 0 COMPLETED "$PARTITA" run $job partitions=6 healthy_ms=0 --nodes 2 --fast
    ok "$kind, $job: each entry once" exactly_once 6
    run=$("$PARTITA" jobs --limit 1 -o name)
    let_go=$("$PARTITA" job "$run" --skipped -o csv | grep -c 'entry 14,no number\|entry 18,')
    ok "$kind, $job: what was let go is listed" [ "$let_go" -eq 12 ]
    "$PARTITA" job "$run" --skipped -o json >"$scratch/run.json"
    ok "$kind, $job: the run says how many" grep -q '"skipped":12[,}]' "$scratch/run.json"
    ok "$kind, $job: CSV has a heading and a line for each" \
      [ "$("$PARTITA" job "$run" --skipped -o csv | wc -l)" -eq 13 ]
    ok "$kind, $job: JSON lines have a line for each" \
      [ "$("$PARTITA" job "$run" --skipped -o jsonl | grep -c '"place":')" -eq 12 ]
    ok "$kind, $job: --limit holds" \
      [ "$("$PARTITA" job "$run" --skipped --limit 5 -o jsonl | wc -l)" -eq 5 ]
    expect 2 "--limit must be a whole number from 1" "$PARTITA" job "$run" --partitions --limit 0
    ok "$kind, $job: before anything is printed" [ ! -s "$scratch/stdout" ]
    for reader in copy cursor; do
      expect 0 COMPLETED "$PARTITA" run "$reader${job#ledger}" partitions=6 --nodes 2 --fast
      copied=$(sql 'select count(*), count(distinct no * 100 + entry) from ledger_copy')
      ok "$kind, $reader${job#ledger}: each row once more" [ "$copied" = '348|348' ]
      sql "delete from ledger_copy"
    done
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

  # An item that crashes its process is found and let go; everything else is there once.
  expect 0 COMPLETED "$PARTITA" run ledger_of_killers partitions=4 healthy_ms=0 bad=1,3 --nodes 1 \
    --executors 2 --fast
  run=$("$PARTITA" jobs --limit 1 -o name)
  found=$(sql 'select count(*), count(distinct no * 100 + entry),
    sum(case when entry = 30 then no end) from ledger')
  ok "$kind, killers: all but them, once" [ "$found" = '230|230|2' ]
  ok "$kind, killers: they are listed" [ "$("$PARTITA" job "$run" --skipped -o csv |
    grep -c 'entry 31,.*its process')" -eq 2 ]
  clear_ledger

  # Each costs two process starts for each halving of a chunk of 500, at most.
  : >"$scratch/starts"
  expect 0 COMPLETED "$PARTITA" run many_items "items=$items" "killers=$killers" \
    "journal=$scratch/starts" --nodes 1 --executors 1 --fast
  run=$("$PARTITA" jobs --limit 1 -o name)
  ok "$kind, $killers killers in $items items: each other one once" \
    [ "$(sql 'select count(*) - count(distinct entry), count(*) from ledger')" = \
    "0|$((items - killers))" ]
  ok "$kind, $killers killers in $items items: all of them let go" \
    [ "$("$PARTITA" job "$run" --skipped --limit 1000 -o csv |
    grep -c 'its process was ended')" = "$killers" ]
  ok "$kind: by at most $((2 * killers * 9)) starts more" \
    [ "$(wc -l <"$scratch/starts")" -le $((2 * killers * 9 + 1)) ]
  echo "$kind: $killers killers in $items items: $(wc -l <"$scratch/starts") processes"
  clear_ledger

  # After a FAILED run `restart` goes on behind the last chunk that is stored.
  expect 1 "1 of 4 partitions failed; partition 2: .*planted" "$PARTITA" run ledger partitions=4 \
    healthy_ms=0 bad=2 how=missing "journal=$scratch/mended" --nodes 1 --fast
  run=$("$PARTITA" jobs --limit 1 -o name)
  ok "$kind: the chunks before the failure stand" \
    [ "$(sql 'select count(*) from ledger where no = 2')" = 26 ]
  mend_and_restart "$run"
  ok "$kind, restart: each entry once" exactly_once 4
  ok "$kind, restart: what was let go is listed there, too" \
    [ "$("$PARTITA" job "$again" --skipped -o csv | grep -c ',READ,\|,WRITE,')" -eq 8 ]
  clear_ledger

  # Nodes are killed in the middle.
  kill_two some_rows ledger partitions=40 healthy_ms=5
  ok "$kind, two nodes killed: each entry once" exactly_once 40

  # The author's tables in another database: each entry at least once.
  clear_ledger
  elsewhere="sqlite:$scratch/elsewhere-$kind.db"
  tables="create table ledger (no bigint not null, entry integer not null check (entry <> 17))"
  sqlite3 "${elsewhere#sqlite:}" "$tables"
  expect 0 COMPLETED "$PARTITA" run ledger partitions=6 healthy_ms=0 --nodes 2 --fast \
    --author-db "$elsewhere"
  ok "$kind: nothing is in the engine's database" [ "$(sql 'select count(*) from ledger')" = 0 ]
  ok "$kind, elsewhere: each entry once, where nobody died" at_least_once 6 348
  ok "$kind, elsewhere: no table of the engine" \
    [ "$(sqlite3 "${elsewhere#sqlite:}" .tables | tr -d ' ')" = ledger ]
  kill_two some_elsewhere ledger partitions=40 healthy_ms=5 --author-db "$elsewhere"
  ok "$kind, elsewhere, two nodes killed: each entry at least once" at_least_once 40
  expect 2 "--author-db sqlite: names no file" "$PARTITA" run ledger partitions=1 \
    --author-db sqlite:
  expect 5 "--author-db names nowhere.db, and there is no such file" "$PARTITA" run ledger \
    partitions=1 --author-db sqlite:nowhere.db
  ok "$kind, elsewhere: it is said" grep -q \
    "rows go to $elsewhere .*at least once" "$scratch/run.err"
  if [ "$kind" = postgres ]; then
    expect 0 COMPLETED "$PARTITA" run ledger partitions=6 healthy_ms=0 --nodes 2 --fast \
      --db "sqlite:$scratch/engine.db" --author-db "$PARTITA_DB"
    ok "sqlite, elsewhere in postgresql: each entry once" exactly_once 6
    expect 2 "PARTITA_AUTHOR_DB" "$PARTITA" node --author-db postgresql://me:secret@nowhere/db
  fi

  # Files: killed nodes, crashing bodies, a restart.
  clear_files
  kill_two some_files files partitions=40 "folder=$scratch/out"
  ok "$kind, files, two nodes killed: whole" files_are_whole 40
  for how in segfault throw; do
    clear_files
    expect 0 COMPLETED "$PARTITA" run files_isolated partitions=5 bad=1,3 tries=2 "how=$how" \
      "folder=$scratch/out" --nodes 1 --executors 2 --fast
    ok "$kind, files, isolated $how: whole" files_are_whole 5
    ok "$kind, files, isolated $how: it is known which they are" \
      [ "$(sql "select count(*) from @result where files like '%identities%'")" -ge 5 ]
  done
  clear_files
  expect 0 COMPLETED "$PARTITA" run files_of_killers partitions=1 bad=0 "folder=$scratch/out" \
    --nodes 1 --fast
  { echo entry; seq 0 59 | grep -vx '13\|17\|30'; } >"$scratch/expected.csv"
  ok "$kind, files, killers: whole, but for them" \
    cmp "$scratch/expected.csv" "$scratch/out/entries-0.csv"
  ok "$kind, files, killers: nothing is left over" [ "$(ls -A "$scratch/out" | wc -l)" -eq 1 ]
  clear_files
  expect 1 "1 of 4 partitions failed; partition 2: .*planted" "$PARTITA" run files partitions=4 \
    bad=2 how=missing "journal=$scratch/mended" "folder=$scratch/out" --nodes 1 --fast
  ok "$kind, files: what was staged stays" \
    [ "$(ls -A "$scratch/out" | grep -c 'entries-2.csv.run-.*.goes-on.part')" -gt 0 ]
  mend_and_restart "$("$PARTITA" jobs --limit 1 -o name)"
  ok "$kind, files, restart: whole" files_are_whole 4
  done_database
done
finish
