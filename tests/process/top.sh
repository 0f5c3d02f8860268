#!/bin/sh
# The cluster at one glance: once where nobody looks, drawn again and again on a terminal.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  expect 0 "" "$PARTITA" top
  ok "$kind: nobody is at work" said "^WARNING +no node at work, no run under way"
  "$PARTITA" node --fast --name one --executors 2 2>>"$scratch/node.log" &
  node=$!
  run=$("$PARTITA" submit range_sum from=1 to=600 partitions=600 delay_ms=1000 2>/dev/null)
  ok "$kind: what the node does is told" wait_for 30 sh -c \
    "'$PARTITA' top | grep -Eq ' one +ACTIVE +2/2 .*range_sum $run, add'"
  expect 0 "" "$PARTITA" top --once --color always
  ok "$kind: a run with its bar" said "^$run +range_sum .*\[[#.]{20}\]"
  ok "$kind: colours when they are asked for" grep -q "$(printf '\033')" "$scratch/stdout"
  expect 0 "" "$PARTITA" top
  ok "$kind: none off a terminal" sh -c "! grep -q '$(printf '\033')' '$scratch/stdout'"
  expect 0 "" "$PARTITA" top -o json
  ok "$kind: as JSON" said '^\{"health":\{"status":"OK",.*"leases":\[\{"id":"'
  expect 2 "one word too many" "$PARTITA" top 17

  if command -v script >/dev/null; then
    on_terminal() {  # typing this key after a while
      { sleep 4; printf '%b' "$1"; sleep 8; } | TERM=xterm timeout 60 script -qec "trap : INT
        stty rows 20 cols 90; stty -a; '$PARTITA' top; echo ended with \$?; stty -a" \
        /dev/null >"$scratch/screen" &
    }
    # Its settings stand there twice, the same before and after.
    as_before() { [ "$(tr -d '\r' <"$scratch/screen" | grep -a isig | sort | uniq -c |
      grep -c '^ *2 isig icanon')" -eq 1 ]; }
    on_terminal q
    ok "$kind: q ends it" wait_for 30 grep -aq "ended with 0" "$scratch/screen"
    ok "$kind: it is drawn more than once" [ \
      "$(grep -ao 'Nodes: 2 of 2' "$scratch/screen" | wc -l)" -ge 2 ]
    ok "$kind: the cursor is shown again" grep -aq "$(printf '\033\[?25h')" "$scratch/screen"
    ok "$kind: the terminal is as before" wait_for 5 as_before
    on_terminal '\0003'
    ok "$kind: Ctrl-C ends it" wait_for 30 grep -aq "ended with 130" "$scratch/screen"
    ok "$kind: then, too" wait_for 5 as_before
    ok "$kind: the screen is as before" grep -aq "$(printf '\033\\[?1049l')" "$scratch/screen"
  else
    echo "SKIPPED: the terminal, because script is missing" >&2
  fi
  "$PARTITA" cancel "$run" --now >/dev/null 2>&1
  expect 8 . "$PARTITA" wait "$run" --timeout 30
  kill -TERM "$node"
  wait "$node"
  done_database
done
finish
