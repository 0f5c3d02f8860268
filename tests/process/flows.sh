#!/bin/sh
# Flows as users see them: steps side by side, what was decided, what was jumped over, and a master
# that is killed between.
#   HARD_JOBS   a program with a job that has flows
. "$(dirname "$0")/lib.sh"
PARTITA=$HARD_JOBS

start_node() {  # NAME: leaves its process id in $node
  "$PARTITA" node --name "$1" --executors 2 --fast 2>>"$scratch/nodes.log" &
  node=$!
}
begun() { [ "$(grep -c begun "$scratch/journal")" = "$1" ]; }
steps() { "$PARTITA" job "$1" -o csv | cut -d, -f1,3 | tr '\n' ' '; }
right_done() { steps "$1" | grep -q 'right,COMPLETED'; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  rm -f "$scratch/journal" "$scratch/enough"
  start_node first
  first=$node
  run=$("$PARTITA" submit flows partitions=4 "journal=$scratch/journal" "how=$scratch/enough" \
    2>/dev/null)
  ok "$kind: both flows run" wait_for 20 right_done "$run"
  ok "$kind: and one goes on" sh -c "'$PARTITA' job $run -o csv | grep -q '^left,TASKLET,RUNNING'"
  kill -9 "$first"
  wait "$first" 2>/dev/null
  start_node second
  ok "$kind: another master goes on with it" wait_for 30 begun 2
  touch "$scratch/enough"
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
  want="name,state load,COMPLETED left,COMPLETED right,COMPLETED check,COMPLETED"
  want="$want clean,JUMPED_OVER last,COMPLETED "
  ok "$kind: what was jumped over is listed" [ "$(steps "$run")" = "$want" ]
  ok "$kind: what was decided is shown" sh -c \
    "'$PARTITA' job $run | grep -q 'check .*COMPLETED  *GO_TO  *last'"
  ok "$kind: and is in the log" [ "$("$PARTITA" events "$run" -o csv | grep -c STEP_DECIDED)" = 1 ]
  ok "$kind: the result is that of the last step" sh -c \
    "'$PARTITA' job $run -o json | grep -q '\"result\": *{\"partitions\": *4}'"
  expect 0 "everything checked holds" "$PARTITA" verify
  kill "$node"
  wait "$node"
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
done
finish
