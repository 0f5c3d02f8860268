-- Rights, as narrow as the work of each allows. Run it once after `partita schema migrate`, and
-- again after each upgrade, as a superuser of the database:
--     partita schema roles | psql -1 -v ON_ERROR_STOP=1 DBNAME
-- The four roles cannot log in. Who logs in is a member of one of them:
--     CREATE ROLE batch_host_7 LOGIN IN ROLE partita_node;
--
-- partita_owner   owns the tables: migrations
-- partita_node    what `partita node` does; the event log it can only extend
-- partita_launch  what submit, cancel, restart and drain do; it can neither claim nor drive
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
GRANT INSERT, UPDATE (state, running, heartbeat_at, left_at) ON partita.node TO partita_node;
GRANT INSERT, UPDATE (description, last_seen) ON partita.job TO partita_node;
GRANT UPDATE (state, master_node_id, term, result, error, started_at, ended_at)
  ON partita.run TO partita_node;
GRANT INSERT, UPDATE (state, count, sealed, result, error, ended_at)
  ON partita.step TO partita_node;
GRANT INSERT ON partita.partition TO partita_node;
GRANT EXECUTE ON FUNCTION partita.forget_partitions(bigint, bigint, bigint) TO partita_node;
GRANT INSERT, UPDATE (lo, node_id), DELETE ON partita.ready TO partita_node;
GRANT INSERT, UPDATE (hi, state, completed, failed, returned, ended_at)
  ON partita.lease TO partita_node;
GRANT INSERT ON partita.result, partita.failure, partita.event TO partita_node;
GRANT INSERT, UPDATE, DELETE ON partita.checkpoint TO partita_node;

-- A continued run gets copies of what its predecessor has done: hence the inserts. A run that
-- nobody drives is stopped by who asks for it, and so are its steps: hence their ends.
GRANT INSERT (job, job_version, parameters, identity, launch_key, restart_of, result, state),
      UPDATE (stop, state, error, ended_at) ON partita.run TO partita_launch;
GRANT UPDATE (state) ON partita.node TO partita_launch; -- `drain`
GRANT INSERT, UPDATE (state, carried, result, error, ended_at) ON partita.step TO partita_launch;
GRANT INSERT ON partita.partition, partita.result, partita.checkpoint, partita.ready, partita.event
  TO partita_launch;
