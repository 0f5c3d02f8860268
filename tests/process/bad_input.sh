#!/bin/sh
# Wrong input gives one clear sentence and the right exit code, and leaves nothing half-written.
. "$(dirname "$0")/lib.sh"
export PARTITA_DB="sqlite:$scratch/bad.db"
run() { "$PARTITA" run customer_etl --fast --executors 2 "$@"; }
customers 100 "$scratch/good.csv"
out="output_dir=$scratch/out"

# --- arguments
expect 2 "did you mean" "$PARTITA" rn
expect 3 "customer_etl" "$PARTITA" run customer_elt "input=x" "$out"
expect 2 "input is missing" run "$out"
expect 2 "partitions=many is not an integer" run "input=$scratch/good.csv" "$out" partitions=many
expect 2 "did you mean input" run "inputt=$scratch/good.csv" "$out"
expect 2 "nodes" run "input=$scratch/good.csv" "$out" --nodes 0
expect 2 "flag|option" run "input=$scratch/good.csv" "$out" --no-such-flag
expect 2 "password" "$PARTITA" jobs --db postgresql://u:secret@localhost/x
ok "the password is not repeated" sh -c "! grep -q secret '$scratch/stderr'"
expect 2 "unreachable_after" "$PARTITA" node --heartbeat-ms 5000
expect 2 "sqlite:|postgresql:" "$PARTITA" jobs --db mysql://x

# --- test data
expect 2 "what to write .*elixir0.* is missing" "$PARTITA" generate
expect 2 "generate sdn" "$PARTITA" generate names
expect 2 "no --seed" "$PARTITA" generate customers "$scratch/new.csv" --seed 1
expect 2 "only marc has --broken" "$PARTITA" generate customers "$scratch/new.csv" --broken 3
expect 2 "name of what to write is empty" "$PARTITA" generate customers ""
expect 1 "cannot make the folder /proc/new" "$PARTITA" generate sdn /proc/new --rows 1
expect 2 "0 to 300000" "$PARTITA" generate sdn "$scratch/new" --rows 300001
expect 4 "good.csv is there already" "$PARTITA" generate elixir0 "$scratch/good.csv"
expect 4 "good.csv is there already" "$PARTITA" generate sdn "$scratch/good.csv"
expect 1 "no-such-folder/p" "$PARTITA" generate elixir0 "$scratch/no-such-folder/p"
echo x >"$scratch/alt.csv"
expect 4 "alt.csv is there already" "$PARTITA" generate sdn "$scratch"
ok "nothing is half-written" sh -c "! ls '$scratch' | grep -q 'new\\|sdn\\|add\\|part'"

# --- what the job finds
expect 1 "no-such.csv.*No such file" run "input=$scratch/no-such.csv" "$out"
echo "id,name" >"$scratch/header.csv"
expect 1 "header.csv, line 1.*customer_id" run "input=$scratch/header.csv" "$out"
{ cat "$scratch/good.csv"; echo "C1,too,few"; } >"$scratch/few.csv"
expect 1 "few.csv, line 102: .*columns" run "input=$scratch/few.csv" "$out"
{ head -5 "$scratch/good.csv"; echo "C9,a,b,no-at-sign,2023-01-01"; } >"$scratch/mail.csv"
expect 1 "mail.csv, line 6: .*@" run "input=$scratch/mail.csv" "$out"

# --- what a partition throws is one value in the log, although it looks like another line
forged='node_fenced node=9 why='
evil=$(printf '%s/\n%s"x.csv' "$scratch" "$forged")
cp "$scratch/few.csv" "$evil"
logged() { grep -E "$1" "$scratch/stderr" | grep -Fq "\\n$forged\\\"x.csv, line 102: "; }
not_forged() {  # FORMAT, what stands before the text
  expect 1 "x.csv, line 102: .*columns" run "input=$evil" "$out" --log-format "$1"
  ok "$1: no line is forged" sh -c "! grep -q '^node_fenced' '$scratch/stderr'"
  ok "$1: the event is one line" [ "$(grep -c partition_failed "$scratch/stderr")" -eq 1 ]
  ok "$1: it has all its fields" logged "$2"
}
n='[0-9]+'
not_forged text "partition_failed run=$n job=customer_etl step=convert no=$n attempt=1 \
lease=$n node=$n why=\""
id="\"$n\"" word='"[a-z_]+"'
not_forged json "\"msg\":\"partition_failed\",\"node_name\":\"[^\"]+\",\"run\":$id,\"job\":$word,\
\"step\":$word,\"no\":$n,\"attempt\":1,\"lease\":$id,\"node\":$id,\"why\":\""
ok "no staged file is left" sh -c "! find '$scratch' -name '*.part' | grep -q ."
echo x >"$scratch/file"
expect 1 "file" run "input=$scratch/good.csv" "output_dir=$scratch/file/below"
if [ "$(id -u)" -ne 0 ]; then
  mkdir "$scratch/locked" && chmod 555 "$scratch/locked"
  expect 1 "locked.*(writ|ermission)" run "input=$scratch/good.csv" "output_dir=$scratch/locked"
  expect 5 "locked" "$PARTITA" run range_sum from=1 to=2 --db "sqlite:$scratch/locked/x.db"
else
  expect 1 "writ|Read-only|ermitted|denied|/proc" run "input=$scratch/good.csv" output_dir=/proc/x
  expect 5 "/proc/x.db" "$PARTITA" run range_sum from=1 to=2 --db sqlite:/proc/x.db
fi
expect 5 "no-such-folder" "$PARTITA" run range_sum from=1 to=2 \
  --db "sqlite:$scratch/no-such-folder/x.db"

# --- ids and states
expect 3 "999" "$PARTITA" job 999
expect 3 "999" "$PARTITA" cancel 999
expect 2 "abc" "$PARTITA" job abc
expect 0 COMPLETED "$PARTITA" run range_sum from=1 to=10 --fast
last=$("$PARTITA" jobs -o name | head -1)
expect 4 "COMPLETED" "$PARTITA" cancel "$last"
expect 4 "COMPLETED" "$PARTITA" restart "$last"
expect 2 "-o csv --skipped prints one list, once; leave out --partitions" \
  "$PARTITA" job "$last" --skipped --partitions -o csv
expect 2 "leave out --watch" "$PARTITA" job "$last" --skipped -o jsonl --watch
expect 2 "have no names" "$PARTITA" job "$last" --skipped -o name
expect 2 "items of a run, not of one partition" "$PARTITA" job "$last" 0 --skipped
expect 3 "no step none" "$PARTITA" job "$last" --skipped --step none -o csv
waiting=$("$PARTITA" submit range_sum from=1 to=11 2>/dev/null)
expect 6 "not ended" "$PARTITA" wait "$waiting" --timeout 1

expect 3 "999" "$PARTITA" verify 999
expect 2 "abc" "$PARTITA" verify abc
expect 2 "all" "$PARTITA" verify 1 --all
verified

# --- what doctor finds in an embedded database
chmod 600 "$scratch/bad.db"
expect 0 "nothing is unsafe" "$PARTITA" doctor
ok "the journal is WAL" grep -q "WAL" "$scratch/stdout"
expect 1 "1 to be cured" "$PARTITA" doctor --heartbeat-ms 5000
ok "doctor tells which setting" grep -q "^UNSAFE *settings.*unreachable_after" "$scratch/stdout"
chmod 666 "$scratch/bad.db"
expect 1 "1 to be cured" "$PARTITA" doctor -o json
ok "doctor tells that others can write the file" grep -q "can be written by others" \
  "$scratch/stdout"
chmod 600 "$scratch/bad.db"
expect 5 "none.db" "$PARTITA" doctor --db "sqlite:$scratch/none.db"

# --- a file that may only be read
if command -v setpriv >/dev/null && [ "$(id -u)" -eq 0 ]; then
  as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
  as_nobody() { "$@"; }
fi
mkdir "$scratch/public" && cp "$scratch/bad.db" "$scratch/public/read.db"
chmod 755 "$scratch" && chmod 444 "$scratch/public/read.db" && chmod 555 "$scratch/public"
if as_nobody test -x "$PARTITA" && ! as_nobody test -w "$scratch/public/read.db"; then
  read_only="--db sqlite:$scratch/public/read.db"
  for look in "jobs" "job $last --partitions" "job $last 0" "events 1" "nodes --all" "wait $last" \
    "schema status" verify; do
    # shellcheck disable=SC2086
    expect 0 "" as_nobody "$PARTITA" $look $read_only
  done
  # shellcheck disable=SC2086
  expect 1 "read.db can only be read" as_nobody "$PARTITA" submit range_sum from=1 to=3 $read_only
  # shellcheck disable=SC2086
  expect 1 "read.db can only be read" as_nobody "$PARTITA" cancel "$waiting" $read_only
  ok "nothing was written beside it" [ "$(ls "$scratch/public")" = read.db ]
else
  echo "SKIPPED: a file that may only be read, because there is no user who may not write it" >&2
fi
chmod 755 "$scratch/public"

# --- the database
expect 5 "not.*database|database" "$PARTITA" jobs --db "sqlite:$scratch/file"
expect 5 "none.db" "$PARTITA" jobs --db "sqlite:$scratch/none.db"
expect 5 "127.0.0.1.*1|refused" "$PARTITA" jobs --db postgresql://nobody@127.0.0.1:1/x
cp "$scratch/bad.db" "$scratch/old.db"
if command -v sqlite3 >/dev/null; then
  sqlite3 "$scratch/old.db" "update partita_migration set checksum = '0'"
  expect 7 "differs" "$PARTITA" node --db "sqlite:$scratch/old.db"
fi
if [ -n "${PARTITA_TEST_PG:-}" ]; then
  host="${PGHOST:-localhost}" port="${PGPORT:-5432}"
  expect 5 "password|denied|refused|failed" env PGPASSWORD=wrong PARTITA_DB= \
    "$PARTITA" jobs --db "postgresql://${PGUSER:-postgres}@$host:$port/postgres"
  expect 5 "no_such_database" "$PARTITA" jobs --db postgresql:///no_such_database
  with_database postgres
  expect 7 "schema migrate" "$PARTITA" jobs
  expect 7 "schema migrate" "$PARTITA" submit range_sum from=1 to=3
  ok "submit creates no tables" [ "$(psql -qXAt "$PARTITA_DB" -c \
    "select count(*) from pg_namespace where nspname = 'partita'")" -eq 0 ]
  expect 0 . "$PARTITA" schema migrate
  newer_by() {
    psql -qX "$PARTITA_DB" -c "update partita.migration
      set version = version + $1, works_with = works_with + $1" >/dev/null
  }
  newer_by 100
  expect 7 "schema" "$PARTITA" jobs
  expect 7 "schema" "$PARTITA" verify
  newer_by -100
  done_database
fi
finish
