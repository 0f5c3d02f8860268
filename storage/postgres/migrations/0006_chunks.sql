-- works with: 6
-- Chunks: the items that policies let go, and the fence under which an author's transaction
-- commits. Older programs would not copy the skipped items into a continued run.

CREATE TABLE partita.skipped (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  item bigint NOT NULL, -- its ordinal in the partition, from 0
  stage text NOT NULL CHECK (stage IN ('READ', 'PROCESS', 'WRITE')),
  place text NOT NULL,
  why text NOT NULL,
  at timestamptz NOT NULL DEFAULT partita.clock(),
  PRIMARY KEY (step_id, no, item)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200000,
        autovacuum_vacuum_insert_threshold = 1000000, autovacuum_analyze_threshold = 2147483647);

-- The last statement of an author's transaction, in one message with its COMMIT: so the lease is
-- never locked while the author's code runs, or is frozen. It stores the chunk if the lease is
-- LIVE, covers the partition, and that has not ended; and if what is stored is what the chunk
-- follows.
-- Each statement in it sees what was committed before it began: hence no other isolation level.
-- Who executes it needs no right on the tables.
-- `counts`: read, written, filtered, skipped. `skipped`: [{"item", "stage", "place", "why"}, ...].
CREATE FUNCTION partita.fence(of_lease bigint, of_no bigint, from_item bigint, next_seq bigint,
                              next_position text, counts bigint[], let_go json)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
SET jit = off
AS $$
DECLARE
  of_step bigint;
  stored bigint;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'an author''s transaction must stay READ COMMITTED' USING ERRCODE = 'PT003';
  END IF;
  SELECT l.step_id INTO of_step FROM partita.lease l
  WHERE l.lease_id = of_lease AND l.ended_at IS NULL AND of_no BETWEEN l.lo AND l.hi
  FOR KEY SHARE;
  IF of_step IS NULL
     OR EXISTS (SELECT FROM partita.result o WHERE o.step_id = of_step AND o.no = of_no)
     OR EXISTS (SELECT FROM partita.failure f WHERE f.lease_id = of_lease AND f.no = of_no) THEN
    RAISE EXCEPTION 'lease % no longer covers partition %', of_lease, of_no
      USING ERRCODE = 'PT001';
  END IF;
  INSERT INTO partita.checkpoint AS c (step_id, no, lease_id, seq, position, read_count,
                                       write_count, filter_count, skip_count)
  SELECT of_step, of_no, of_lease, next_seq, next_position, counts[1], counts[2], counts[3],
         counts[4]
  WHERE (next_seq = 1 AND from_item = 0)
     OR EXISTS (SELECT FROM partita.checkpoint k WHERE k.step_id = of_step AND k.no = of_no)
  ON CONFLICT (step_id, no) DO UPDATE
  SET lease_id = excluded.lease_id, seq = excluded.seq, position = excluded.position,
      read_count = excluded.read_count, write_count = excluded.write_count,
      filter_count = excluded.filter_count, skip_count = excluded.skip_count,
      updated_at = partita.clock()
  WHERE c.seq = excluded.seq - 1 AND c.read_count = from_item;
  GET DIAGNOSTICS stored = ROW_COUNT;
  IF stored = 0 THEN
    RAISE EXCEPTION 'a chunk from item % does not follow what is stored of partition %',
      from_item, of_no USING ERRCODE = 'PT002';
  END IF;
  IF let_go IS NOT NULL THEN
    INSERT INTO partita.skipped (step_id, no, item, stage, place, why)
    SELECT of_step, of_no, i.item, i.stage, i.place, i.why
    FROM json_to_recordset(let_go) AS i (item bigint, stage text, place text, why text);
  END IF;
END $$;
