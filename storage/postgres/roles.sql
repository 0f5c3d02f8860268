-- Rights, as narrow as the work of each allows. Run it once after `partita schema migrate`, and
-- again after each upgrade, as a superuser of the database:
--     partita schema roles | psql -1 -v ON_ERROR_STOP=1 DBNAME
-- The four roles cannot log in. Who logs in is a member of one of them:
--     CREATE ROLE batch_host_7 LOGIN IN ROLE partita_node;
--
-- Behind a pooler that drops what sessions ask for when they connect (PgBouncer with
-- ignore_startup_parameters = options does), each role that logs in needs these settings, with its
-- name in place of batch_host_7. `partita doctor` says which are missing.
--     ALTER ROLE batch_host_7 SET statement_timeout = 10000;
--     ALTER ROLE batch_host_7 SET lock_timeout = 2500;
--     ALTER ROLE batch_host_7 SET idle_in_transaction_session_timeout = 3000;
--     ALTER ROLE batch_host_7 SET client_connection_check_interval = 500;
--     ALTER ROLE batch_host_7 SET tcp_keepalives_idle = 2;
--     ALTER ROLE batch_host_7 SET tcp_keepalives_interval = 1;
--     ALTER ROLE batch_host_7 SET tcp_keepalives_count = 3;
--     ALTER ROLE batch_host_7 SET tcp_user_timeout = 3000;
--     ALTER ROLE batch_host_7 SET default_transaction_isolation = 'read committed';
--     ALTER ROLE batch_host_7 SET TimeZone = 'UTC';
--     ALTER ROLE batch_host_7 SET enable_bitmapscan = off;
--     ALTER ROLE batch_host_7 SET enable_seqscan = off;
--     ALTER ROLE batch_host_7 SET plan_cache_mode = force_generic_plan;
--     ALTER ROLE batch_host_7 SET jit = off;
--
-- partita_owner   owns the tables: migrations
-- partita_node    what `partita node` does; the event log it can only extend
-- partita_launch  what submit, cancel, restart, abandon, pause, priority, limit, drain, schedule,
--                 retention and purge do, from a terminal or from the page; it can neither claim
--                 nor drive
-- partita_read    listings, verify, dashboards

DO $$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['partita_owner', 'partita_node', 'partita_launch', 'partita_read']
  LOOP
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
    END IF;
  END LOOP;
  EXECUTE format('GRANT CREATE ON DATABASE %I TO partita_owner', current_database());
END $$;

REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- Whoever migrated: the tables belong to partita_owner.
ALTER SCHEMA partita OWNER TO partita_owner;
DO $$
DECLARE
  what record;
BEGIN
  FOR what IN
    SELECT c.oid::regclass AS name, CASE c.relkind WHEN 'v' THEN 'VIEW' ELSE 'TABLE' END AS kind
    FROM pg_catalog.pg_class c
    WHERE c.relnamespace = 'partita'::regnamespace AND c.relkind IN ('r', 'v')
  LOOP
    EXECUTE format('ALTER %s %s OWNER TO partita_owner', what.kind, what.name);
  END LOOP;
  FOR what IN
    SELECT p.oid::regprocedure AS name FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'partita'::regnamespace
  LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO partita_owner', what.name);
  END LOOP;
END $$;

-- From nothing, so that running it again takes away what an older version gave.
REVOKE ALL ON ALL TABLES IN SCHEMA partita FROM PUBLIC, partita_node, partita_launch, partita_read;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA partita
  FROM PUBLIC, partita_node, partita_launch, partita_read;

GRANT USAGE ON SCHEMA partita TO partita_node, partita_launch, partita_read;
GRANT SELECT ON ALL TABLES IN SCHEMA partita TO partita_node, partita_launch, partita_read;
GRANT EXECUTE ON FUNCTION partita.micros(timestamptz), partita.clock()
  TO partita_node, partita_launch, partita_read;

-- A row that is locked needs the right to change some column of it; nobody may change what is
-- final: keys, inputs, results, failures, events.
GRANT INSERT, UPDATE (state, running, stuck, doing, heartbeat_at, left_at)
  ON partita.node TO partita_node;
GRANT INSERT, UPDATE (description, last_seen, fair_by, max_runs) ON partita.job TO partita_node;
GRANT UPDATE (owner_node_id, next_tick, last_tick, last_run_id, missed)
  ON partita.schedule TO partita_node;
GRANT UPDATE (balanced) ON partita.schedule_balance TO partita_node, partita_launch;
GRANT EXECUTE ON FUNCTION partita.fire_tick(bigint, bigint, integer, bigint),
  partita.fire_ticks(bigint[], bigint, integer[], bigint[]) TO partita_node;
GRANT UPDATE (state, master_node_id, term, result, error, started_at, ended_at, fair_key)
  ON partita.run TO partita_node;
GRANT EXECUTE ON FUNCTION partita.fair_key(text, integer, text)
  TO partita_node, partita_launch;
GRANT INSERT (name) ON partita.resource_limit TO partita_node;
GRANT EXECUTE ON FUNCTION partita.lock_limits(text[]) TO partita_node;
GRANT INSERT, UPDATE (state, count, sealed, result, error, decision, decision_text, ended_at)
  ON partita.step TO partita_node;
GRANT INSERT ON partita.partition TO partita_node;
GRANT EXECUTE ON FUNCTION partita.forget_partitions(bigint, bigint, bigint) TO partita_node;
GRANT INSERT, UPDATE (lo, node_id), DELETE ON partita.ready TO partita_node;
GRANT INSERT, UPDATE (hi, state, completed, failed, returned, ended_at)
  ON partita.lease TO partita_node;
GRANT INSERT ON partita.result, partita.failure, partita.event, partita.output_name
  TO partita_node;
GRANT INSERT, UPDATE (completed, failed, read_count, write_count, filter_count, skip_count)
  ON partita.step_counter TO partita_node;
GRANT INSERT, UPDATE, DELETE ON partita.checkpoint TO partita_node;
GRANT INSERT, UPDATE (number, text, at) ON partita.partition_log TO partita_node;
GRANT INSERT, UPDATE (completed, failed, returned, busy_us, slowest_us, slowest_no, first_lease,
                      last_lease)
  ON partita.tile TO partita_node;
GRANT UPDATE (next_at) ON partita.purge_turn TO partita_node, partita_launch;
GRANT EXECUTE ON FUNCTION partita.purge_rows(bigint), partita.files_are_gone(bigint[])
  TO partita_node, partita_launch;
-- What is stored decides what a node may purge.
GRANT EXECUTE ON FUNCTION partita.entomb_expired(bigint[]) TO partita_node;
GRANT EXECUTE ON FUNCTION partita.fence(bigint, bigint, bigint, bigint, text, bigint[], json)
  TO partita_node;

-- A continued run gets copies of what its predecessor has done: hence the inserts. A run that
-- nobody drives is stopped by who asks for it, and so are its steps: hence their ends.
GRANT INSERT (job, job_version, parameters, identity, launch_key, restart_of, result, trace_parent,
              schedule_id, tick, priority, state),
      UPDATE (stop, state, error, ended_at, abandoned, priority, paused_at, paused_by, paused_note)
  ON partita.run TO partita_launch;
GRANT INSERT, UPDATE, DELETE ON partita.paused_job TO partita_launch;
GRANT INSERT, UPDATE (slots, since_lease) ON partita.resource_limit TO partita_launch;
GRANT INSERT, UPDATE, DELETE ON partita.retention TO partita_launch;
GRANT EXECUTE ON FUNCTION partita.entomb(bigint[]) TO partita_launch;
GRANT EXECUTE ON FUNCTION partita.submit(text, jsonb, text) TO partita_launch;
GRANT UPDATE (state) ON partita.node TO partita_launch; -- `drain`
GRANT INSERT, DELETE, UPDATE (job, parameters, identity, trigger, zone, overlap, catch_up_ms,
                              owner_node_id, next_tick, last_tick, last_run_id, missed, paused_at,
                              paused_by, paused_note)
  ON partita.schedule TO partita_launch;
GRANT INSERT, UPDATE (state, carried, result, error, ended_at) ON partita.step TO partita_launch;
GRANT INSERT ON partita.partition, partita.result, partita.checkpoint, partita.skipped,
  partita.ready, partita.event, partita.output_name TO partita_launch;
GRANT INSERT, UPDATE (completed, failed, read_count, write_count, filter_count, skip_count)
  ON partita.step_counter TO partita_launch;
