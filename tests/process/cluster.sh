#!/bin/sh
# A late node takes work within a second; two runs share the nodes; a drained node hands over.
. "$(dirname "$0")/lib.sh"

start_node() {  # NAME: leaves its process id in $node
  "$PARTITA" node --name "$1" --executors 2 --fast 2>>"$scratch/$1.log" &
  node=$!
  wait_for 20 sh -c "'$PARTITA' nodes -o name | grep -q ." || echo "node $1 did not join" >&2
}
done_of() { "$PARTITA" job "$1" -o json | grep -o '"completed": *[0-9]*' | head -1 | tr -dc 0-9; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  start_node node-a
  a=$node
  long=$("$PARTITA" submit range_sum from=1 to=4000 partitions=400 delay_ms=100 2>/dev/null)
  ok "$kind: the run begins" wait_for 5 sh -c \
    "'$PARTITA' job $long -o json | grep -q RUNNING"
  start_node node-b
  b=$node
  ok "$kind: a late node takes work within a second" wait_for 1 sh -c \
    "'$PARTITA' job $long --partitions -o json | grep -q '\"name\": *\"node-b\"'"

  short=$("$PARTITA" submit range_sum from=1 to=10 partitions=10 delay_ms=100 2>/dev/null)
  expect 0 COMPLETED "$PARTITA" wait "$short" --timeout 20
  ok "$kind: the short run ended while the long one was running" sh -c \
    "'$PARTITA' job $long -o json | grep -q '\"state\": *\"RUNNING\"'"

  kill -TERM "$a"
  wait "$a"
  code=$?
  ok "$kind: a drained node ends with 0, not $code" [ "$code" -eq 0 ]
  ok "$kind: it has LEFT" sh -c "'$PARTITA' nodes --all -o json | grep -q LEFT"
  expect 0 COMPLETED "$PARTITA" wait "$long" --timeout 60
  ok "$kind: the sum is right" sh -c "'$PARTITA' job $long -o json | grep -q 8002000"

  again=$("$PARTITA" submit range_sum from=1 to=1000 partitions=100 delay_ms=200 2>/dev/null)
  expect 4 "same identifying parameters" "$PARTITA" submit range_sum from=1 to=1000 partitions=100
  wait_for 5 sh -c "'$PARTITA' job $again -o json | grep -q RUNNING"
  expect 0 . "$PARTITA" cancel "$again"
  expect 8 STOPPED "$PARTITA" wait "$again" --timeout 20
  new=$("$PARTITA" restart "$again" 2>/dev/null)
  expect 0 COMPLETED "$PARTITA" wait "$new" --timeout 60
  ok "$kind: the continued sum is right" sh -c "'$PARTITA' job $new -o json | grep -q 500500"
  if [ "$kind" = postgres ]; then
    ok "psql tells the same" sh -c "[ \$(psql -qXAt '$PARTITA_DB' -c \"select count(*) from \
      partita.partition_status where run_id = $new and status = 'COMPLETED'\") = 100 ]"
  fi
  kill -TERM "$b"
  wait "$b"
  if [ "$kind" = postgres ]; then
    ok "every connection is closed" wait_for 5 sh -c "[ \$(psql -qXAt '$PARTITA_DB' -c \"select \
      count(*) from pg_stat_activity where datname = current_database()
      and application_name like 'partita%'\") = 0 ]"
  fi
  done_database
done
finish
