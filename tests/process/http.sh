#!/bin/sh
# The HTTP server: what it answers, to friends and to enemies. The checks are in http_test.py and
# http/.
#   PARTITA              the program
#   PARTITA_FUZZ_SEEDS, PARTITA_CONNECTIONS, SEED: see http_test.py
. "$(dirname "$0")/lib.sh"
here=$(dirname "$0")

# play KIND SCENARIO...: in a database of their own.
play() {
  kind=$1
  shift
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  ok "they hold: see above" python3 "$here/http_test.py" "$kind" "$@"
  done_database
  [ "$failures" -eq 0 ]
}

# Ended runs by the thousand, every tenth FAILED. Nothing else knows of them: not for `verify`.
history() {
  kind=$1
  with_database "$kind"
  expect 0 . "$PARTITA" schema migrate
  case $kind in
    sqlite) numbers="WITH RECURSIVE n(no) AS (SELECT 1 UNION ALL SELECT no + 1 FROM n LIMIT 10050)"
      now="1000000 * unixepoch() + no" ;;
    *) numbers="WITH n AS (SELECT generate_series(1, 10050) AS no)"
      now="now() + no * interval '1 microsecond'" ;;
  esac
  sql "$numbers INSERT INTO @run (job, job_version, parameters, identity, launch_key, state, term,
    created_at, started_at, ended_at) SELECT 'range_sum', 1, '{\"from\":1,\"to\":' || no || '}',
    '', 'key-' || no, CASE no % 10 WHEN 0 THEN 'FAILED' ELSE 'COMPLETED' END, 1, $now, $now,
    $now FROM n"
  ok "they hold: see above" python3 "$here/http_test.py" "$kind" history
  case $kind in postgres) drop_pg "$PARTITA_DB" ;; esac
  [ "$failures" -eq 0 ]
}

# Most of them wait for something: for slow clients, for a database that is away.
groups=0
begin() {
  groups=$((groups + 1))
  # Each has a folder of its own: what commands and checks say goes to files.
  (
    scratch=$scratch/group-$groups
    mkdir "$scratch"
    "$@" >"$scratch/said" 2>&1
    echo $? >"$scratch/code"
  ) &
}
# In the subshells `ok` hides what its command says: here it is wanted.
ok() {
  what=$1
  shift
  checks=$((checks + 1))
  "$@" || { failures=$((failures + 1)); echo "FAILED: $what" >&2; }
}

for kind in $(databases); do
  if [ $# -gt 0 ]; then begin play "$kind" "$@"; continue; fi
  begin play "$kind" one security
  begin play "$kind" outage
  begin history "$kind"
  case $kind in sqlite) begin play "$kind" limits ;; *) begin play "$kind" roles ;; esac
done
wait
while [ "$groups" -gt 0 ]; do
  cat "$scratch/group-$groups/said"
  ok "group $groups" [ "$(cat "$scratch/group-$groups/code")" -eq 0 ]
  groups=$((groups - 1))
done
finish
