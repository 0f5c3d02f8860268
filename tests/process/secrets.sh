#!/bin/sh
# A password is in the hands of libpq and nowhere else: no command line, log, listing, error or row.
. "$(dirname "$0")/lib.sh"
canary="Canary-$(od -An -N8 -tx1 /dev/urandom | tr -d ' \n')"
all="$scratch/everything"
mkdir "$scratch/files"

# --- what needs no server
for url in "postgresql://u:$canary@localhost/x" "host=h password=$canary" \
  "postgresql://localhost/x?password=$canary" "host=h sslpassword = '$canary'"; do
  expect 2 "password" "$PARTITA" jobs --db "$url"
  cat "$scratch/stdout" "$scratch/stderr" >>"$all"
done
expect 5 . env PARTITA_DB="postgresql://u:$canary@127.0.0.1:1/x" "$PARTITA" jobs
cat "$scratch/stdout" "$scratch/stderr" >>"$all"
expect 2 . env PARTITA_DB="postgresql://u:$canary@[/x" "$PARTITA" jobs
cat "$scratch/stdout" "$scratch/stderr" >>"$all"
ok "no refusal repeats a password" sh -c "! grep -q '$canary' '$all'"

if [ -z "${PARTITA_TEST_PG:-}" ]; then
  echo "SKIPPED: passwords of PostgreSQL, because PARTITA_TEST_PG is not set" >&2
  finish
fi
host="${PGHOST:-localhost}" port="${PGPORT:-5432}" login="t_canary_$$"
with_database postgres
admin=$PARTITA_DB name=${PARTITA_DB##*/}
psql -qX "$admin" -c "create role $login superuser login password '$canary'"
trap 'psql -qX "$PARTITA_TEST_PG" -c "drop role if exists $login" >/dev/null 2>&1; cleanup' EXIT
"$PARTITA" schema migrate 2>/dev/null

# Looks at the command lines of all processes of this test until told to stop.
watch_command_lines() {
  while [ ! -e "$scratch/stop" ]; do
    for pid in $(leftovers); do
      { tr '\0' ' ' <"/proc/$pid/cmdline" && echo; } 2>/dev/null
    done >>"$scratch/command_lines" 2>/dev/null
    sleep 0.1
  done
}

# run_with WAY ENV...: a whole local cluster, at the most talkative, and every listing of it.
run_with() {
  way=$1
  shift
  rm -f "$scratch/stop"
  watch_command_lines &
  watcher=$!
  expect 0 COMPLETED env "$@" "$PARTITA" run range_sum from=1 to="$way" partitions=20 delay_ms=50 \
    --nodes 2 --fast --log-level trace
  cat "$scratch/stdout" "$scratch/stderr" >>"$all"
  newest=$(env "$@" "$PARTITA" jobs -o name | head -1)
  for look in "jobs -o json" "job $newest --partitions -o json" \
    "nodes --all -o wide" "verify" "doctor" "schema status" "job 4711"; do
    env "$@" "$PARTITA" $look --log-level trace >>"$all" 2>&1
  done
  env "$@" "$PARTITA" jobs --log-level trace --db "postgresql://$login@$host:$port/no_such" \
    >>"$all" 2>&1
  touch "$scratch/stop"
  wait "$watcher"
}
echo "$host:$port:*:$login:$canary" >"$scratch/files/pgpass"
chmod 600 "$scratch/files/pgpass"
clean="-u PGPASSWORD -u PGUSER PARTITA_DB=postgresql://$login@$host:$port/$name"
run_with 1001 $clean PGPASSFILE="$scratch/files/pgpass"
run_with 1002 $clean PGPASSWORD="$canary"
run_with 1003 -u PGPASSWORD PARTITA_DB="postgresql://$login:$canary@$host:$port/$name"

ok "the runs were seen" grep -q "partita" "$scratch/command_lines"
ok "no command line held the password" sh -c \
  "! grep -v '^env ' '$scratch/command_lines' | grep -q '$canary'"
ok "no log, listing or error held it" sh -c "! grep -q '$canary' '$all'"
ok "no row holds it" sh -c "! pg_dump --data-only '$admin' | grep -q '$canary'"
ok "no file was made that holds it" sh -c \
  "! grep -rl '$canary' '$scratch' --exclude-dir=files | grep -v command_lines | grep -q ."

# A password file that others can read is not used, and doctor says so.
chmod 644 "$scratch/files/pgpass"
expect 5 "password" env $clean PGPASSFILE="$scratch/files/pgpass" "$PARTITA" jobs
expect 1 "cured" env $clean PGPASSWORD="$canary" PGPASSFILE="$scratch/files/pgpass" \
  "$PARTITA" doctor
ok "doctor names the file" grep -q "pgpass can be read by others" "$scratch/stdout"
done_database
finish
