-- works with: 4
-- Names of output files, each of one partition of a run; totals that are written with each report;
-- and by which silence a node judges. Older programs would neither reserve nor count.

ALTER TABLE partita.node ADD COLUMN unreachable_ms bigint NOT NULL DEFAULT 0; -- 0: not told
ALTER TABLE partita.node ADD COLUMN deregister_ms bigint NOT NULL DEFAULT 0;

-- The final name of a file that a COMPLETED result publishes, and whose it is. Names may be longer
-- than what an index takes.
CREATE TABLE partita.output_name (
  run_id bigint NOT NULL,
  name text NOT NULL,
  step_id bigint NOT NULL,
  no bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 200000,
        autovacuum_vacuum_insert_threshold = 1000000, autovacuum_analyze_threshold = 2147483647);
CREATE UNIQUE INDEX output_name_of_run ON partita.output_name (run_id, md5(name));

-- Of results from before, the first one has the name.
INSERT INTO partita.output_name (run_id, name, step_id, no)
SELECT s.run_id, f.pair ->> 0, o.step_id, o.no
FROM partita.result o
JOIN partita.step s ON s.step_id = o.step_id
CROSS JOIN LATERAL json_array_elements(o.files::json) AS f (pair)
WHERE o.files IS NOT NULL AND json_typeof(f.pair) = 'array' AND f.pair ->> 0 IS NOT NULL
ORDER BY o.ended_at, o.step_id, o.no
ON CONFLICT DO NOTHING;

-- What the results of a step add up to that one node has made. Those that were carried over count
-- for the node that made them. A report changes no column of an index: HOT. No references: they
-- would lock a node after a lease.
CREATE TABLE partita.step_counter (
  step_id bigint NOT NULL,
  node_id bigint NOT NULL,
  completed bigint NOT NULL,
  failed bigint NOT NULL,
  read_count bigint NOT NULL,
  write_count bigint NOT NULL,
  filter_count bigint NOT NULL,
  skip_count bigint NOT NULL,
  PRIMARY KEY (step_id, node_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_threshold = 200000, autovacuum_vacuum_insert_threshold = 1000000,
        autovacuum_analyze_threshold = 2147483647);

INSERT INTO partita.step_counter
SELECT o.step_id, l.node_id, count(*) FILTER (WHERE o.outcome = 'COMPLETED'),
       count(*) FILTER (WHERE o.outcome = 'FAILED'), sum(o.read_count), sum(o.write_count),
       sum(o.filter_count), sum(o.skip_count)
FROM partita.result o JOIN partita.lease l ON l.lease_id = o.lease_id
GROUP BY o.step_id, l.node_id;
