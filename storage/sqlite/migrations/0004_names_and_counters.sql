-- works with: 4
-- Names of output files, each of one partition of a run; totals that are written with each report;
-- and by which silence a node judges. Older programs would neither reserve nor count.

ALTER TABLE partita_node ADD COLUMN unreachable_ms INTEGER NOT NULL DEFAULT 0;  -- 0: not told
ALTER TABLE partita_node ADD COLUMN deregister_ms INTEGER NOT NULL DEFAULT 0;

-- The final name of a file that a COMPLETED result publishes, and whose it is.
CREATE TABLE partita_output_name (
  run_id  INTEGER NOT NULL REFERENCES partita_run,
  name    TEXT NOT NULL,
  step_id INTEGER NOT NULL REFERENCES partita_step,
  no      INTEGER NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

-- Of results from before, the first one has the name.
INSERT OR IGNORE INTO partita_output_name (run_id, name, step_id, no)
SELECT s.run_id, CASE f.type WHEN 'array' THEN f.value ->> '$[0]' END AS name, x.step_id, x.no
FROM partita_result x
JOIN partita_step s ON s.step_id = x.step_id
JOIN json_each(CASE WHEN json_valid(x.files) THEN x.files ELSE '[]' END) f
WHERE x.files IS NOT NULL AND name IS NOT NULL
ORDER BY x.ended_at, x.step_id, x.no;

-- What the results of a step add up to that one node has made. Those that were carried over count
-- for the node that made them.
CREATE TABLE partita_step_counter (
  step_id      INTEGER NOT NULL REFERENCES partita_step,
  node_id      INTEGER NOT NULL REFERENCES partita_node,
  completed    INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  read_count   INTEGER NOT NULL,
  write_count  INTEGER NOT NULL,
  filter_count INTEGER NOT NULL,
  skip_count   INTEGER NOT NULL,
  PRIMARY KEY (step_id, node_id)
) STRICT, WITHOUT ROWID;

INSERT INTO partita_step_counter
SELECT x.step_id, l.node_id, sum(x.outcome = 'COMPLETED'), sum(x.outcome = 'FAILED'),
       sum(x.read_count), sum(x.write_count), sum(x.filter_count), sum(x.skip_count)
FROM partita_result x JOIN partita_lease l ON l.lease_id = x.lease_id
GROUP BY x.step_id, l.node_id;
