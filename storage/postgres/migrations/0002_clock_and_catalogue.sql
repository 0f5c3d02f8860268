-- works with: 2
-- All statements and column defaults ask this one function for the time; the planner puts its body
-- in its place. A simulation replaces it by one that tells a time of its own.
CREATE FUNCTION partita.clock() RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS 'SELECT now()';

ALTER TABLE partita.migration ALTER COLUMN applied_at SET DEFAULT partita.clock();
ALTER TABLE partita.node ALTER COLUMN joined_at SET DEFAULT partita.clock(),
                         ALTER COLUMN heartbeat_at SET DEFAULT partita.clock();
ALTER TABLE partita.run ALTER COLUMN created_at SET DEFAULT partita.clock();
ALTER TABLE partita.step ALTER COLUMN started_at SET DEFAULT partita.clock();
ALTER TABLE partita.ready ALTER COLUMN available_at SET DEFAULT partita.clock();
ALTER TABLE partita.lease ALTER COLUMN granted_at SET DEFAULT partita.clock();
ALTER TABLE partita.result ALTER COLUMN ended_at SET DEFAULT partita.clock();
ALTER TABLE partita.checkpoint ALTER COLUMN updated_at SET DEFAULT partita.clock();
ALTER TABLE partita.failure ALTER COLUMN at SET DEFAULT partita.clock();
ALTER TABLE partita.event ALTER COLUMN at SET DEFAULT partita.clock();

-- The lowest version that a program must know to work with what this migration made.
ALTER TABLE partita.migration ADD COLUMN works_with integer;
UPDATE partita.migration SET works_with = version;
ALTER TABLE partita.migration ALTER COLUMN works_with SET NOT NULL;

-- Files that are to be published with a result stood inside its output, as
-- {"$files":[[final,staged],...],"$output":document}. As json, not jsonb: texts stay as written.
ALTER TABLE partita.result ADD COLUMN files text; -- null: none
UPDATE partita.result
SET files = (output::json -> '$files')::text,
    output = coalesce((output::json -> '$output')::text, 'null')
WHERE has_files;
ALTER TABLE partita.result DROP COLUMN has_files; -- and with it the index result_files
CREATE INDEX result_files ON partita.result (step_id, no) WHERE files IS NOT NULL;

-- The catalogue: what nodes told of the jobs they know when they joined.
CREATE TABLE partita.job (
  name text NOT NULL,
  version integer NOT NULL,
  description text NOT NULL, -- a JSON document
  first_seen timestamptz NOT NULL DEFAULT partita.clock(),
  last_seen timestamptz NOT NULL DEFAULT partita.clock(),
  PRIMARY KEY (name, version)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200000,
        autovacuum_vacuum_insert_threshold = 1000000, autovacuum_analyze_threshold = 2147483647);
