-- All times are the database's clock. A state and the times it implies are tied by a CHECK.
-- The tables a worker writes have no foreign keys: its writes are fenced by a lock on the lease
-- row, and a check of each of a million rows would cost more than inserting them.

CREATE TABLE partita.migration (
  version integer PRIMARY KEY,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL DEFAULT now()
);

-- Microseconds since the epoch: exact, whatever the time zone of the session.
CREATE FUNCTION partita.micros(timestamptz) RETURNS bigint
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS 'SELECT (extract(epoch FROM $1) * 1000000)::bigint';

CREATE TABLE partita.node (
  node_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  host text NOT NULL,
  pid bigint NOT NULL,
  slots integer NOT NULL CHECK (slots >= 0),
  version text NOT NULL,
  jobs text[] NOT NULL, -- 'name/version'
  state text NOT NULL
    CHECK (state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE', 'DEREGISTERED', 'LEFT')),
  running integer NOT NULL DEFAULT 0,
  joined_at timestamptz NOT NULL DEFAULT now(),
  heartbeat_at timestamptz NOT NULL DEFAULT now(),
  left_at timestamptz,
  CONSTRAINT node_left_at CHECK ((left_at IS NOT NULL) = (state IN ('DEREGISTERED', 'LEFT')))
) WITH (fillfactor = 50);
-- A heartbeat changes no column of an index: HOT, without any work on indexes.
CREATE INDEX node_live ON partita.node (node_id)
  WHERE state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE');

CREATE TABLE partita.run (
  run_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job text NOT NULL,
  job_version integer NOT NULL,
  parameters text NOT NULL,
  identity text NOT NULL,
  launch_key text NOT NULL CONSTRAINT run_launch_key UNIQUE,
  state text NOT NULL CHECK (state IN ('CREATED', 'RUNNING', 'COMPLETED', 'FAILED', 'STOPPED')),
  master_node_id bigint REFERENCES partita.node,
  term bigint NOT NULL DEFAULT 0 CHECK (term >= 0),
  stop text NOT NULL DEFAULT 'NONE' CHECK (stop IN ('NONE', 'STOP', 'NOW')),
  restart_of bigint CONSTRAINT run_restart_of UNIQUE REFERENCES partita.run,
  result text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  CONSTRAINT run_started_at CHECK (CASE state WHEN 'CREATED' THEN started_at IS NULL
                                              WHEN 'STOPPED' THEN true
                                              ELSE started_at IS NOT NULL END),
  CONSTRAINT run_ended_at CHECK ((ended_at IS NOT NULL)
                                 = (state IN ('COMPLETED', 'FAILED', 'STOPPED')))
);
-- One live run per job and identifying parameters. Of these the digest: an index entry holds at
-- most 2704 bytes. Also what a node reads to find live runs.
CREATE UNIQUE INDEX run_live_identity ON partita.run (job, md5(identity))
  WHERE state IN ('CREATED', 'RUNNING');

CREATE TABLE partita.step (
  step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  run_id bigint NOT NULL REFERENCES partita.run,
  name text NOT NULL,
  ordinal integer NOT NULL,
  kind text NOT NULL CHECK (kind IN ('TASKLET', 'PARTITIONED')),
  state text NOT NULL CHECK (state IN ('RUNNING', 'COMPLETED', 'FAILED', 'STOPPED')),
  streamed boolean NOT NULL,
  transferable boolean NOT NULL,
  max_attempts integer NOT NULL,
  retry_first_ms bigint NOT NULL,
  retry_factor double precision NOT NULL,
  retry_max_ms bigint NOT NULL,
  split_context text NOT NULL,
  count bigint NOT NULL DEFAULT 0 CHECK (count >= 0),
  sealed boolean NOT NULL,
  carried bigint NOT NULL DEFAULT 0, -- partitions whose COMPLETED result came with a restart
  result text NOT NULL DEFAULT '',
  error text NOT NULL DEFAULT '',
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CONSTRAINT step_run_ordinal UNIQUE (run_id, ordinal),
  CONSTRAINT step_ended_at CHECK ((ended_at IS NOT NULL) = (state <> 'RUNNING'))
) WITH (fillfactor = 70);

CREATE TABLE partita.partition (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  key text NOT NULL,
  input text NOT NULL,
  PRIMARY KEY (step_id, no)
);

-- Partitions are not deleted, but for those of a split that begins anew. With the rights of the
-- owner: the role of a node has none to delete partitions.
CREATE FUNCTION partita.forget_partitions(of_step bigint, first_no bigint, last_no bigint)
RETURNS void LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog
AS $$
  DELETE FROM partita.partition p USING partita.step s
  WHERE s.step_id = of_step AND NOT s.sealed AND NOT s.streamed AND s.state = 'RUNNING'
    AND p.step_id = s.step_id AND p.no BETWEEN first_no AND last_no
$$;

-- What waits. A claim cuts the front off a row, so `lo` changes often and is in the index: a cut
-- costs one index entry, and finding the next range stays cheap when thousands of retries wait.
CREATE TABLE partita.ready (
  ready_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  step_id bigint NOT NULL,
  lo bigint NOT NULL,
  hi bigint NOT NULL,
  node_id bigint, -- null: anyone may claim it
  attempt integer NOT NULL, -- tries used up; bounded, so that one more is always a number
  available_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT ready_attempt CHECK (attempt BETWEEN 0 AND 1000000000),
  CONSTRAINT ready_range CHECK (0 <= lo AND lo <= hi)
);
CREATE INDEX ready_next ON partita.ready (step_id, node_id, lo);
-- The ranges of a step are disjoint: only the one with the greatest lo <= no can hold a partition.
CREATE INDEX ready_place ON partita.ready (step_id, lo);
CREATE INDEX ready_bound ON partita.ready (node_id) WHERE node_id IS NOT NULL;

CREATE TABLE partita.lease (
  lease_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  step_id bigint NOT NULL,
  node_id bigint NOT NULL,
  lo bigint NOT NULL,
  hi bigint NOT NULL,
  attempt integer NOT NULL,
  state text NOT NULL CHECK (state IN ('LIVE', 'DONE', 'RELEASED', 'REVOKED')),
  completed bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  returned bigint NOT NULL DEFAULT 0,
  granted_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CONSTRAINT lease_range CHECK (0 <= lo AND lo <= hi),
  CONSTRAINT lease_counts CHECK (completed + failed + returned <= hi - lo + 1),
  CONSTRAINT lease_done CHECK (state <> 'DONE' OR completed + failed + returned = hi - lo + 1),
  CONSTRAINT lease_ended_at CHECK ((ended_at IS NOT NULL) = (state <> 'LIVE'))
) WITH (fillfactor = 80);
CREATE INDEX lease_step ON partita.lease (step_id);
CREATE INDEX lease_live ON partita.lease (step_id, lo) WHERE state = 'LIVE';
CREATE INDEX lease_live_of_node ON partita.lease (node_id, step_id) WHERE state = 'LIVE';

CREATE TABLE partita.result (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  lease_id bigint NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('COMPLETED', 'FAILED')),
  output text NOT NULL,
  error text NOT NULL,
  has_files boolean NOT NULL DEFAULT false, -- the output registers files to publish
  read_count bigint NOT NULL DEFAULT 0,
  write_count bigint NOT NULL DEFAULT 0,
  filter_count bigint NOT NULL DEFAULT 0,
  skip_count bigint NOT NULL DEFAULT 0,
  took_us bigint NOT NULL DEFAULT 0,
  ended_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (step_id, no)
);
CREATE INDEX result_failed ON partita.result (step_id, no) WHERE outcome = 'FAILED';
CREATE INDEX result_files ON partita.result (step_id, no) WHERE has_files;

-- A row that only shows progress has seq 0 and no position: nothing to resume from.
CREATE TABLE partita.checkpoint (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  lease_id bigint NOT NULL,
  seq bigint NOT NULL,
  position text,
  read_count bigint NOT NULL DEFAULT 0,
  write_count bigint NOT NULL DEFAULT 0,
  filter_count bigint NOT NULL DEFAULT 0,
  skip_count bigint NOT NULL DEFAULT 0,
  progress_done bigint NOT NULL DEFAULT 0,
  progress_total bigint NOT NULL DEFAULT 0,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (step_id, no),
  CONSTRAINT checkpoint_position CHECK ((seq > 0) = (position IS NOT NULL))
) WITH (fillfactor = 60);

CREATE TABLE partita.failure (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  lease_id bigint NOT NULL,
  node_id bigint NOT NULL,
  attempt integer NOT NULL,
  outcome text NOT NULL CHECK (outcome IN ('FAILED', 'RETRY', 'RELEASED')),
  error text NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (lease_id, no)
);
CREATE INDEX failure_step ON partita.failure (step_id, no);

CREATE TABLE partita.event (
  event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT now(),
  kind text NOT NULL,
  run_id bigint,
  step_id bigint,
  lease_id bigint,
  node_id bigint,
  detail text NOT NULL DEFAULT '{}'
);
CREATE INDEX event_run ON partita.event (run_id, event_id);

-- Append-only, also for who may do more than a node. A trigger per statement costs inserts nothing.
CREATE FUNCTION partita.refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = '42501'; END $$;
CREATE TRIGGER event_is_append_only BEFORE UPDATE OR DELETE ON partita.event
  EXECUTE FUNCTION partita.refuse();

-- One row per partition, as an operator thinks of it. A partition is CLAIMED when a LIVE lease
-- covers it and neither a result nor a failure of that very lease ended it. Everything is looked
-- up by step and number: a page of a step costs a page, whatever the size of the tables.
CREATE VIEW partita.partition_status AS
SELECT r.run_id, r.job, s.step_id, s.name AS step, p.no, p.key,
       CASE WHEN done.outcome IS NOT NULL THEN done.outcome
            WHEN held.lease_id IS NOT NULL THEN 'CLAIMED'
            ELSE 'PENDING' END AS status,
       coalesce(done.attempt, held.attempt, CASE WHEN p.no <= waits.hi THEN waits.attempt END, 0)
         AS attempt,
       n.node_id, n.name AS node,
       coalesce(c.progress_done, 0) AS progress_done,
       coalesce(c.progress_total, 0) AS progress_total,
       coalesce(done.error, tried.error, '') AS error,
       coalesce(done.lease_id, held.lease_id) AS lease_id
FROM partita.partition p
JOIN partita.step s ON s.step_id = p.step_id
JOIN partita.run r ON r.run_id = s.run_id
LEFT JOIN LATERAL (
  SELECT o.outcome, o.error, l.lease_id, l.attempt, l.node_id
  FROM partita.result o JOIN partita.lease l ON l.lease_id = o.lease_id
  WHERE o.step_id = p.step_id AND o.no = p.no) done ON true
LEFT JOIN LATERAL (
  SELECT l.lease_id, l.attempt, l.node_id
  FROM partita.lease l
  WHERE done.outcome IS NULL AND l.step_id = p.step_id AND l.state = 'LIVE'
    AND l.lo <= p.no AND p.no <= l.hi
    AND NOT EXISTS (SELECT FROM partita.failure f WHERE f.lease_id = l.lease_id AND f.no = p.no)
  ORDER BY l.lo DESC LIMIT 1) held ON true
LEFT JOIN LATERAL (
  SELECT w.attempt, w.hi FROM partita.ready w
  WHERE done.outcome IS NULL AND w.step_id = p.step_id AND w.lo <= p.no
  ORDER BY w.lo DESC LIMIT 1) waits ON true
LEFT JOIN LATERAL (
  SELECT f.error FROM partita.failure f
  WHERE done.outcome IS NULL AND f.step_id = p.step_id AND f.no = p.no
    AND f.outcome <> 'RELEASED'
  ORDER BY f.lease_id DESC LIMIT 1) tried ON true
LEFT JOIN partita.checkpoint c ON c.step_id = p.step_id AND c.no = p.no
LEFT JOIN partita.node n ON n.node_id = coalesce(done.node_id, held.node_id);

-- Autovacuum comes by volume and never analyzes: each time, all sessions plan anew whatever names
-- the table, and with hundreds of nodes that holds up every claim for a second. The statements need
-- no statistics, they look up by key; and what lies dead between two vacuums is pruned as pages and
-- index entries are passed.
DO $$
DECLARE name regclass;
BEGIN
  FOR name IN SELECT c.oid FROM pg_catalog.pg_class c
              WHERE c.relnamespace = 'partita'::regnamespace AND c.relkind = 'r' LOOP
    EXECUTE format('ALTER TABLE %s SET (autovacuum_vacuum_scale_factor = 0.02,
                    autovacuum_vacuum_threshold = 200000,
                    autovacuum_vacuum_insert_threshold = 1000000,
                    autovacuum_analyze_threshold = 2147483647)', name);
  END LOOP;
END $$;
