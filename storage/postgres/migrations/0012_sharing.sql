-- works with: 8
-- How runs share the cluster: priorities, pauses, limits, tags, queues. Programs of before see none
-- of it: they claim by age alone, whatever is paused or limited.

ALTER TABLE partita.node ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
ALTER TABLE partita.job
  ADD COLUMN fair_by text NOT NULL DEFAULT '',
  ADD COLUMN max_runs integer NOT NULL DEFAULT 0 CHECK (max_runs >= 0);

ALTER TABLE partita.run
  ADD COLUMN priority integer NOT NULL DEFAULT 0,
  ADD COLUMN fair_key text NOT NULL DEFAULT '',
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN paused_by text NOT NULL DEFAULT '',
  ADD COLUMN paused_note text NOT NULL DEFAULT '';

ALTER TABLE partita.step
  ADD COLUMN at_most integer NOT NULL DEFAULT 0 CHECK (at_most >= 0),
  ADD COLUMN limits text[] NOT NULL DEFAULT '{}',
  ADD COLUMN tags text[] NOT NULL DEFAULT '{}';
CREATE INDEX step_limited ON partita.step (step_id) WHERE state = 'RUNNING' AND limits <> '{}';

CREATE TABLE partita.paused_job (
  job text PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT partita.clock(),
  by text NOT NULL,
  note text NOT NULL
);

-- A row for each limit that a step has named.
CREATE TABLE partita.resource_limit (
  name text PRIMARY KEY,
  slots integer CHECK (slots >= 0), -- partitions in execution; NULL: any number
  since_lease bigint NOT NULL DEFAULT 0 -- newer leases were granted under these slots
);

-- The value of the parameter by which a job is fair. '': none.
CREATE FUNCTION partita.fair_key(of_job text, version integer, given text) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT given::json ->> j.fair_by FROM partita.job j
                   WHERE j.name = of_job AND j.version = $2 AND j.fair_by <> ''), '')
$$;

-- Claims under the same limits wait for each other. By a function, because a node may lock the rows
-- and not change them.
CREATE FUNCTION partita.lock_limits(names text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM FROM partita.resource_limit q WHERE q.name = ANY (names) ORDER BY q.name FOR UPDATE;
END $$;

CREATE FUNCTION partita.set_fair_key() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.fair_key := partita.fair_key(NEW.job, NEW.job_version, NEW.parameters);
  RETURN NEW;
END $$;
CREATE TRIGGER run_is_fair BEFORE INSERT ON partita.run
FOR EACH ROW EXECUTE FUNCTION partita.set_fair_key();

REVOKE ALL ON FUNCTION partita.fair_key(text, integer, text), partita.lock_limits(text[]),
  partita.set_fair_key() FROM PUBLIC;
