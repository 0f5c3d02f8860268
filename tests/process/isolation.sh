#!/bin/sh
# What a body that crashes, hangs or takes too much memory may cost: its attempt, and nothing else.
#   HARD_JOBS   a program with such bodies
. "$(dirname "$0")/lib.sh"
PARTITA=$HARD_JOBS
# A crash is a crash, with sanitizers too.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0"

fresh_journal() { : >"$scratch/journal"; }
runs() { grep -q . "$1"; }
# tried NO TIMES: so many tries of this partition have begun.
tried() { [ "$(grep -c "^$1 " "$scratch/journal")" -eq "$2" ]; }
# once_but BAD COUNT: each of COUNT partitions was tried once, but for one that was tried 3 times.
once_but() {
  awk -v bad="$1" -v count="$2" '{ n[$1]++ } END {
    for (i = 0; i < count; i++) if (n[i] != (i == bad ? 3 : 1)) exit 1 }' "$scratch/journal"
}
child_of() { pgrep -P "$1" -f -- --bodies; }
gone() { ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"; }

with_database sqlite
expect 0 . "$PARTITA" schema migrate

# Isolated from the first try: no neighbour is tried again, no node dies.
cat >"$scratch/cases" <<'END'
isolated segfault its process was ended by SIGSEGV
isolated abort its process was ended by SIGABRT
isolated kill its process was ended by SIGKILL
isolated exit its process ended with exit code 7
isolated throw planted
isolated_timed spin longer than its timeout of 700 ms and did not stop: its process was killed
END
while read -r job how why; do
  fresh_journal
  expect 1 "1 of 12 partitions failed; partition 3: .*$why" "$PARTITA" run "$job" bad=3 "how=$how" \
    partitions=12 "journal=$scratch/journal" --nodes 1 --executors 2 --fast --stop-grace-ms 500
  ok "$job, $how: only the guilty one is tried again" once_but 3 12
  ok "$job, $how: the last words of each try are kept" [ 3 -eq \
    "$("$PARTITA" job "$(sql "select max(run_id) from @run")" 3 | grep -c "about to $how")" ]
  ok "$job, $how: no node died" sh -c "! grep -q 'another one is started' '$scratch/stderr'"
done <"$scratch/cases"
# (Without memory a sanitizer ends its process: with a trace, and without an exception.)
fresh_journal
"$PARTITA" run small bad=3 how=memory partitions=12 "journal=$scratch/journal" --nodes 1 \
  --executors 2 --fast 2>"$scratch/stderr"
ok "a body may not take more memory than it has asked for" \
  grep -Eq "1 of 12 partitions failed; partition 3: .*(bad_alloc|its process)" "$scratch/stderr"
ok "memory: only the guilty one is tried again" once_but 3 12
fresh_journal
expect 0 COMPLETED "$PARTITA" run isolated partitions=40 healthy_ms=1 "journal=$scratch/journal" \
  --nodes 1 --executors 2 --fast
ok "an executor keeps its process" \
  [ "$(cut -d' ' -f3 "$scratch/journal" | sort -u | wc -l)" -le 2 ]

# Not isolated: it ends its node, once; what was leased with it is done, and it alone is FAILED.
fresh_journal
expect 1 "1 of 30 partitions failed; partition 7: .*SIGSEGV" "$PARTITA" run plain bad=7 \
  how=segfault partitions=30 "journal=$scratch/journal" --nodes 1 --executors 2 --fast
ok "the node died once" [ "$(grep -c "another one is started" "$scratch/stderr")" -eq 1 ]
ok "the guilty one had its three tries" tried 7 3
expect 1 "4 of 40 partitions failed" "$PARTITA" run plain bad=5,6,17,33 how=abort partitions=40 \
  --nodes 2 --executors 2 --fast

# A timeout in the node itself: the attempt is over though its body goes on; the next is isolated.
fresh_journal
expect 0 COMPLETED "$PARTITA" run timed bad=2 how=spin tries=1 partitions=6 \
  "journal=$scratch/journal" --nodes 1 --executors 2 --fast --stop-grace-ms 500 --log-level warn
ok "it was tried twice" tried 2 2
ok "the executor is shown as stuck" grep -q executor_stuck "$scratch/stderr"

# A body that does not stop is shown to operators, until it ends.
shown_stuck() { "$PARTITA" nodes -o json | grep -q "\"stuck\": *$1\b"; }
fresh_journal
"$PARTITA" node --name deaf --executors 2 --fast --stop-grace-ms 500 2>>"$scratch/node.log" &
node=$!
run=$("$PARTITA" submit timed bad=0 how=deaf tries=1 partitions=1 "journal=$scratch/journal" \
  2>/dev/null)
expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 30
ok "its node tells of it" wait_for 20 shown_stuck 1
expect 0 "" "$PARTITA" nodes
ok "nodes has a column STUCK" grep -Eq "SLOTS +STUCK" "$scratch/stdout"
expect 0 "" "$PARTITA" nodes -o csv
ok "CSV too" grep -q ",slots,stuck," "$scratch/stdout"
"$PARTITA" doctor >"$scratch/doctor" 2>/dev/null
ok "doctor says what to do" grep -Eq "node deaf .*1 of 2 .*restart that node" "$scratch/doctor"
: >"$scratch/journal.enough"
ok "it is told no more when it has ended" wait_for 20 shown_stuck 0
expect 0 "" "$PARTITA" nodes
ok "and the column is gone" sh -c "! grep -q STUCK '$scratch/stdout'"
kill -TERM "$node"
wait "$node"

# A child ends with its node, and when its node is frozen.
for signal in KILL STOP; do
  fresh_journal
  "$PARTITA" node --executors 1 --fast 2>>"$scratch/node.log" &
  node=$!
  run=$("$PARTITA" submit isolated bad=0 how=spin partitions=1 "ms=50000$checks" \
    "journal=$scratch/journal" 2>/dev/null)
  ok "$signal: a body runs" wait_for 20 runs "$scratch/journal"
  child=$(child_of "$node")
  ok "$signal: in a child" [ -n "$child" ]
  kill -"$signal" "$node"
  ok "$signal: the child ends" wait_for 4 gone "$child"
  kill -CONT "$node" 2>/dev/null
  kill -KILL "$node" 2>/dev/null
  wait "$node" 2>/dev/null
  expect 0 . "$PARTITA" cancel "$run"
done

# --- what partitions share: a node makes it once for a run, also where it works for two in turn
with_database sqlite
expect 0 . "$PARTITA" schema migrate
for part in 1 2; do
  "$PARTITA" submit sharing partitions=60 healthy_ms=20 "ms=$part" "folder=$scratch/made" \
    2>/dev/null
done >"$scratch/sharing"
for node in 1 2; do "$PARTITA" node --executors 2 --fast 2>>"$scratch/node.log" & done
while read -r run; do
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 60
done <"$scratch/sharing"
turns=$(sql "select count(*) from (select run_id <> lag(run_id) over (order by lease_id) as turned
  from @lease join @step using (step_id)) as turn where turned")
ok "the two runs take turns: $turns" [ "$turns" -gt 4 ]
ok "both nodes make it for both runs" [ "$(sort -u "$scratch/made" | wc -l)" -eq 4 ]
ok "and once each" [ "$(wc -l <"$scratch/made")" -eq 4 ]
for pid in $(leftovers); do kill -TERM "$pid"; done
wait

# --- a run of an older version of the job goes on with a newer one
with_database sqlite
old=$("$PARTITA" submit newer 2>/dev/null)
expect 0 STOPPED "$PARTITA" cancel "$old"
sql "update @run set job_version = 1 where run_id = $old"
expect 2 "does not know version 4 of newer" "$PARTITA" restart "$old" --version 4
expect 4 "version 3 of newer does not continue runs of version 1" \
  "$PARTITA" restart "$old" --version 3
sql "update @run set job_version = 2 where run_id = $old"
expect 0 "continues run $old" "$PARTITA" restart "$old" --version 3
ok "the new run has the new version" [ \
  "$(sql "select job_version from @run where restart_of = $old")" = 3 ]

expect 2 "for processes that nodes start" "$PARTITA" --bodies
finish
