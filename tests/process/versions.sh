#!/bin/sh
# Two versions of the program on one database: nodes of the older one go on through the migration
# that the newer one brings, and both share the work. A schema that needs more is refused. While a
# cluster is upgraded, a run that began on old nodes comes to its right end on new ones.
#   PARTITA_NEXT   the program with one migration more (tests/next)
#   WORDS          a program that knows other jobs
. "$(dirname "$0")/lib.sh"

start_node() {  # PROGRAM NAME: leaves its process id in $node
  "$1" node --name "$2" --executors 2 --fast 2>>"$scratch/$2.log" &
  node=$!
  wait_for 20 sh -c "'$PARTITA' nodes -o json | grep -q '\"name\": *\"$2\"'" ||
    echo "node $2 did not join: $(tail -3 "$scratch/$2.log")" >&2
}
worked() { "$PARTITA" job "$1" --partitions --limit 2000 -o json | grep -q "\"name\": *\"$2\""; }
version_of() { sql "select max(version) from @migration"; }

migrate() { expect 0 "schema version 16" "$PARTITA_NEXT" schema migrate; }
start_new_nodes() {  # leaves their process ids in $news
  start_node "$PARTITA_NEXT" new-a
  news=$node
  start_node "$PARTITA_NEXT" new-b
  news="$news $node"
}
ends_in_order() {  # WHAT PID...: they drain and end
  what=$1
  shift
  kill -TERM "$@"
  for process in "$@"; do
    wait "$process"
    code=$?
    ok "$what drains: exit code 0, not $code" [ "$code" -eq 0 ]
  done
}

# upgrade DATABASE WHEN: the schema is migrated before, while or after new nodes join.
upgrade() {
  with_database "$1"
  at="$1, migrated $2 new nodes join"
  expect 0 "schema version 15" "$PARTITA" schema migrate
  start_node "$PARTITA" old-a
  olds=$node
  start_node "$PARTITA" old-b
  olds="$olds $node"
  run=$("$PARTITA" submit range_sum from=1 to=40000 partitions=1000 delay_ms=50 2>/dev/null)
  ok "$at: the run begins" wait_for 20 worked "$run" old-a
  case $2 in
    before) migrate; start_new_nodes ;;
    while)
      "$PARTITA_NEXT" schema migrate 2>"$scratch/migrate.err" &
      migration=$!
      start_new_nodes
      wait "$migration"
      code=$?
      ok "$at: exit code 0, not $code: $(cat "$scratch/migrate.err")" [ "$code" -eq 0 ]
      ;;
    after)
      start_new_nodes
      ok "$at: a new node works with the older schema" wait_for 20 worked "$run" new-a
      ok "$at: which is still the older one" [ "$(version_of)" = 15 ]
      migrate
      ;;
  esac
  ok "$at: the schema is the newer one" [ "$(version_of)" = 16 ]
  ok "$at: the run goes on" sh -c "'$PARTITA' job $run -o json | grep -q RUNNING"
  # shellcheck disable=SC2086
  ends_in_order "$at: an old node" $olds
  expect 0 COMPLETED "$PARTITA_NEXT" wait "$run" --timeout 120
  ok "$at: the sum is right" sh -c "'$PARTITA_NEXT' job $run -o json | grep -q 800020000"
  ok "$at: old and new nodes had their share" sh -c \
    "'$PARTITA_NEXT' job $run --partitions --limit 2000 -o json >'$scratch/job' &&
    grep -q '\"old-' '$scratch/job' && grep -q '\"new-' '$scratch/job'"
  ok "$at: no node was given up" sh -c \
    "! '$PARTITA_NEXT' nodes --all -o json | grep -q 'UNREACHABLE\|CONDEMNED\|DEREGISTERED'"
  # shellcheck disable=SC2086
  ends_in_order "$at: a new node" $news
  expect 0 "everything checked holds" "$PARTITA_NEXT" verify
  done_database
}

for kind in $(databases); do
  with_database "$kind"
  expect 0 "schema version 15" "$PARTITA" schema migrate
  start_node "$PARTITA" old
  old=$node
  first=$("$PARTITA" submit range_sum from=1 to=4000 partitions=200 delay_ms=50 2>/dev/null)
  ok "$kind: the run begins" wait_for 10 worked "$first" old

  expect 0 "schema version 16" "$PARTITA_NEXT" schema migrate
  ok "$kind: the schema is the newer one" [ "$(version_of)" = 16 ]
  start_node "$PARTITA_NEXT" new
  new=$node
  expect 0 COMPLETED "$PARTITA" wait "$first" --timeout 60
  ok "$kind: the newer node took its share" worked "$first" new
  second=$("$PARTITA_NEXT" submit range_sum from=1 to=400 partitions=40 delay_ms=50 2>/dev/null)
  expect 0 COMPLETED "$PARTITA_NEXT" wait "$second" --timeout 60
  ok "$kind: the older node took its share" worked "$second" old
  ok "$kind: the sums are right" sh -c "'$PARTITA' job $first -o json | grep -q 8002000 &&
    '$PARTITA_NEXT' job $second -o json | grep -q 80200"

  # Any program lists what the cluster knows, and what its own jobs are.
  ok "$kind: a program without the job knows how it is called" sh -c \
    "'$WORDS' jobs --known | grep -q 'range_sum (known to nodes of the cluster'"
  ok "$kind: and its own" sh -c "'$WORDS' jobs --known -o json | grep -q word_lengths"
  ok "$kind: with parameters and steps" sh -c \
    "'$WORDS' jobs --known -o json | grep -q '\"usage\": *\"from=integer to=integer'"

  expect 0 "" "$PARTITA" schema status
  expect 0 "everything checked holds" "$PARTITA_NEXT" verify
  expect 0 "nothing to apply" "$PARTITA" schema migrate

  # A node of the older program is killed: the newer one takes over, and the other way round.
  third=$("$PARTITA" submit range_sum from=1 to=1000 partitions=100 delay_ms=100 2>/dev/null)
  ok "$kind: the older node works on it" wait_for 10 worked "$third" old
  kill -9 "$old"
  wait "$old" 2>/dev/null
  start_node "$PARTITA" old-again
  old=$node
  expect 0 COMPLETED "$PARTITA" wait "$third" --timeout 60
  ok "$kind: the sum is right after the loss" sh -c "'$PARTITA' job $third -o json | grep -q 500500"

  kill -TERM "$old" "$new"
  wait "$old" "$new"
  sql "update @migration set works_with = 16 where version = 16"
  expect 7 "needs a program that knows version 16; this one knows 15" "$PARTITA" jobs
  expect 7 "needs a program that knows version 16" "$PARTITA" schema migrate
  expect 0 "" "$PARTITA_NEXT" jobs
  expect 0 "everything checked holds" "$PARTITA_NEXT" verify
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac

  for when in before while after; do upgrade "$kind" "$when"; done
done
finish
