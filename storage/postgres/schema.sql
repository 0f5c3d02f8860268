CREATE SCHEMA partita;

CREATE FUNCTION partita.clock() RETURNS timestamp with time zone
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$SELECT now()$$;

CREATE FUNCTION partita.entomb(chain bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION partita.entomb_expired(chain bigint[]) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION partita.fair_key(of_job text, version integer, given text) RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  SELECT coalesce((SELECT given::json ->> j.fair_by FROM partita.job j
                   WHERE j.name = of_job AND j.version = $2 AND j.fair_by <> ''), '')
$_$;

CREATE FUNCTION partita.fence(of_lease bigint, of_no bigint, from_item bigint, next_seq bigint, next_position text, counts bigint[], let_go json) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
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

CREATE FUNCTION partita.files_are_gone(runs bigint[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  UPDATE partita.purging p SET files_gone = true
  FROM (SELECT run_id FROM partita.purging
        WHERE run_id = ANY (runs) AND NOT files_gone ORDER BY run_id FOR UPDATE) q
  WHERE p.run_id = q.run_id
$$;

CREATE FUNCTION partita.fire_tick(of_schedule bigint, by_node bigint, version integer, at_micros bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  at timestamptz := timestamptz 'epoch' + at_micros * interval '1 microsecond';
  said text;
  s record;
  new_run bigint;
BEGIN
  SELECT * INTO s FROM partita.schedule
  WHERE schedule_id = of_schedule AND owner_node_id = by_node AND next_tick <= at FOR UPDATE;
  IF NOT FOUND OR at > partita.clock() THEN
    RAISE EXCEPTION 'node % may not fire this tick of schedule %', by_node, of_schedule;
  END IF;
  said := to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
    || CASE WHEN at_micros % 1000000 <> 0 THEN to_char(at AT TIME ZONE 'UTC', '.US') ELSE '' END
    || 'Z';
  INSERT INTO partita.run (job, job_version, parameters, identity, launch_key, state, schedule_id,
                           tick)
  VALUES (s.job, version, partita.with_tick(s.parameters, said),
          partita.with_tick(s.identity, said), 'schedule-' || of_schedule || '-' || said,
          'CREATED', of_schedule, at)
  ON CONFLICT DO NOTHING RETURNING run_id INTO new_run;
  RETURN new_run;
END $$;

CREATE FUNCTION partita.fire_ticks(schedules bigint[], by_node bigint, versions integer[], ticks bigint[]) RETURNS SETOF bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
END $_$;

CREATE FUNCTION partita.forget_partitions(of_step bigint, first_no bigint, last_no bigint) RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
  DELETE FROM partita.partition p USING partita.step s
  WHERE s.step_id = of_step AND NOT s.sealed AND NOT s.streamed AND s.state = 'RUNNING'
    AND p.step_id = s.step_id AND p.no BETWEEN first_no AND last_no
$$;

CREATE FUNCTION partita.lock_limits(names text[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  PERFORM FROM partita.resource_limit q WHERE q.name = ANY (names) ORDER BY q.name FOR UPDATE;
END $$;

CREATE FUNCTION partita.micros(timestamp with time zone) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $_$SELECT (extract(epoch FROM $1) * 1000000)::bigint$_$;

CREATE FUNCTION partita.parameter_value(spec json, value text) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET extra_float_digits TO '1'
    AS $_$
DECLARE
  made text;
BEGIN
  IF json_array_length(spec -> 'one_of') > 0
     AND value NOT IN (SELECT one FROM json_array_elements_text(spec -> 'one_of') AS o (one)) THEN
    RETURN NULL;
  END IF;
  CASE spec ->> 'type'
    WHEN 'integer' THEN
      RETURN CASE WHEN value ~ '^-?[0-9]+$' THEN value::bigint::text END;
    WHEN 'number' THEN
      IF value !~ '^-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$' THEN
        RETURN NULL;
      END IF;
      made := (value::float8 + 0)::text; -- there is one zero
      RETURN made || CASE WHEN made ~ '[.e]' THEN '' ELSE '.0' END;
    WHEN 'boolean' THEN
      RETURN CASE WHEN value IN ('true', 'yes', '1') THEN 'true'
                  WHEN value IN ('false', 'no', '0') THEN 'false' END;
    WHEN 'path' THEN
      RETURN CASE WHEN value ~ '^/' AND value !~ '//|/\.{1,2}(/|$)' THEN to_json(value)::text END;
    ELSE
      RETURN to_json(value)::text;
  END CASE;
EXCEPTION WHEN numeric_value_out_of_range THEN
  RETURN NULL;
END $_$;

CREATE FUNCTION partita.purge_rows(most bigint) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    SET jit TO 'off'
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

CREATE FUNCTION partita.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  IF TG_OP = 'DELETE' AND EXISTS (SELECT FROM partita.purging p WHERE p.run_id = OLD.run_id) THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the event log is append-only' USING ERRCODE = '42501';
END $$;

CREATE FUNCTION partita.refuse_purged() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  IF EXISTS (SELECT FROM partita.run r
             WHERE r.run_id = NEW.restart_of AND r.purged_at IS NOT NULL) THEN
    RAISE EXCEPTION 'a run that was purged is not continued';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION partita.set_fair_key() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
  NEW.fair_key := partita.fair_key(NEW.job, NEW.job_version, NEW.parameters);
  RETURN NEW;
END $$;

CREATE FUNCTION partita.submit(of_job text, given jsonb DEFAULT '{}'::jsonb, key text DEFAULT NULL::text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
  known record;
  spec json;
  name text;
  value text;
  made text;
  separator text := '';
  problems text := '';
  all_values text := '';
  identity_values text := '';
  other record;
  new_run bigint;
BEGIN
  SELECT j.version, j.description::json -> 'parameters' AS parameters INTO known
  FROM partita.job j WHERE j.name = of_job ORDER BY j.version DESC LIMIT 1;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no node has told of a job %', of_job USING ERRCODE = 'PT010';
  END IF;
  IF given IS NULL OR jsonb_typeof(given) <> 'object' THEN
    RAISE EXCEPTION 'parameters are an object of names and values, not %', coalesce(given, 'null')
      USING ERRCODE = 'PT010';
  END IF;
  FOR spec IN SELECT one FROM json_array_elements(known.parameters) AS o (one)
              ORDER BY one ->> 'name' COLLATE "C"
  LOOP
    name := spec ->> 'name';
    value := given ->> name;
    made := CASE WHEN value IS NULL AND NOT (spec ->> 'required')::boolean
                 THEN nullif((spec -> 'default')::text, 'null')
                 WHEN jsonb_typeof(given -> name) IN ('string', 'number', 'boolean')
                 THEN partita.parameter_value(spec, value) END;
    IF made IS NULL AND value IS NULL THEN
      CONTINUE WHEN NOT (spec ->> 'required')::boolean;
      problems := problems || '; parameter ' || name || ' is missing';
    ELSIF made IS NULL THEN
      problems := problems || '; parameter ' || name || '=' || value || ' is '
        || CASE WHEN json_array_length(spec -> 'one_of') > 0
                THEN 'none of ' || (SELECT string_agg(one, ', ')
                                    FROM json_array_elements_text(spec -> 'one_of') AS o (one))
                WHEN spec ->> 'type' = 'path' THEN 'not an absolute path without "." and ".."'
                WHEN spec ->> 'type' = 'integer' THEN 'not an integer'
                ELSE 'not a ' || (spec ->> 'type') END;
    ELSE
      made := to_json(name)::text || ':' || made;
      all_values := all_values || separator || made;
      separator := ',';
      IF (spec ->> 'identifying')::boolean THEN
        identity_values := identity_values
          || CASE identity_values WHEN '' THEN '' ELSE ',' END || made;
      END IF;
    END IF;
  END LOOP;
  FOR name IN SELECT k FROM jsonb_object_keys(given) AS o (k)
              WHERE NOT EXISTS (SELECT FROM json_array_elements(known.parameters) AS o (one)
                                WHERE one ->> 'name' = k)
              ORDER BY k COLLATE "C"
  LOOP
    problems := problems || '; there is no parameter ' || name;
  END LOOP;
  IF octet_length(all_values) > 65536 THEN
    problems := problems || '; the parameters are ' || octet_length(all_values)
      || ' bytes, more than the 65536 a run may have';
  END IF;
  IF problems <> '' THEN
    RAISE EXCEPTION 'job %: %', of_job, substr(problems, 3) USING ERRCODE = 'PT010';
  END IF;
  all_values := '{' || all_values || '}';
  identity_values := '{' || identity_values || '}';
  key := coalesce(nullif(key, ''), 'sql-' || gen_random_uuid());
  IF octet_length(key) > 1000 THEN
    RAISE EXCEPTION 'the launch key is longer than 1000 bytes' USING ERRCODE = 'PT010';
  END IF;
  LOOP  -- again when the run that was in the way has ended before it is looked at
    INSERT INTO partita.run (job, job_version, parameters, identity, launch_key, state)
    VALUES (of_job, known.version, all_values, identity_values, key, 'CREATED')
    ON CONFLICT DO NOTHING RETURNING run_id INTO new_run;
    IF new_run IS NOT NULL THEN
      INSERT INTO partita.event (kind, run_id, detail)
      VALUES ('RUN_SUBMITTED', new_run, '{"job":' || to_json(of_job)::text || '}');
      PERFORM pg_notify('partita_work', '');
      RETURN new_run;
    END IF;
    SELECT r.run_id, r.job, r.parameters, r.restart_of INTO other
    FROM partita.run r WHERE r.launch_key = key;
    IF FOUND THEN
      IF other.job = of_job AND other.parameters = all_values AND other.restart_of IS NULL THEN
        RETURN other.run_id;
      END IF;
      RAISE EXCEPTION 'the launch key % belongs to run %, of job % with other parameters or of '
        'another kind: nothing was started; choose another key', key, other.run_id, other.job
        USING ERRCODE = 'PT012';
    END IF;
    SELECT r.run_id, r.state INTO other FROM partita.run r
    WHERE r.job = of_job AND md5(r.identity) = md5(identity_values)
      AND r.state IN ('CREATED', 'RUNNING');
    IF FOUND THEN
      RAISE EXCEPTION 'run % of job % with the same identifying parameters is %', other.run_id,
        of_job, other.state USING ERRCODE = 'PT011';
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION partita.with_tick(object text, said text) RETURNS text
    LANGUAGE sql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
  SELECT regexp_replace(object, '\}[^}]*$', '')
    || CASE WHEN strpos(object, '"') > 0 THEN ',' ELSE '' END || '"tick":"' || said || '"}'
$_$;

CREATE TABLE partita.checkpoint (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    lease_id bigint NOT NULL,
    seq bigint NOT NULL,
    "position" text,
    read_count bigint DEFAULT 0 NOT NULL,
    write_count bigint DEFAULT 0 NOT NULL,
    filter_count bigint DEFAULT 0 NOT NULL,
    skip_count bigint DEFAULT 0 NOT NULL,
    progress_done bigint DEFAULT 0 NOT NULL,
    progress_total bigint DEFAULT 0 NOT NULL,
    updated_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    CONSTRAINT checkpoint_position CHECK (((seq > 0) = ("position" IS NOT NULL)))
)
WITH (fillfactor='60', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.event (
    event_id bigint NOT NULL,
    at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    kind text NOT NULL,
    run_id bigint,
    step_id bigint,
    lease_id bigint,
    node_id bigint,
    detail text DEFAULT '{}'::text NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

ALTER TABLE partita.event ALTER COLUMN event_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.event_event_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.failure (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    lease_id bigint NOT NULL,
    node_id bigint NOT NULL,
    attempt integer NOT NULL,
    outcome text NOT NULL,
    error text NOT NULL,
    at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    CONSTRAINT failure_outcome_check CHECK ((outcome = ANY (ARRAY['FAILED'::text, 'RETRY'::text, 'RELEASED'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.job (
    name text NOT NULL,
    version integer NOT NULL,
    description text NOT NULL,
    first_seen timestamp with time zone DEFAULT partita.clock() NOT NULL,
    last_seen timestamp with time zone DEFAULT partita.clock() NOT NULL,
    fair_by text DEFAULT ''::text NOT NULL,
    max_runs integer DEFAULT 0 NOT NULL,
    CONSTRAINT job_max_runs_check CHECK ((max_runs >= 0))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.lease (
    lease_id bigint NOT NULL,
    step_id bigint NOT NULL,
    node_id bigint NOT NULL,
    lo bigint NOT NULL,
    hi bigint NOT NULL,
    attempt integer NOT NULL,
    state text NOT NULL,
    completed bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    returned bigint DEFAULT 0 NOT NULL,
    granted_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT lease_counts CHECK ((((completed + failed) + returned) <= ((hi - lo) + 1))),
    CONSTRAINT lease_done CHECK (((state <> 'DONE'::text) OR (((completed + failed) + returned) = ((hi - lo) + 1)))),
    CONSTRAINT lease_ended_at CHECK (((ended_at IS NOT NULL) = (state <> 'LIVE'::text))),
    CONSTRAINT lease_range CHECK (((0 <= lo) AND (lo <= hi))),
    CONSTRAINT lease_state_check CHECK ((state = ANY (ARRAY['LIVE'::text, 'DONE'::text, 'RELEASED'::text, 'REVOKED'::text])))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

ALTER TABLE partita.lease ALTER COLUMN lease_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.lease_lease_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.migration (
    version integer NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    applied_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    works_with integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.node (
    node_id bigint NOT NULL,
    name text NOT NULL,
    host text NOT NULL,
    pid bigint NOT NULL,
    slots integer NOT NULL,
    version text NOT NULL,
    jobs text[] NOT NULL,
    state text NOT NULL,
    running integer DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    heartbeat_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    left_at timestamp with time zone,
    unreachable_ms bigint DEFAULT 0 NOT NULL,
    deregister_ms bigint DEFAULT 0 NOT NULL,
    stuck integer DEFAULT 0 NOT NULL,
    doing text DEFAULT '[]'::text NOT NULL,
    tokens integer DEFAULT 0 NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT node_left_at CHECK (((left_at IS NOT NULL) = (state = ANY (ARRAY['DEREGISTERED'::text, 'LEFT'::text])))),
    CONSTRAINT node_slots_check CHECK ((slots >= 0)),
    CONSTRAINT node_state_check CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'DRAINING'::text, 'UNREACHABLE'::text, 'CONDEMNED'::text, 'DEREGISTERED'::text, 'LEFT'::text]))),
    CONSTRAINT node_tokens_check CHECK ((tokens >= 0))
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

ALTER TABLE partita.node ALTER COLUMN node_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.node_node_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.output_name (
    run_id bigint NOT NULL,
    name text NOT NULL,
    step_id bigint NOT NULL,
    no bigint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.partition (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    key text NOT NULL,
    input text NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.partition_log (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    lease_id bigint NOT NULL,
    place bigint NOT NULL,
    number bigint NOT NULL,
    text text NOT NULL,
    at timestamp with time zone NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.ready (
    ready_id bigint NOT NULL,
    step_id bigint NOT NULL,
    lo bigint NOT NULL,
    hi bigint NOT NULL,
    node_id bigint,
    attempt integer NOT NULL,
    available_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    CONSTRAINT ready_attempt CHECK (((attempt >= 0) AND (attempt <= 1000000000))),
    CONSTRAINT ready_range CHECK (((0 <= lo) AND (lo <= hi)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.result (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    lease_id bigint NOT NULL,
    outcome text NOT NULL,
    output text NOT NULL,
    error text NOT NULL,
    read_count bigint DEFAULT 0 NOT NULL,
    write_count bigint DEFAULT 0 NOT NULL,
    filter_count bigint DEFAULT 0 NOT NULL,
    skip_count bigint DEFAULT 0 NOT NULL,
    took_us bigint DEFAULT 0 NOT NULL,
    ended_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    files text,
    CONSTRAINT result_outcome_check CHECK ((outcome = ANY (ARRAY['COMPLETED'::text, 'FAILED'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.run (
    run_id bigint NOT NULL,
    job text NOT NULL,
    job_version integer NOT NULL,
    parameters text NOT NULL,
    identity text NOT NULL,
    launch_key text NOT NULL,
    state text NOT NULL,
    master_node_id bigint,
    term bigint DEFAULT 0 NOT NULL,
    stop text DEFAULT 'NONE'::text NOT NULL,
    restart_of bigint,
    result text DEFAULT ''::text NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    created_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    abandoned boolean DEFAULT false NOT NULL,
    trace_parent text,
    schedule_id bigint,
    tick timestamp with time zone,
    priority integer DEFAULT 0 NOT NULL,
    fair_key text DEFAULT ''::text NOT NULL,
    paused_at timestamp with time zone,
    paused_by text DEFAULT ''::text NOT NULL,
    paused_note text DEFAULT ''::text NOT NULL,
    purged_at timestamp with time zone,
    CONSTRAINT run_ended_at CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['COMPLETED'::text, 'FAILED'::text, 'STOPPED'::text])))),
    CONSTRAINT run_started_at CHECK (
CASE state
    WHEN 'CREATED'::text THEN (started_at IS NULL)
    WHEN 'STOPPED'::text THEN true
    ELSE (started_at IS NOT NULL)
END),
    CONSTRAINT run_state_check CHECK ((state = ANY (ARRAY['CREATED'::text, 'RUNNING'::text, 'COMPLETED'::text, 'FAILED'::text, 'STOPPED'::text]))),
    CONSTRAINT run_stop_check CHECK ((stop = ANY (ARRAY['NONE'::text, 'STOP'::text, 'NOW'::text]))),
    CONSTRAINT run_term_check CHECK ((term >= 0)),
    CONSTRAINT run_tick CHECK (((schedule_id IS NULL) = (tick IS NULL)))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.step (
    step_id bigint NOT NULL,
    run_id bigint NOT NULL,
    name text NOT NULL,
    ordinal integer NOT NULL,
    kind text NOT NULL,
    state text NOT NULL,
    streamed boolean NOT NULL,
    transferable boolean NOT NULL,
    max_attempts integer NOT NULL,
    retry_first_ms bigint NOT NULL,
    retry_factor double precision NOT NULL,
    retry_max_ms bigint NOT NULL,
    split_context text NOT NULL,
    count bigint DEFAULT 0 NOT NULL,
    sealed boolean NOT NULL,
    carried bigint DEFAULT 0 NOT NULL,
    result text DEFAULT ''::text NOT NULL,
    error text DEFAULT ''::text NOT NULL,
    started_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    ended_at timestamp with time zone,
    after_failure boolean DEFAULT false NOT NULL,
    decision text,
    decision_text text DEFAULT ''::text NOT NULL,
    at_most integer DEFAULT 0 NOT NULL,
    limits text[] DEFAULT '{}'::text[] NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT step_at_most_check CHECK ((at_most >= 0)),
    CONSTRAINT step_count_check CHECK ((count >= 0)),
    CONSTRAINT step_decision_check CHECK ((decision = ANY (ARRAY['NEXT'::text, 'GO_TO'::text, 'COMPLETE'::text, 'FAIL'::text]))),
    CONSTRAINT step_ended_at CHECK (((ended_at IS NOT NULL) = (state <> 'RUNNING'::text))),
    CONSTRAINT step_kind_check CHECK ((kind = ANY (ARRAY['TASKLET'::text, 'PARTITIONED'::text]))),
    CONSTRAINT step_state_check CHECK ((state = ANY (ARRAY['RUNNING'::text, 'COMPLETED'::text, 'FAILED'::text, 'STOPPED'::text])))
)
WITH (fillfactor='70', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE VIEW partita.partition_status AS
 SELECT r.run_id,
    r.job,
    s.step_id,
    s.name AS step,
    p.no,
    p.key,
        CASE
            WHEN (done.outcome IS NOT NULL) THEN done.outcome
            WHEN (held.lease_id IS NOT NULL) THEN 'CLAIMED'::text
            ELSE 'PENDING'::text
        END AS status,
    COALESCE(done.attempt, held.attempt,
        CASE
            WHEN (p.no <= waits.hi) THEN waits.attempt
            ELSE NULL::integer
        END, 0) AS attempt,
    n.node_id,
    n.name AS node,
    COALESCE(c.progress_done, (0)::bigint) AS progress_done,
    COALESCE(c.progress_total, (0)::bigint) AS progress_total,
    COALESCE(done.error, tried.error, ''::text) AS error,
    COALESCE(done.lease_id, held.lease_id) AS lease_id
   FROM ((((((((partita.partition p
     JOIN partita.step s ON ((s.step_id = p.step_id)))
     JOIN partita.run r ON ((r.run_id = s.run_id)))
     LEFT JOIN LATERAL ( SELECT o.outcome,
            o.error,
            l.lease_id,
            l.attempt,
            l.node_id
           FROM (partita.result o
             JOIN partita.lease l ON ((l.lease_id = o.lease_id)))
          WHERE ((o.step_id = p.step_id) AND (o.no = p.no))) done ON (true))
     LEFT JOIN LATERAL ( SELECT l.lease_id,
            l.attempt,
            l.node_id
           FROM partita.lease l
          WHERE ((done.outcome IS NULL) AND (l.step_id = p.step_id) AND (l.state = 'LIVE'::text) AND (l.lo <= p.no) AND (p.no <= l.hi) AND (NOT (EXISTS ( SELECT
                   FROM partita.failure f
                  WHERE ((f.lease_id = l.lease_id) AND (f.no = p.no))))))
          ORDER BY l.lo DESC
         LIMIT 1) held ON (true))
     LEFT JOIN LATERAL ( SELECT w.attempt,
            w.hi
           FROM partita.ready w
          WHERE ((done.outcome IS NULL) AND (w.step_id = p.step_id) AND (w.lo <= p.no))
          ORDER BY w.lo DESC
         LIMIT 1) waits ON (true))
     LEFT JOIN LATERAL ( SELECT f.error
           FROM partita.failure f
          WHERE ((done.outcome IS NULL) AND (f.step_id = p.step_id) AND (f.no = p.no) AND (f.outcome <> 'RELEASED'::text))
          ORDER BY f.lease_id DESC
         LIMIT 1) tried ON (true))
     LEFT JOIN partita.checkpoint c ON (((c.step_id = p.step_id) AND (c.no = p.no))))
     LEFT JOIN partita.node n ON ((n.node_id = COALESCE(done.node_id, held.node_id))));

CREATE TABLE partita.paused_job (
    job text NOT NULL,
    at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    by text NOT NULL,
    note text NOT NULL
);

CREATE TABLE partita.purge_turn (
    next_at timestamp with time zone NOT NULL,
    event_id bigint DEFAULT 0 NOT NULL
);

CREATE TABLE partita.purging (
    run_id bigint NOT NULL,
    step_id bigint DEFAULT 0 NOT NULL,
    no bigint DEFAULT 0 NOT NULL,
    event_id bigint DEFAULT 0 NOT NULL,
    files_gone boolean DEFAULT true NOT NULL
);

ALTER TABLE partita.ready ALTER COLUMN ready_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.ready_ready_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.resource_limit (
    name text NOT NULL,
    slots integer,
    since_lease bigint DEFAULT 0 NOT NULL,
    CONSTRAINT resource_limit_slots_check CHECK ((slots >= 0))
);

CREATE TABLE partita.retention (
    job text NOT NULL,
    keep_ms bigint NOT NULL,
    keep_last integer NOT NULL,
    CONSTRAINT retention_keep_last_check CHECK ((keep_last >= 0)),
    CONSTRAINT retention_keep_ms_check CHECK ((keep_ms >= 1000))
);

ALTER TABLE partita.run ALTER COLUMN run_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.run_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.schedule (
    schedule_id bigint NOT NULL,
    name text NOT NULL,
    job text NOT NULL,
    parameters text NOT NULL,
    identity text NOT NULL,
    trigger text NOT NULL,
    zone text NOT NULL,
    overlap text NOT NULL,
    catch_up_ms bigint NOT NULL,
    owner_node_id bigint,
    next_tick timestamp with time zone,
    last_tick timestamp with time zone,
    last_run_id bigint,
    missed bigint DEFAULT 0 NOT NULL,
    declared boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    paused_at timestamp with time zone,
    paused_by text DEFAULT ''::text NOT NULL,
    paused_note text DEFAULT ''::text NOT NULL,
    CONSTRAINT schedule_catch_up_ms_check CHECK ((catch_up_ms >= 0)),
    CONSTRAINT schedule_overlap_check CHECK ((overlap = ANY (ARRAY['SKIP'::text, 'QUEUE_ONE'::text, 'ALLOW'::text]))),
    CONSTRAINT schedule_paused CHECK (((paused_at IS NULL) OR (owner_node_id IS NULL)))
);

CREATE TABLE partita.schedule_balance (
    balanced boolean NOT NULL
);

ALTER TABLE partita.schedule ALTER COLUMN schedule_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.schedule_schedule_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.skipped (
    step_id bigint NOT NULL,
    no bigint NOT NULL,
    item bigint NOT NULL,
    stage text NOT NULL,
    place text NOT NULL,
    why text NOT NULL,
    at timestamp with time zone DEFAULT partita.clock() NOT NULL,
    CONSTRAINT skipped_stage_check CHECK ((stage = ANY (ARRAY['READ'::text, 'PROCESS'::text, 'WRITE'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

CREATE TABLE partita.step_counter (
    step_id bigint NOT NULL,
    node_id bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    read_count bigint NOT NULL,
    write_count bigint NOT NULL,
    filter_count bigint NOT NULL,
    skip_count bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

ALTER TABLE partita.step ALTER COLUMN step_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME partita.step_step_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE partita.tile (
    step_id bigint NOT NULL,
    at_s bigint NOT NULL,
    node_id bigint NOT NULL,
    completed bigint NOT NULL,
    failed bigint NOT NULL,
    returned bigint NOT NULL,
    busy_us bigint NOT NULL,
    slowest_us bigint NOT NULL,
    slowest_no bigint NOT NULL,
    first_lease bigint NOT NULL,
    last_lease bigint NOT NULL
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='200000', autovacuum_vacuum_insert_threshold='1000000', autovacuum_analyze_threshold='2147483647');

ALTER TABLE ONLY partita.checkpoint
    ADD CONSTRAINT checkpoint_pkey PRIMARY KEY (step_id, no);

ALTER TABLE ONLY partita.event
    ADD CONSTRAINT event_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY partita.failure
    ADD CONSTRAINT failure_pkey PRIMARY KEY (lease_id, no);

ALTER TABLE ONLY partita.job
    ADD CONSTRAINT job_pkey PRIMARY KEY (name, version);

ALTER TABLE ONLY partita.lease
    ADD CONSTRAINT lease_pkey PRIMARY KEY (lease_id);

ALTER TABLE ONLY partita.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (version);

ALTER TABLE ONLY partita.node
    ADD CONSTRAINT node_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY partita.partition_log
    ADD CONSTRAINT partition_log_pkey PRIMARY KEY (step_id, no, lease_id, place);

ALTER TABLE ONLY partita.partition
    ADD CONSTRAINT partition_pkey PRIMARY KEY (step_id, no);

ALTER TABLE ONLY partita.paused_job
    ADD CONSTRAINT paused_job_pkey PRIMARY KEY (job);

ALTER TABLE ONLY partita.purging
    ADD CONSTRAINT purging_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY partita.ready
    ADD CONSTRAINT ready_pkey PRIMARY KEY (ready_id);

ALTER TABLE ONLY partita.resource_limit
    ADD CONSTRAINT resource_limit_pkey PRIMARY KEY (name);

ALTER TABLE ONLY partita.result
    ADD CONSTRAINT result_pkey PRIMARY KEY (step_id, no);

ALTER TABLE ONLY partita.retention
    ADD CONSTRAINT retention_pkey PRIMARY KEY (job);

ALTER TABLE ONLY partita.run
    ADD CONSTRAINT run_launch_key UNIQUE (launch_key);

ALTER TABLE ONLY partita.run
    ADD CONSTRAINT run_pkey PRIMARY KEY (run_id);

ALTER TABLE ONLY partita.run
    ADD CONSTRAINT run_restart_of UNIQUE (restart_of);

ALTER TABLE ONLY partita.schedule
    ADD CONSTRAINT schedule_name UNIQUE (name);

ALTER TABLE ONLY partita.schedule
    ADD CONSTRAINT schedule_pkey PRIMARY KEY (schedule_id);

ALTER TABLE ONLY partita.skipped
    ADD CONSTRAINT skipped_pkey PRIMARY KEY (step_id, no, item);

ALTER TABLE ONLY partita.step_counter
    ADD CONSTRAINT step_counter_pkey PRIMARY KEY (step_id, node_id);

ALTER TABLE ONLY partita.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (step_id);

ALTER TABLE ONLY partita.step
    ADD CONSTRAINT step_run_ordinal UNIQUE (run_id, ordinal);

ALTER TABLE ONLY partita.tile
    ADD CONSTRAINT tile_pkey PRIMARY KEY (step_id, at_s, node_id);

CREATE INDEX event_run ON partita.event USING btree (run_id, event_id);

CREATE INDEX failure_step ON partita.failure USING btree (step_id, no);

CREATE INDEX lease_live ON partita.lease USING btree (step_id, lo) WHERE (state = 'LIVE'::text);

CREATE INDEX lease_live_of_node ON partita.lease USING btree (node_id, step_id) WHERE (state = 'LIVE'::text);

CREATE INDEX lease_revoked ON partita.lease USING btree (step_id) WHERE (state = 'REVOKED'::text);

CREATE INDEX lease_step ON partita.lease USING btree (step_id);

CREATE INDEX node_present ON partita.node USING btree (node_id) WHERE (left_at IS NULL);

CREATE UNIQUE INDEX output_name_of_run ON partita.output_name USING btree (run_id, md5(name));

CREATE INDEX purging_files ON partita.purging USING btree (run_id) WHERE (NOT files_gone);

CREATE INDEX purging_rows ON partita.purging USING btree (run_id) WHERE files_gone;

CREATE INDEX ready_bound ON partita.ready USING btree (node_id) WHERE (node_id IS NOT NULL);

CREATE INDEX ready_next ON partita.ready USING btree (step_id, node_id, lo);

CREATE INDEX ready_place ON partita.ready USING btree (step_id, lo);

CREATE INDEX result_failed ON partita.result USING btree (step_id, no) WHERE (outcome = 'FAILED'::text);

CREATE INDEX result_files ON partita.result USING btree (step_id, no) WHERE (files IS NOT NULL);

CREATE INDEX run_ended ON partita.run USING btree (ended_at);

CREATE INDEX run_job ON partita.run USING btree (job, run_id);

CREATE INDEX run_kept ON partita.run USING btree (job, ended_at) WHERE ((ended_at IS NOT NULL) AND (purged_at IS NULL));

CREATE UNIQUE INDEX run_live_identity ON partita.run USING btree (job, md5(identity)) WHERE (state = ANY (ARRAY['CREATED'::text, 'RUNNING'::text]));

CREATE INDEX run_live_of_schedule ON partita.run USING btree (schedule_id) WHERE ((schedule_id IS NOT NULL) AND (state = ANY (ARRAY['CREATED'::text, 'RUNNING'::text])));

CREATE INDEX run_of_schedule ON partita.run USING btree (schedule_id, run_id) WHERE (schedule_id IS NOT NULL);

CREATE UNIQUE INDEX run_of_tick ON partita.run USING btree (schedule_id, tick) WHERE ((schedule_id IS NOT NULL) AND (restart_of IS NULL));

CREATE INDEX run_state ON partita.run USING btree (state, run_id);

CREATE INDEX schedule_due ON partita.schedule USING btree (owner_node_id, next_tick, schedule_id);

CREATE INDEX step_limited ON partita.step USING btree (step_id) WHERE ((state = 'RUNNING'::text) AND (limits <> '{}'::text[]));

CREATE TRIGGER event_is_append_only BEFORE DELETE OR UPDATE ON partita.event FOR EACH ROW EXECUTE FUNCTION partita.refuse();

CREATE TRIGGER purged_run_is_not_continued BEFORE INSERT ON partita.run FOR EACH ROW WHEN ((new.restart_of IS NOT NULL)) EXECUTE FUNCTION partita.refuse_purged();

CREATE TRIGGER run_is_fair BEFORE INSERT ON partita.run FOR EACH ROW EXECUTE FUNCTION partita.set_fair_key();

ALTER TABLE ONLY partita.purging
    ADD CONSTRAINT purging_run_id_fkey FOREIGN KEY (run_id) REFERENCES partita.run(run_id);

ALTER TABLE ONLY partita.run
    ADD CONSTRAINT run_master_node_id_fkey FOREIGN KEY (master_node_id) REFERENCES partita.node(node_id);

ALTER TABLE ONLY partita.run
    ADD CONSTRAINT run_restart_of_fkey FOREIGN KEY (restart_of) REFERENCES partita.run(run_id);

ALTER TABLE ONLY partita.schedule
    ADD CONSTRAINT schedule_owner_node_id_fkey FOREIGN KEY (owner_node_id) REFERENCES partita.node(node_id);

ALTER TABLE ONLY partita.step
    ADD CONSTRAINT step_run_id_fkey FOREIGN KEY (run_id) REFERENCES partita.run(run_id);
