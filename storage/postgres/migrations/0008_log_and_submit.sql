-- works with: 7
-- What attempts at partitions say of themselves, and a run submitted by plain SQL. Older programs
-- need not know of either.

CREATE TABLE partita.partition_log (
  step_id bigint NOT NULL,
  no bigint NOT NULL,
  lease_id bigint NOT NULL,
  place bigint NOT NULL, -- the number modulo how many lines of an attempt are kept
  number bigint NOT NULL, -- among the lines of the attempt, from 1
  text text NOT NULL,
  at timestamptz NOT NULL,
  PRIMARY KEY (step_id, no, lease_id, place)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200000,
        autovacuum_vacuum_insert_threshold = 1000000, autovacuum_analyze_threshold = 2147483647);

-- A function that has more rights than who calls it must not find what the caller has made: unless
-- pg_temp is named, it is searched first.
ALTER FUNCTION partita.fence(bigint, bigint, bigint, bigint, text, bigint[], json)
  SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION partita.forget_partitions(bigint, bigint, bigint)
  SET search_path = pg_catalog, pg_temp;
REVOKE ALL ON FUNCTION partita.fence(bigint, bigint, bigint, bigint, text, bigint[], json),
  partita.forget_partitions(bigint, bigint, bigint) FROM PUBLIC;

-- The value of one parameter as a JSON text, as the program writes it (but for some numbers of 17
-- digits). Null: `value` is no such value. `spec`: a member of "parameters" of a job's description.
CREATE FUNCTION partita.parameter_value(spec json, value text) RETURNS text
LANGUAGE plpgsql IMMUTABLE
SET search_path = pg_catalog, pg_temp
SET extra_float_digits = 1
AS $$
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
END $$;

-- Submits a run, in the caller's transaction: it exists if and only if that commits. Returns its
-- id. `given`: an object of the job's parameters; a path must be absolute, without "." and "..".
-- The newest version is taken that a node has told of. `key` is the caller's: submitted again, the
-- same key finds the same run; without one each call is a run of its own.
-- Who may call it may submit every job.
-- Errors: PT010 the job or its parameters cannot be; PT011 a run with the same identifying
-- parameters is live; PT012 the key belongs to another run.
-- Until the transaction has ended, who submits the same work elsewhere waits for it.
CREATE FUNCTION partita.submit(of_job text, given jsonb DEFAULT '{}', key text DEFAULT NULL)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
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

REVOKE ALL ON FUNCTION partita.parameter_value(json, text), partita.submit(text, jsonb, text)
  FROM PUBLIC;
