-- works with: 8
-- Schedules: named triggers of jobs, each owned by one node that fires its ticks. Older programs
-- own none. A node that is lost while an older one judges it keeps its schedules until the next
-- node joins or leaves.

ALTER TABLE partita.node ADD COLUMN tokens integer NOT NULL DEFAULT 0 CHECK (tokens >= 0);

CREATE TABLE partita.schedule (
  schedule_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL CONSTRAINT schedule_name UNIQUE,
  job text NOT NULL,
  parameters text NOT NULL, -- an object; a run gets its tick beside them
  identity text NOT NULL,
  trigger text NOT NULL,
  zone text NOT NULL,
  overlap text NOT NULL CHECK (overlap IN ('SKIP', 'QUEUE_ONE', 'ALLOW')),
  catch_up_ms bigint NOT NULL CHECK (catch_up_ms >= 0),
  owner_node_id bigint REFERENCES partita.node,
  next_tick timestamptz,
  last_tick timestamptz,
  last_run_id bigint,
  missed bigint NOT NULL DEFAULT 0,
  declared boolean NOT NULL DEFAULT false, -- by a program: a newer one may change it
  created_at timestamptz NOT NULL DEFAULT partita.clock(),
  paused_at timestamptz,
  paused_by text NOT NULL DEFAULT '',
  paused_note text NOT NULL DEFAULT '',
  CONSTRAINT schedule_paused CHECK (paused_at IS NULL OR owner_node_id IS NULL)
);
CREATE INDEX schedule_due ON partita.schedule (owner_node_id, next_tick);

-- One row. Whoever changes what decides about owners (nodes with tokens, schedules) locks it first,
-- and says that it must be decided anew.
CREATE TABLE partita.schedule_balance (
  balanced boolean NOT NULL
);
INSERT INTO partita.schedule_balance VALUES (true);

-- The schedule that started the run, and for which of its moments: once. A run that continues it
-- has both, too.
ALTER TABLE partita.run ADD COLUMN schedule_id bigint, ADD COLUMN tick timestamptz,
  ADD CONSTRAINT run_tick CHECK ((schedule_id IS NULL) = (tick IS NULL));
CREATE UNIQUE INDEX run_of_tick ON partita.run (schedule_id, tick)
  WHERE schedule_id IS NOT NULL AND restart_of IS NULL;
CREATE INDEX run_of_schedule ON partita.run (schedule_id, run_id) WHERE schedule_id IS NOT NULL;
CREATE INDEX run_live_of_schedule ON partita.run (schedule_id)
  WHERE schedule_id IS NOT NULL AND state IN ('CREATED', 'RUNNING');

-- Starts the run for a tick of a schedule, as the node that owns it: the node's role may start no
-- other run. The run gets what the schedule says; a tick that is in the future, or before the
-- stored one, is refused. Returns its id; NULL: there is a run for this tick, or one with the same
-- identifying parameters is live.
CREATE FUNCTION partita.fire_tick(of_schedule bigint, by_node bigint, version integer,
                                  at_micros bigint)
RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
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

-- An object with the member `tick` behind the others.
CREATE FUNCTION partita.with_tick(object text, said text) RETURNS text
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT regexp_replace(object, '\}[^}]*$', '')
    || CASE WHEN strpos(object, '"') > 0 THEN ',' ELSE '' END || '"tick":"' || said || '"}'
$$;

REVOKE ALL ON FUNCTION partita.fire_tick(bigint, bigint, integer, bigint),
  partita.with_tick(text, text) FROM PUBLIC;
