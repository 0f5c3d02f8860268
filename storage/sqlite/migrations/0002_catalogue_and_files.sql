-- works with: 2
-- What nodes tell of their jobs; the files of a result in a column of their own; and which programs
-- can work with what a migration makes.

ALTER TABLE partita_migration ADD COLUMN works_with INTEGER NOT NULL DEFAULT 0;
UPDATE partita_migration SET works_with = version;

CREATE TABLE partita_job (
  name        TEXT NOT NULL,
  version     INTEGER NOT NULL,
  description TEXT NOT NULL,  -- JSON: what a node that knows it told last
  first_seen  INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;

-- NULL: none. An output with files was {"$files": [[final, staged], …], "$output": document}; one
-- that is not stays as it is. The operator -> gives JSON text, where json_extract would take the
-- quotes off a string.
ALTER TABLE partita_result ADD COLUMN files TEXT;
UPDATE partita_result
SET files = output -> '$."$files"',
    output = coalesce(output -> '$."$output"', 'null')
WHERE has_files = 1
  AND CASE WHEN json_valid(output) THEN output -> '$."$files"' IS NOT NULL END;

DROP INDEX partita_result_files;
ALTER TABLE partita_result DROP COLUMN has_files;
CREATE INDEX partita_result_files ON partita_result (step_id) WHERE files IS NOT NULL;
