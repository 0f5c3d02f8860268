#!/bin/sh
# Rows that no version of the engine writes fail a partition or a run, and never a node.
. "$(dirname "$0")/lib.sh"

if ! command -v sqlite3 >/dev/null; then echo "SKIPPED: sqlite3 is missing" >&2; exit 77; fi
refused() { ! sql "$1"; }
# A machine that is busy with other tests must not cost the only node its leases.
patient="--unreachable-after-ms 10000 --deregister-after-ms 30000"
lives() { kill -0 "$node" && "$PARTITA" nodes -o json | grep -q '"state": *"ACTIVE"'; }
# A run of 30 partitions that takes six seconds, under way.
begin() {
  run=$("$PARTITA" submit range_sum from="$1" to=3000 partitions=30 delay_ms=400 2>/dev/null)
  wait_for 10 sh -c "'$PARTITA' job $run -o json | grep -q '\"completed\": *[1-9]'" ||
    echo "run $run did not begin" >&2
}
steps_of() { echo "select step_id from @step where run_id = $1"; }

for kind in $(databases); do
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  evil=$(printf 'no\033[31mde\r\nx\302\233y')
  "$PARTITA" node --name "$evil" --executors 2 --fast $patient 2>>"$scratch/node.log" &
  node=$!
  ok "$kind: a node with a hostile name joins" wait_for 20 lives

  # --- names and keys: stored as sent, shown without control characters, or refused
  "$PARTITA" nodes >"$scratch/nodes" 2>&1
  ok "$kind: tables escape control characters" sh -c \
    "grep -q 'no.x1b.31mde' '$scratch/nodes' && ! grep -q '$(printf '\033')' '$scratch/nodes'"
  key="k'\";--%\\ \$1 {x,\"y\"} 日本"
  run=$("$PARTITA" submit range_sum from=1 to=20 partitions=2 --key "$key" 2>/dev/null)
  expect 0 . "$PARTITA" wait "$run" --timeout 20
  sql "select launch_key from @run where run_id = $run" >"$scratch/key"
  ok "$kind: a key with quotes is stored as it was sent" [ "$(cat "$scratch/key")" = "$key" ]
  expect 2 "UTF-8" "$PARTITA" submit range_sum from=1 to=21 --key "$(printf 'a\377b')"
  expect 3 'range.x01sum' "$PARTITA" submit "$(printf 'range\001sum')" from=1 to=21
  expect 2 "from" "$PARTITA" submit range_sum "from=1'; drop table x;--" to=21

  # --- a run of a job that nobody knows, and runs whose parameters are none
  columns="job, job_version, parameters, identity, launch_key, state"
  times="" now=""
  [ "$kind" = sqlite ] && times=", created_at" now=", 1"
  insert() {
    sql "insert into @run ($columns$times) values ('$1', $2, '$3', '$4', '$4', 'CREATED'$now)"
    sql "select max(run_id) from @run"
  }
  unknown=$(insert no_such_job 1 '{}' u1)
  for parameters in '{}' '[1,2' '"text"' '{"from":"x","to":[]}' 'null' \
    '{"from":1e999,"to":-1}' '{"from":9223372036854775807,"to":9223372036854775807}'; do
    bad=$(insert range_sum 1 "$parameters" "p$(date +%N)")
    "$PARTITA" wait "$bad" --timeout 20 >"$scratch/stdout" 2>"$scratch/stderr"
    code=$?
    ok "$kind: parameters $parameters end the run ($code)" [ "$code" -le 1 ]
  done
  ok "$kind: an unknown job waits" sh -c "'$PARTITA' job $unknown -o json | grep -q CREATED"
  expect 0 . "$PARTITA" cancel "$unknown"

  # --- inputs: no JSON, another type, very deep, very large
  begin 1
  of_run="step_id in ($(steps_of "$run"))"
  if [ "$kind" = postgres ]; then
    large="'\"' || repeat('x', 8388608) || '\"'" deep="repeat('[', 1000000)"
  else
    large="'\"' || hex(zeroblob(4194304)) || '\"'"
    deep="replace(hex(zeroblob(500000)), '0', '[')"
  fi
  sql "update @partition set input = '{{' where $of_run and no = 29"
  sql "update @partition set input = '\"text\"' where $of_run and no = 28"
  sql "update @partition set input = $deep where $of_run and no = 27"
  sql "update @partition set input = $large where $of_run and no = 26"
  sql "update @partition set input = '' where $of_run and no = 25"
  sql "update @partition set key = '$evil' where $of_run and no = 24"
  expect 1 "FAILED" "$PARTITA" wait "$run" --timeout 240
  ok "$kind: only those partitions failed" [ "$(sql "select count(*) from @result where $of_run \
    and outcome = 'FAILED'")" -eq 5 ]
  ok "$kind: the node lives after hostile inputs" lives
  "$PARTITA" job "$run" --partitions >"$scratch/page" 2>&1
  ok "$kind: no listing steers a terminal" sh -c "! grep -q '$(printf '\033')' '$scratch/page'"

  # --- outputs of others: what the aggregator reads
  begin 2
  of_run="step_id in ($(steps_of "$run"))"
  sql "update @result set output = '{{', read_count = -5 where $of_run"
  expect 1 "FAILED" "$PARTITA" wait "$run" --timeout 60
  ok "$kind: the node lives after hostile outputs" lives
  expect 0 "" "$PARTITA" job "$run" --partitions -o json

  # --- numbers without sense: retries that wait for ever, tries below zero
  begin 3
  of_run="step_id in ($(steps_of "$run"))"
  sql "update @step set retry_first_ms = 9223372036854775807, retry_factor = 1e308,
       retry_max_ms = 9223372036854775807, max_attempts = 2147483647 where run_id = $run"
  sql "update @partition set input = '[]' where $of_run and no = 29"
  for attempt in -1 2147483647; do
    ok "$kind: no range can have been tried $attempt times" refused \
      "insert into @ready (step_id, lo, hi, attempt, available_at)
       select step_id, 0, 0, $attempt, started_at from @step where run_id = $run"
  done
  wait_for 5 sh -c "! '$PARTITA' job $run -o json | grep -q '\"claimed\": *[1-9]'"
  ok "$kind: the node lives after hostile numbers" lives
  "$PARTITA" cancel "$run" >/dev/null 2>&1
  "$PARTITA" wait "$run" --timeout 30 >/dev/null 2>&1
  ok "$kind: and their run ends ($?)" sh -c \
    "'$PARTITA' job $run -o json | grep -Eq 'STOPPED|FAILED|COMPLETED'"

  # --- nodes that know what is no job
  jobs="'{no slash,x/y}'"
  [ "$kind" = sqlite ] && jobs="'[\"no slash\", 7, \"x/y\"]'"
  sql "insert into @node (name, host, pid, slots, version, jobs, state$([ "$kind" = sqlite ] &&
    echo ', joined_at, heartbeat_at')) values ('x', 'x', -1, 0, '', $jobs, 'ACTIVE'$(
    [ "$kind" = sqlite ] && echo ', 1, 1'))"
  run=$("$PARTITA" submit range_sum from=1 to=40 partitions=4 2>/dev/null)
  expect 0 COMPLETED "$PARTITA" wait "$run" --timeout 20
  ok "$kind: the node goes on beside a node that makes no sense" kill -0 "$node"

  # --- and verify tells that somebody was at work here
  "$PARTITA" verify >"$scratch/stdout" 2>"$scratch/stderr"
  ok "$kind: verify finds it, or refuses it" [ $? -ne 0 ]
  kill -TERM "$node"
  wait "$node"
  ok "$kind: it leaves in good order ($?)" [ $? -eq 0 ]
  ok "$kind: no trace in its log" sh -c \
    "! grep -Eqi 'terminate called|AddressSanitizer|runtime error:' '$scratch/node.log'"
  case $PARTITA_DB in sqlite:*) rm -f "${PARTITA_DB#sqlite:}"* ;; *) drop_pg "$PARTITA_DB" ;; esac
done
finish
