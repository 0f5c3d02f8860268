#!/bin/sh
# What people see of runs, partitions, nodes and the log; why a run waits; how a node is asked to
# leave.
. "$(dirname "$0")/lib.sh"

said() { grep -Eq -- "$1" "$scratch/stdout"; }
start_node() {  # leaves its process id in $node
  "$PARTITA" node --fast "$@" 2>>"$scratch/node.log" &
  node=$!
}

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate

  # --- nobody is there
  first=$("$PARTITA" submit range_sum from=1 to=40 partitions=8 2>"$scratch/stderr")
  ok "$kind: submit tells that no node is at work" grep -q "waits for a node: none is at work" \
    "$scratch/stderr"
  expect 0 "" "$PARTITA" job "$first"
  ok "$kind: so does job" said "^waits for +a node: none"
  expect 0 "" "$PARTITA" jobs
  ok "$kind: so does jobs" said "WAITS FOR"
  expect 6 "waits for a node: none is at work" "$PARTITA" wait "$first" --timeout 2.5
  "$PARTITA" doctor >"$scratch/stdout" 2>/dev/null
  ok "$kind: so does doctor" said "^note +run $first +waits for a node"

  # --- a node is there, and does not know the job; or all of it is busy
  if [ -n "${WORDS:-}" ]; then
    "$WORDS" node --fast 2>>"$scratch/node.log" &
    other=$!
    ok "$kind: a node that does not know the job joins" wait_for 20 sh -c \
      "'$PARTITA' job $first | grep -q 'waits for .*knows the job range_sum: none at work does'"
    kill -TERM $other
    wait $other
  fi

  start_node --name one --executors 1
  expect 0 COMPLETED "$PARTITA" wait "$first" --timeout 20
  long=$("$PARTITA" submit range_sum from=1 to=300 partitions=3 delay_ms=60000 2>/dev/null)
  ok "$kind: a run is under way" wait_for 20 sh -c \
    "'$PARTITA' job $long | grep -q 'claimed\|CLAIMED'"
  ok "$kind: its partition is CLAIMED" wait_for 20 sh -c \
    "'$PARTITA' job $long --state claimed -o csv --no-header | grep -q ',CLAIMED,'"
  second=$("$PARTITA" submit range_sum from=1 to=41 partitions=8 2>/dev/null)
  ok "$kind: another one waits for an executor" wait_for 20 sh -c \
    "'$PARTITA' job $second | grep -q 'waits for .*a free executor: all 1'"
  ok "$kind: a queue is no trouble" sh -c "'$PARTITA' top | grep -q '^OK .*all is well'"
  expect 0 . "$PARTITA" cancel "$long" --now
  expect 8 "restart $long.* continues it" "$PARTITA" wait "$long" --timeout 20
  expect 0 COMPLETED "$PARTITA" wait "$second" --timeout 20

  # --- advice that can be followed
  next=$("$PARTITA" restart "$long" 2>/dev/null)
  expect 8 "run $next continues it" "$PARTITA" wait "$long"
  expect 0 "run $next continues it" "$PARTITA" cancel "$long"
  expect 0 . "$PARTITA" cancel "$next" --now
  expect 8 . "$PARTITA" wait "$next" --timeout 20

  # --- partitions
  expect 0 "" "$PARTITA" job "$second" --state COMPLETED -o csv
  ok "$kind: 8 are COMPLETED" [ "$(grep -c ',COMPLETED,' "$scratch/stdout")" -eq 8 ]
  ok "$kind: they tell when they began and how long they took" said "started_at,duration_s"
  expect 0 "" "$PARTITA" job "$second" --state failed
  ok "$kind: none FAILED" said "no such partitions"
  expect 0 "" "$PARTITA" job "$second" --partitions --limit 3
  ok "$kind: a table tells that there are more" said "the first 3, --limit shows more"
  expect 0 "" "$PARTITA" job "$second" --partitions --limit 8
  ok "$kind: and not when there are none" sh -c "! grep -q 'shows more' '$scratch/stdout'"
  expect 0 "" "$PARTITA" job "$second" --sort took --limit 2 -o csv --no-header
  ok "$kind: the slowest two" [ "$(wc -l <"$scratch/stdout")" -eq 2 ]
  ok "$kind: the longest first" sh -c \
    "cut -d, -f12 '$scratch/stdout' | sort -c -g -r"
  expect 0 "" "$PARTITA" job "$second" 3
  ok "$kind: one partition, with its output" said "^output "
  ok "$kind: and its tries" said "^ +1  COMPLETED  one "
  expect 0 "" "$PARTITA" job "$second" 3 -o json
  ok "$kind: the same as JSON" said '"tries":\[\{"attempt":1,"outcome":"COMPLETED"'
  expect 3 "no partition 8" "$PARTITA" job "$second" 8
  expect 2 "xyz" "$PARTITA" job "$second" xyz
  expect 2 "did you mean CLAIMED" "$PARTITA" job "$second" --state claimd

  # --- runs
  expect 0 "" "$PARTITA" jobs --state stopped -o name
  ok "$kind: two are STOPPED" [ "$(wc -l <"$scratch/stdout")" -eq 2 ]
  expect 0 . "$PARTITA" abandon "$next"
  expect 8 "run $next is ABANDONED: submit its job again" "$PARTITA" wait "$next"
  ok "$kind: wait tells that it is ABANDONED" grep -q "is ABANDONED after" "$scratch/stderr"
  expect 0 "run $next is ABANDONED" "$PARTITA" cancel "$next"
  expect 0 "" "$PARTITA" job "$next"
  ok "$kind: job tells that it is ABANDONED" said "^state +ABANDONED"
  expect 0 "" "$PARTITA" jobs --job range_sum --state COMPLETED --param to=41 --since 1h -o name
  ok "$kind: one has this parameter" [ "$(cat "$scratch/stdout")" = "$second" ]
  expect 0 "no such runs" "$PARTITA" jobs --job no_such_job
  expect 2 "since" "$PARTITA" jobs --since yesterday

  # --- the log
  expect 0 "" "$PARTITA" events "$second" --limit 1 -o csv --no-header
  ok "$kind: the newest event of a run" said ',RUN_ENDED,'
  expect 0 "" "$PARTITA" events "$second" --follow -o csv
  ok "$kind: --follow ends with the run" said ',RUN_ENDED,'
  expect 0 "" "$PARTITA" events "$second" --follow --limit 1 -o csv --no-header
  ok "$kind: --follow begins with the newest" [ "$(wc -l <"$scratch/stdout")" -eq 1 ]
  expect 0 "" "$PARTITA" events --after 0 --limit 2 -o json
  ok "$kind: the first events, and how to go on" said '"next":"2"\}'
  third=$("$PARTITA" submit range_sum from=1 to=42 partitions=8 2>/dev/null)
  timeout 30 "$PARTITA" events "$third" --follow -o csv --no-header --limit 1 >"$scratch/log"
  ok "$kind: --follow prints what comes, once" [ \
    "$(grep -c 'RUN_ENDED' "$scratch/log")" -eq 1 ]
  expect 3 "999" "$PARTITA" events 999

  # --- a node is asked to leave
  expect 3 "no node nobody" "$PARTITA" drain nobody
  expect 0 "asked to drain" "$PARTITA" drain one
  wait $node
  ok "$kind: it left in good order ($?)" [ $? -eq 0 ]
  expect 0 "" "$PARTITA" nodes --all -o csv
  ok "$kind: it has LEFT" said ',one,LEFT,'
  expect 3 "no node one" "$PARTITA" drain one

  # --- what starts no runs, and what is paused
  expect 0 . "$PARTITA" schedule add daily @daily range_sum from=1 to=2
  expect 0 . "$PARTITA" pause --job range_sum --note "month end"
  expect 1 "to be cured" "$PARTITA" doctor
  ok "$kind: doctor tells why, and what to do" said \
    "^UNSAFE +schedule daily +is owned by no node that lives +no node is at work: start one"
  ok "$kind: and what is paused" said "^note +job range_sum +is paused since .*: month end"
  "$PARTITA" serve --http 127.0.0.1:0 >"$scratch/serve.log" 2>/dev/null &
  server=$!
  ok "$kind: a server" wait_for 20 grep -Eq "http://127.0.0.1:[0-9]+" "$scratch/serve.log"
  at=$(grep -Eo "http://127.0.0.1:[0-9]+" "$scratch/serve.log" | head -1)
  python3 -c 'import sys, urllib.request as web
for address in sys.argv[1:]: print(web.urlopen(address).read().decode())' \
    "$at/api/v1/health" "$at/api/v1/jobs" "$at/metrics" >"$scratch/stdout"
  ok "$kind: the page warns" said '"code":"schedules_not_run".*schedule daily is owned by no node'
  ok "$kind: and tells what is paused" said '"note":"month end"'
  ok "$kind: and so do the metrics" said "^partita_schedules_not_run 1"
  kill -TERM "$server"
  wait "$server"
  done_database
done
finish
