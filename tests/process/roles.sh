#!/bin/sh
# The roles of a PostgreSQL database can do their work and nothing else.
#   STORAGE_TESTS   the program of the store's tests, or unset
#   HARD_JOBS       a program with a job that writes rows of its author's
. "$(dirname "$0")/lib.sh"
if [ -z "${PARTITA_TEST_PG:-}" ]; then
  echo "SKIPPED: roles, because PARTITA_TEST_PG is not set" >&2
  exit 77
fi
if [ "$(psql -qXAt "$PARTITA_TEST_PG" -c 'show is_superuser')" != on ]; then
  echo "SKIPPED: roles, because PARTITA_TEST_PG is no superuser" >&2
  exit 77
fi
host="${PGHOST:-localhost}" port="${PGPORT:-5432}"
with_database postgres
admin=$PARTITA_DB name=${PARTITA_DB##*/}
as_role() { echo "postgresql://t_$1_$$@$host:$port/${2:-$name}"; }
logins="owner node launch read engine"
forget_logins() {
  for role in $logins; do
    psql -qX "$PARTITA_TEST_PG" -c "drop role if exists t_${role}_$$" >/dev/null 2>&1
  done
}
trap 'forget_logins; cleanup' EXIT

expect 0 . "$PARTITA" schema migrate
give_rights() { "$PARTITA" schema roles | psql -qX1 -v ON_ERROR_STOP=1 "$admin"; }
ok "the rights are given" give_rights
ok "and once more" give_rights
for role in owner node launch read; do
  psql -qX "$admin" -c "create role t_${role}_$$ login password 'x' in role partita_$role"
done
psql -qX "$admin" -c \
  "create role t_engine_$$ login password 'x' in role partita_node, partita_launch"
owner_password=${PGPASSWORD:-}
export PGPASSWORD=x

sent() { psql -qXAt -v VERBOSITY=verbose "$(as_role "$1")" -c "begin; $2; rollback" 2>&1; }
# allowed ROLE SQL / denied ROLE SQL: what each may send. A statement that is allowed may fail for
# other reasons than rights, or find no row; it is rolled back. They are kept, and sent by `judge`,
# in one session a role.
allowed() { expected "$1" allowed "$2"; }
denied() { expected "$1" denied "$2"; }
expected() {
  said=$(printf '%s' "$3" | tr '\n' ' ' | sed "s/'/''/g")
  printf "\\\\warn '= %s %s: %s'\nbegin; %s;\nrollback;\n" "$1" "$2" "$said" "$3" \
    >>"$scratch/rights.$1"
}
judge() {
  for role in owner node launch read; do
    psql -qX -v VERBOSITY=verbose "$(as_role $role)" <"$scratch/rights.$role" 2>&1 >/dev/null
  done >"$scratch/answers"
  checks=$((checks + $(grep -c '^= ' "$scratch/answers")))
  wrong=$(awk '
    /^= / { if (said && denied != refused) print said; said = $0; denied = $3 == "denied:"
            refused = 0 }
    /42501/ { refused = 1 }
    END { if (said && denied != refused) print said }' "$scratch/answers")
  if [ -n "$wrong" ]; then
    failures=$((failures + $(printf '%s\n' "$wrong" | wc -l)))
    printf '%s\n' "$wrong" | sed 's/^= /FAILED: should be so, and is not: /' >&2
  fi
}
allowed launch "select partita.submit('range_sum')"
denied node "select partita.submit('range_sum')"
denied read "select partita.submit('range_sum')"
denied launch "select partita.parameter_value('{}', '')"
allowed node "insert into partita.partition_log values (0, 0, 0, 0, 1, '', now())"
denied launch "insert into partita.partition_log values (0, 0, 0, 0, 1, '', now())"
allowed node "insert into partita.tile values (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
denied launch "insert into partita.tile values (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)"
allowed launch "update partita.run set abandoned = true where run_id = 0"
denied node "update partita.run set abandoned = true where run_id = 0"
# What the caller's session has made is not found by a function with the owner's rights.
sent launch "create function pg_temp.evil() returns boolean language plpgsql
  as 'begin raise exception ''evil''; end';
  create domain pg_temp.text as pg_catalog.text check (pg_temp.evil());
  select partita.submit('range_sum')" >"$scratch/evil"
ok "a type of the caller's own does not reach the owner's functions" \
  sh -c "grep -q 'no node has told' '$scratch/evil' && ! grep -q 'P0001: evil' '$scratch/evil'"
event="insert into partita.event (kind) values ('TEST')"
for role in node launch read; do
  allowed $role "select count(*) from partita.partition_status"
  for table in node job run step partition ready lease result checkpoint skipped failure event \
    migration partition_log tile; do
    allowed $role "select count(*) from partita.$table"
    denied $role "truncate partita.$table"
    denied $role "drop table partita.$table"
  done
  for table in node job run step partition lease result skipped failure event migration tile; do
    denied $role "delete from partita.$table"
  done
  for set in "event set kind = ''" "partition set input = ''" "result set output = ''" \
    "failure set error = ''" "migration set checksum = ''" "run set parameters = ''" \
    "run set identity = ''" "lease set attempt = 1" "step set max_attempts = 1" \
    "job set name = ''" "result set files = ''"; do
    denied $role "update partita.$set"
  done
  denied $role "create table partita.mine (a int)"
  denied $role "create table public.mine (a int)"
  denied $role "create schema mine"
  denied $role "create role mine"
  denied $role "alter table partita.event disable trigger all"
  denied $role "insert into partita.migration values (9, '', '')"
  denied $role "copy partita.event to program 'true'"
done
allowed node "$event"
allowed launch "$event"
denied read "$event"
allowed node "update partita.node set heartbeat_at = now()"
allowed node "update partita.run set term = term + 1"
allowed node "delete from partita.ready"
allowed node "select partita.forget_partitions(1, 0, 1)"
allowed node "select 1 from partita.run for update"
denied node "update partita.run set stop = 'NOW'"
denied node "insert into partita.run (job, job_version, parameters, identity, launch_key, state)
             values ('j', 1, '{}', '', 'k', 'CREATED')"
allowed launch "insert into partita.run (job, job_version, parameters, identity, launch_key, state)
                values ('j', 1, '{}', '', 'k', 'CREATED')"
allowed launch "update partita.run set stop = 'NOW'"
for sql in "update partita.run set term = 9" "update partita.run set master_node_id = null" \
  "update partita.lease set state = 'DONE'" "insert into partita.node default values" \
  "insert into partita.lease (step_id) values (1)" "delete from partita.ready" \
  "select partita.forget_partitions(1, 0, 1)" "update partita.step set sealed = true"; do
  denied launch "$sql"
  denied read "$sql"
done
denied read "select 1 from partita.run for update"
# Schedules: people make them, nodes own them and start what they say, and nothing else.
allowed node "select partita.fire_tick(0, 0, 1, 0)"
allowed node "select partita.fire_ticks('{0}', 0, '{1}', '{0}')"
sent node "select partita.fire_ticks('{NULL,1}', 1, '{1,1}', '{0,0}')" >"$scratch/ticks"
ok "a call for ticks that it may not fire starts nothing" \
  grep -q "may fire 0 of these 2" "$scratch/ticks"
denied node "select partita.with_tick('{}', '')"
for role in launch read; do
  denied $role "select partita.fire_tick(0, 0, 1, 0)"
  denied $role "select partita.fire_ticks('{0}', 0, '{1}', '{0}')"
done
for column in trigger parameters job paused_note; do
  denied node "update partita.schedule set $column = ''"
done
denied node "insert into partita.schedule (name) values ('x')"
denied node "delete from partita.schedule"
allowed node "update partita.schedule set owner_node_id = null"
allowed launch "delete from partita.schedule"
allowed launch "update partita.schedule set job = '', parameters = '', identity = '', trigger = '',
                zone = '', overlap = '', catch_up_ms = 0, missed = 0, next_tick = null"
denied launch "update partita.schedule set declared = true"
denied read "update partita.schedule_balance set balanced = false"
denied node "insert into partita.schedule_balance values (false)"
# What is purged is said by people; nodes do what is stored.
allowed node "select partita.entomb_expired('{0}')"
denied node "select partita.entomb('{0}')"
denied launch "select partita.entomb_expired('{0}')"
allowed launch "select partita.entomb('{}')"
denied node "insert into partita.retention values ('', 1000, 0)"
denied node "insert into partita.purging (run_id) values (1)"
denied launch "insert into partita.purging (run_id) values (1)"
denied launch "delete from partita.purging"
for role in node launch; do
  allowed $role "select partita.purge_rows(1)"
  allowed $role "select partita.files_are_gone('{1}')"
  denied $role "update partita.purging set files_gone = true"
  denied $role "delete from partita.event"
  denied $role "delete from partita.result"
done
for sql in "select partita.entomb('{}')" "select partita.purge_rows(1)" \
  "select partita.files_are_gone('{1}')" \
  "update partita.purge_turn set next_at = now()" "delete from partita.retention"; do
  denied read "$sql"
done
allowed owner "alter table partita.node add column more int"
allowed owner "create table partita.more (a int)"
judge
statements=$(cat "$scratch"/rights.* | grep -c '^begin')
judged=$(grep -c '^= ' "$scratch/answers")
ok "all $statements statements were judged: $judged" [ "$judged" -eq "$statements" ]

# --- a cluster whose processes have no more rights than that
as() { role=$1; shift; PARTITA_DB=$(as_role "$role") "$@"; }
for node in a b; do
  PARTITA_DB=$(as_role node) "$PARTITA" node --name $node --executors 2 --fast \
    2>>"$scratch/$node.log" &
done
run=$(as launch "$PARTITA" submit range_sum from=1 to=1000 partitions=100 2>/dev/null)
expect 0 COMPLETED as read "$PARTITA" wait "$run" --timeout 30
long=$(as launch "$PARTITA" submit range_sum from=1 to=500 partitions=100 delay_ms=200 2>/dev/null)
ok "the run begins" wait_for 10 sh -c \
  "PARTITA_DB=$(as_role read) '$PARTITA' job $long -o json | grep -q '\"completed\": *[1-9]'"
expect 0 . as launch "$PARTITA" cancel "$long"
expect 8 STOPPED as read "$PARTITA" wait "$long" --timeout 30
new=$(as launch "$PARTITA" restart "$long" 2>/dev/null)
expect 0 COMPLETED as read "$PARTITA" wait "$new" --timeout 60
expect 1 "the role t_read_$$ lacks a right: .*permission denied.*partita_launch" \
  as read "$PARTITA" cancel "$new"
expect 1 "the role t_read_$$ lacks a right: .*permission denied" \
  as read "$PARTITA" submit range_sum from=1 to=3
ok "nobody says that there is no database" sh -c "! grep -qi 'cannot reach' '$scratch/stderr'"
expect 0 "schedule often starts range_sum" as launch "$PARTITA" schedule add often \
  "every 1s at fixed rate" range_sum from=1 to=10
fires() { as read "$PARTITA" schedule list -o json | grep -q '"last_run": *"'; }
ok "nodes with narrow rights own and fire a schedule" wait_for 20 fires
expect 1 "lacks a right" as read "$PARTITA" schedule pause often
expect 1 "lacks a right" as node "$PARTITA" schedule add more @daily range_sum from=1 to=10
expect 0 "is paused" as launch "$PARTITA" schedule pause often --note "by hand"
expect 0 "is that of the tick" as launch "$PARTITA" schedule run often
expect 0 "and a run for each" as launch "$PARTITA" schedule backfill often --from 3s
expect 0 "goes on, next at" as launch "$PARTITA" schedule resume often
expect 0 "changed" as launch "$PARTITA" schedule sync
expect 0 "is gone" as launch "$PARTITA" schedule rm often
expect 0 "starts range_sum" as launch "$PARTITA" schedule add often @daily range_sum from=1 to=9
expect 0 "is gone" as launch "$PARTITA" schedule rm often
expect 0 "everything checked holds" as read "$PARTITA" verify
role_of() { as "$1" "$PARTITA" doctor 2>/dev/null | grep -Eq "$2"; }
ok "doctor finds the node's role fine" role_of node '^ok +role +t_node_[0-9]+ has no more rights'
ok "doctor names the owner" role_of owner '^UNSAFE +role +t_owner_[0-9]+ owns the tables'
for pid in $(leftovers); do
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "partita node" && kill -TERM "$pid"
done
wait
ok "no node met a denied right" sh -c "! grep -i 'denied' '$scratch/a.log' '$scratch/b.log'"

# --- the author's tables in a schema of their own, which the nodes' role may use
as_admin() { PGPASSWORD=$owner_password psql -qXAt "$admin" -c "$1"; }
as_admin "create schema shop
  create table ledger (no bigint not null, entry integer not null check (entry <> 17))"
as_admin "alter role t_engine_$$ set search_path = shop"
as_admin "grant usage on schema shop to t_engine_$$"
author() { PARTITA_DB=$(as_role engine) "$HARD_JOBS" "$@" --fast; }
expect 1 "1 of 1 partitions failed; .*permission denied for table ledger" \
  author run ledger partitions=1
as_admin "grant insert on shop.ledger to t_engine_$$"
expect 0 COMPLETED author run ledger partitions=4 --nodes 2
entries="select count(*), count(distinct no * 100 + entry) from shop.ledger"
ok "each row of the author's is there once" [ "$(as_admin "$entries")" = "232|232" ]
as_admin "alter role t_engine_$$ reset search_path"

# --- every verb, by its contract
if [ -n "${STORAGE_TESTS:-}" ]; then
  export PGPASSWORD="$owner_password"
  other=$(fresh_pg)
  suite() {
    PARTITA_TEST_ONLY=postgres PARTITA_TEST_PG="$other" \
      PARTITA_TEST_PG_AS="$(as_role engine "${other##*/}")?password=x" \
      "$STORAGE_TESTS" "~*schema that is checked in*" "~[verify]" >"$scratch/suite" 2>&1
  }
  ok "the contract suite with the rights of nodes and launchers" suite ||
    tail -40 "$scratch/suite" >&2
  drop_pg "$other"
else
  echo "SKIPPED: the contract suite with narrow rights, because STORAGE_TESTS is not set" >&2
fi
export PGPASSWORD="$owner_password"
done_database
finish
