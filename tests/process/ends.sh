#!/bin/sh
# Every end of a process: signals, grace times, closed terminals, crashes, a database that vanishes.
#   HARD_JOBS   a program with bodies that do not stop, or crash
. "$(dirname "$0")/lib.sh"
PARTITA=$HARD_JOBS
# A crash is a crash, with sanitizers too.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:handle_segv=0"
fast="--fast --drain-grace-ms 1000 --stop-grace-ms 1000"

now_ms() { date +%s%3N; }
start_node() {  # OPTION...: leaves its process id in $node
  # shellcheck disable=SC2086
  "$PARTITA" node --executors 2 $fast "$@" 2>>"$scratch/node.log" &
  node=$!
}
runs() { grep -q . "$1"; }
# ends_within SECONDS: $node ends by itself in that time; its exit code is left in $code.
ends_within() {
  wait_for "$1" ended "$node"
  late=$?
  wait "$node"
  code=$?
  return $late
}
ended() { case $(sed -n 's/^State:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) in ''|Z*) ;;
  *) return 1 ;; esac; }

# A node that is asked to end, first at rest, then with a body that does not stop.
with_database sqlite
expect 0 . "$PARTITA" schema migrate
start_node
ok "a node joins" wait_for 10 grep -q node_joined "$scratch/node.log"
kill -TERM "$node"
ok "it ends" ends_within 8
ok "in order" [ "$(grep -c process_ends "$scratch/node.log")" -eq 0 ]
: >"$scratch/node.log"
start_node
deaf=$("$PARTITA" submit plain bad=0,1 how=spin partitions=2 "journal=$scratch/deaf" 2>/dev/null)
ok "bodies run" wait_for 10 runs "$scratch/deaf"
kill -TERM "$node"
ok "the end of the grace times ends the process" ends_within 8
ok "exit code 0, not $code" [ "$code" -eq 0 ]
ok "it has LEFT" sh -c "'$PARTITA' nodes --all -o json | grep -q LEFT"
ok "a body that does not stop is shown" grep -q executor_stuck "$scratch/node.log"

: >"$scratch/deaf"
start_node --drain-grace-ms 60000
ok "bodies run again" wait_for 10 runs "$scratch/deaf"
kill -TERM "$node"
ok "it drains" wait_for 5 sh -c "'$PARTITA' nodes -o json | grep -q DRAINING"
begun=$(now_ms)
kill -TERM "$node"
ok "the second SIGTERM ends the process" ends_within 8
took=$(($(now_ms) - begun))
ok "within the stop grace: $took ms" [ "$took" -lt 2500 ]
ok "exit code 0, not $code" [ "$code" -eq 0 ]
ok "what it held is ready again" sh -c "'$PARTITA' job $deaf -o json | grep -q '\"claimed\": *0'"

: >"$scratch/deaf"
start_node
ok "bodies run once more" wait_for 10 runs "$scratch/deaf"
kill -HUP "$node"
ok "SIGHUP drains" wait_for 5 sh -c "[ \$(grep -c node_draining '$scratch/node.log') -eq 3 ]"
ok "and the process ends" ends_within 8
expect 0 . "$PARTITA" cancel "$deaf"

# `run`: double Ctrl-C, a closed terminal, SIGHUP.
for ways in "INT INT" "INT TERM" "HUP"; do
  : >"$scratch/deaf"
  # shellcheck disable=SC2086
  setsid "$PARTITA" run plain bad=0,1 how=spin partitions=2 healthy_ms=1 "journal=$scratch/deaf" \
    "ms=60000$checks" --executors 1 --nodes 2 --fast --stop-grace-ms 1000 2>"$scratch/run.err" &
  node=$!
  ok "$ways: bodies run" wait_for 20 runs "$scratch/deaf"
  for way in $ways; do
    kill "-$way" "$node"
    wait_for 1 grep -q "not cancelled" "$scratch/run.err"
  done
  ok "$ways: run ends" ends_within 8
  ok "$ways: exit code 130, not $code" [ "$code" -eq 130 ]
  ok "$ways: no process is left" wait_for 1 nothing_left
done
: >"$scratch/deaf"
script -qec "'$PARTITA' run plain bad=0,1 how=spin partitions=2 'journal=$scratch/deaf' ms=61000 \
  --fast --stop-grace-ms 1000" /dev/null >/dev/null 2>&1 </dev/null &
terminal=$!
ok "bodies run in a terminal" wait_for 20 runs "$scratch/deaf"
kill -9 "$terminal"
ok "a closed terminal leaves nothing behind" wait_for 8 nothing_left
done_database

# A local node that dies is started again, and the signal is named.
with_database sqlite
expect 0 "SIGSEGV .*another one is started" "$PARTITA" run plain bad=2 how=segfault tries=1 \
  partitions=6 --executors 1 --nodes 1 --fast
ok "the result is right" grep -q '"partitions":6' "$scratch/stdout"
done_database

# A database that vanishes under `run`.
with_database sqlite
: >"$scratch/deaf"
"$PARTITA" run plain bad=0 how=spin ms=60000 partitions=2 "journal=$scratch/deaf" --fast \
  --stop-grace-ms 1000 2>"$scratch/run.err" &
node=$!
ok "bodies run" wait_for 20 runs "$scratch/deaf"
rm -f "${PARTITA_DB#sqlite:}"*
ok "run ends without its database" ends_within 10
ok "exit code 5, not $code" [ "$code" -eq 5 ]
ok "it says so" grep -q "the database has gone" "$scratch/run.err"
ok "no process is left" wait_for 1 nothing_left

# Trust expires: the author's code on the master is asked to stop, and begins again when it is back.
with_database sqlite
expect 0 . "$PARTITA" schema migrate
start_node
run=$("$PARTITA" submit on_master "journal=$scratch/master" "how=$scratch/enough" 2>/dev/null)
ok "the tasklet runs" wait_for 10 grep -q begun "$scratch/master"
cat >"$scratch/lock.py" <<'P'
import sqlite3, sys, os
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
db.execute("begin immediate")
open(sys.argv[2], "w").write("locked")
sys.stdin.read()
P
mkfifo "$scratch/release"
python3 "$scratch/lock.py" "${PARTITA_DB#sqlite:}" "$scratch/locked" <"$scratch/release" &
exec 9>"$scratch/release"
ok "the database is locked" wait_for 20 runs "$scratch/locked"
ok "the author's code on the master is asked to stop" wait_for 15 \
  grep -q "asked to stop" "$scratch/master"
ok "and is not begun again meanwhile" [ "$(grep -c begun "$scratch/master")" -eq 1 ]
exec 9>&-
ok "it begins again" wait_for 15 sh -c "[ \$(grep -c begun '$scratch/master') -eq 2 ]"
: >"$scratch/enough"
expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 20
kill -TERM "$node"
ok "the node ends" ends_within 8
done_database
finish
