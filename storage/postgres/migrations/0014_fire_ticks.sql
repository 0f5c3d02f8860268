-- works with: 8
-- Many ticks of one moment are fired by one call.

-- Starts the runs for ticks of schedules, as the node that owns them: the node's role may start no
-- other run. Each run gets what its schedule says; a tick that is in the future, or before the
-- stored one, is refused, and the others with it. Returns the ids, in order; NULL: there is a run
-- for this tick, or one with the same identifying parameters is live. No schedule may come twice.
-- fire_tick is for programs of before.
CREATE FUNCTION partita.fire_ticks(schedules bigint[], by_node bigint, versions integer[],
                                   ticks bigint[])
RETURNS SETOF bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  epoch CONSTANT timestamptz := timestamptz 'epoch';
  may bigint;
BEGIN
  PERFORM FROM partita.schedule s WHERE s.schedule_id = ANY (schedules)
  ORDER BY s.schedule_id FOR UPDATE;
  SELECT count(DISTINCT s.schedule_id) INTO may
  FROM unnest(schedules, ticks) AS t (id, micros)
  JOIN partita.schedule s ON s.schedule_id = t.id AND s.owner_node_id = by_node
    AND s.next_tick <= epoch + t.micros * interval '1 microsecond'
    AND partita.clock() >= epoch + t.micros * interval '1 microsecond';
  IF may IS DISTINCT FROM cardinality(schedules) THEN
    RAISE EXCEPTION 'node % may fire % of these % ticks', by_node, may, cardinality(schedules);
  END IF;
  RETURN QUERY
  WITH asked AS MATERIALIZED (
    SELECT t.place, t.version, t.micros, s.schedule_id, s.job, s.parameters, s.identity,
           epoch + t.micros * interval '1 microsecond' AS at
    FROM unnest(schedules, versions, ticks) WITH ORDINALITY AS t (id, version, micros, place)
    JOIN partita.schedule s ON s.schedule_id = t.id
  ), named AS MATERIALIZED (
    SELECT a.*, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
      || CASE WHEN micros % 1000000 <> 0 THEN to_char(at AT TIME ZONE 'UTC', '.US') ELSE '' END
      || 'Z' AS said
    FROM asked a
  ), made AS (
    INSERT INTO partita.run (job, job_version, parameters, identity, launch_key, state,
                             schedule_id, tick)
    -- The objects get the member `tick` behind the others.
    SELECT n.job, n.version,
           regexp_replace(n.parameters, '\}[^}]*$', '')
             || CASE WHEN strpos(n.parameters, '"') > 0 THEN ',' ELSE '' END
             || '"tick":"' || n.said || '"}',
           regexp_replace(n.identity, '\}[^}]*$', '')
             || CASE WHEN strpos(n.identity, '"') > 0 THEN ',' ELSE '' END
             || '"tick":"' || n.said || '"}',
           'schedule-' || n.schedule_id || '-' || n.said, 'CREATED', n.schedule_id, n.at
    FROM named n ORDER BY n.place
    ON CONFLICT DO NOTHING RETURNING run_id, schedule_id)
  SELECT m.run_id FROM asked a LEFT JOIN made m USING (schedule_id) ORDER BY a.place;
END $$;
REVOKE ALL ON FUNCTION partita.fire_ticks(bigint[], bigint, integer[], bigint[]) FROM PUBLIC;

-- Of many that are due the first ones are found in order.
DROP INDEX partita.schedule_due;
CREATE INDEX schedule_due ON partita.schedule (owner_node_id, next_tick, schedule_id);
