-- works with: 8
-- What has ended long ago is purged. Programs of before show such runs as runs without steps.

-- Of a purged run, only the row of the run is left, or soon will be.
ALTER TABLE partita.run ADD COLUMN purged_at timestamptz;
CREATE INDEX run_kept ON partita.run (job, ended_at)
WHERE ended_at IS NOT NULL AND purged_at IS NULL;

-- How long runs of a job that have ended are kept; of '': of all jobs without a row.
CREATE TABLE partita.retention (
  job text PRIMARY KEY,
  keep_ms bigint NOT NULL CHECK (keep_ms >= 1000),
  keep_last integer NOT NULL CHECK (keep_last >= 0)
);

-- Purged runs that still have rows, and how far the removal has come: partitions of steps first, in
-- this order, then the events.
CREATE TABLE partita.purging (
  run_id bigint PRIMARY KEY REFERENCES partita.run,
  step_id bigint NOT NULL DEFAULT 0,
  no bigint NOT NULL DEFAULT 0,
  event_id bigint NOT NULL DEFAULT 0
);

-- One row: when the next rows may be removed.
CREATE TABLE partita.purge_turn (next_at timestamptz NOT NULL);
INSERT INTO partita.purge_turn VALUES ('epoch');

-- The log is append-only, but for the events of runs that are being purged.
CREATE OR REPLACE FUNCTION partita.refuse() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM partita.purging p WHERE p.run_id = OLD.run_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = '42501';
END $$;
DROP TRIGGER event_is_append_only ON partita.event;
CREATE TRIGGER event_is_append_only BEFORE DELETE OR UPDATE ON partita.event
FOR EACH ROW EXECUTE FUNCTION partita.refuse();

-- Nothing is left to go on from; programs of before do not look.
CREATE FUNCTION partita.refuse_purged() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF EXISTS (SELECT FROM partita.run r
             WHERE r.run_id = NEW.restart_of AND r.purged_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a run that was purged is not continued';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER purged_run_is_not_continued BEFORE INSERT ON partita.run
FOR EACH ROW WHEN (NEW.restart_of IS NOT NULL) EXECUTE FUNCTION partita.refuse_purged();

-- A whole chain, locked by who asks. Returns how many runs.
CREATE FUNCTION partita.entomb(chain bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  changed bigint;
BEGIN
  IF EXISTS (SELECT FROM partita.run r WHERE r.restart_of = ANY (chain)
             AND r.run_id <> ALL (chain))
     OR EXISTS (SELECT FROM partita.run r WHERE r.run_id = ANY (chain)
                AND (r.ended_at IS NULL OR r.restart_of <> ALL (chain))) THEN
    RAISE EXCEPTION 'only runs that have ended are purged, with all that they continue';
  END IF;
  UPDATE partita.run SET purged_at = partita.clock(), result = '', error = ''
  WHERE run_id = ANY (chain) AND purged_at IS NULL;
  GET DIAGNOSTICS changed = ROW_COUNT;
  INSERT INTO partita.purging (run_id) SELECT unnest(chain);
  RETURN changed;
END $$;

-- For nodes, which decide nothing: what is stored does.
CREATE FUNCTION partita.entomb_expired(chain bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT EXISTS (
    SELECT FROM partita.run r
    JOIN partita.retention q ON q.job = r.job
      OR (q.job = '' AND NOT EXISTS (SELECT FROM partita.retention o WHERE o.job = r.job))
    WHERE r.run_id = ANY (chain)
      AND r.ended_at < partita.clock() - q.keep_ms * interval '1 millisecond'
      AND NOT EXISTS (SELECT FROM partita.run c WHERE c.restart_of = r.run_id)
      AND (SELECT count(*) FROM (
             SELECT FROM partita.run k
             WHERE k.job = r.job AND k.run_id > r.run_id AND k.ended_at IS NOT NULL
               AND k.purged_at IS NULL
             LIMIT q.keep_last) newer) = q.keep_last) THEN
    RAISE EXCEPTION 'what is stored keeps the runs %', chain;
  END IF;
  RETURN partita.entomb(chain);
END $$;

-- Removes rows of purged runs, newest run first, until they are `most` or somewhat more. Returns
-- how many. Rows that were removed before are not looked at again: an old snapshot may keep them.
CREATE FUNCTION partita.purge_rows(most bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
  q record;
  s record;
  n bigint;
  last_event bigint;
  removed bigint := 0;
BEGIN
  LOOP
    SELECT p.run_id, p.step_id, p.no, p.event_id INTO q
    FROM partita.purging p ORDER BY p.run_id DESC LIMIT 1;
    EXIT WHEN NOT FOUND OR removed >= most;
    SELECT t.step_id, t.count, CASE t.step_id WHEN q.step_id THEN q.no ELSE 0 END AS no INTO s
    FROM partita.step t WHERE t.run_id = q.run_id AND t.step_id >= q.step_id
    ORDER BY t.step_id LIMIT 1;
    IF FOUND THEN
      DELETE FROM partita.skipped WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM partita.skipped
        WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most LIMIT most));
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      CONTINUE WHEN n = most; -- there may be more
      DELETE FROM partita.partition_log
      WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      DELETE FROM partita.checkpoint
      WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      DELETE FROM partita.failure
      WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      DELETE FROM partita.result
      WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      DELETE FROM partita.partition
      WHERE step_id = s.step_id AND no >= s.no AND no < s.no + most;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      IF s.no + most < s.count THEN
        UPDATE partita.purging SET step_id = s.step_id, no = s.no + most
        WHERE run_id = q.run_id;
        CONTINUE;
      END IF;
      DELETE FROM partita.tile WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM partita.tile WHERE step_id = s.step_id LIMIT most));
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      CONTINUE WHEN n = most;
      DELETE FROM partita.ready WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM partita.ready WHERE step_id = s.step_id LIMIT most));
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      CONTINUE WHEN n = most;
      DELETE FROM partita.step_counter WHERE step_id = s.step_id;
      GET DIAGNOSTICS n = ROW_COUNT;
      removed := removed + n;
      UPDATE partita.purging SET step_id = s.step_id + 1, no = 0 WHERE run_id = q.run_id;
      CONTINUE;
    END IF;
    DELETE FROM partita.output_name WHERE ctid = ANY (ARRAY(
      SELECT ctid FROM partita.output_name WHERE run_id = q.run_id LIMIT most));
    GET DIAGNOSTICS n = ROW_COUNT;
    removed := removed + n;
    CONTINUE WHEN n = most;
    -- With each event that granted a lease, the lease.
    WITH gone AS (
      DELETE FROM partita.event WHERE event_id = ANY (ARRAY(
        SELECT event_id FROM partita.event
        WHERE run_id = q.run_id AND event_id > q.event_id ORDER BY event_id LIMIT most))
      RETURNING event_id, kind, lease_id),
    leases AS (
      DELETE FROM partita.lease
      WHERE lease_id = ANY (ARRAY(SELECT lease_id FROM gone WHERE kind = 'LEASE_GRANTED'))
      RETURNING 1)
    SELECT (SELECT count(*) FROM leases) + count(*), max(event_id) INTO n, last_event FROM gone;
    removed := removed + n;
    IF n > 0 THEN
      UPDATE partita.purging SET event_id = last_event WHERE run_id = q.run_id;
      CONTINUE;
    END IF;
    -- A body that outlived its lease may have logged until its lease was gone.
    DELETE FROM partita.partition_log g USING partita.step t
    WHERE t.run_id = q.run_id AND g.step_id = t.step_id;
    DELETE FROM partita.step WHERE run_id = q.run_id;
    GET DIAGNOSTICS n = ROW_COUNT;
    removed := removed + n + 1;
    DELETE FROM partita.purging WHERE run_id = q.run_id;
  END LOOP;
  RETURN removed;
END $$;

REVOKE ALL ON FUNCTION partita.refuse_purged(), partita.entomb(bigint[]),
  partita.entomb_expired(bigint[]), partita.purge_rows(bigint) FROM PUBLIC;
