-- works with: 8
-- Output files of a purged run go before the rows that name them, where its job asks for it. What
-- programs of before purge is treated like that; they remove its rows when nodes of today are done
-- with the files.

-- Whether somebody has gone through all that the run has published.
ALTER TABLE partita.purging ADD COLUMN files_gone boolean NOT NULL DEFAULT true;
CREATE INDEX purging_files ON partita.purging (run_id) WHERE NOT files_gone;
CREATE INDEX purging_rows ON partita.purging (run_id) WHERE files_gone;

-- Up to this number, events may be missing because their runs were purged. A program that misses
-- one above it, which it knew, has lost history before it.
ALTER TABLE partita.purge_turn ADD COLUMN event_id bigint NOT NULL DEFAULT 0;

-- A whole chain, locked by who asks. Returns how many runs.
CREATE OR REPLACE FUNCTION partita.entomb(chain bigint[]) RETURNS bigint
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
  INSERT INTO partita.purging (run_id, files_gone)
  SELECT c.run_id, NOT EXISTS (SELECT FROM partita.output_name n WHERE n.run_id = c.run_id)
  FROM unnest(chain) AS c (run_id);
  RETURN changed;
END $$;

-- Removes rows of purged runs whose files are gone, newest run first, until they are `most` or
-- somewhat more. Returns how many. Rows that were removed before are not looked at again: an old
-- snapshot may keep them.
CREATE OR REPLACE FUNCTION partita.purge_rows(most bigint) RETURNS bigint
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
    FROM partita.purging p WHERE p.files_gone ORDER BY p.run_id DESC LIMIT 1;
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
      UPDATE partita.purge_turn SET event_id = last_event WHERE event_id < last_event;
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

CREATE FUNCTION partita.files_are_gone(runs bigint[]) RETURNS void
LANGUAGE sql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  UPDATE partita.purging p SET files_gone = true
  FROM (SELECT run_id FROM partita.purging
        WHERE run_id = ANY (runs) AND NOT files_gone ORDER BY run_id FOR UPDATE) q
  WHERE p.run_id = q.run_id
$$;
REVOKE ALL ON FUNCTION partita.files_are_gone(bigint[]) FROM PUBLIC;
