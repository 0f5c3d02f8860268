-- works with: 8
-- What people look at: when partitions were executed, what nodes do now, and runs that nobody shall
-- continue. It counts for nothing: older programs need not know of it.

-- The attempts of a node at partitions of a step that ended in one stretch of time. Stretches get
-- longer as the step gets older (protocol/timeline.hpp).
CREATE TABLE partita.tile (
  step_id     bigint NOT NULL,
  at_s        bigint NOT NULL,  -- when it begins: seconds since the step began
  node_id     bigint NOT NULL,
  completed   bigint NOT NULL,
  failed      bigint NOT NULL,
  returned    bigint NOT NULL,
  busy_us     bigint NOT NULL,  -- what the attempts took, together
  slowest_us  bigint NOT NULL,
  slowest_no  bigint NOT NULL,
  first_lease bigint NOT NULL,  -- the lowest and the highest lease of these attempts
  last_lease  bigint NOT NULL,
  PRIMARY KEY (step_id, at_s, node_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.02,
        autovacuum_vacuum_threshold = 200000, autovacuum_vacuum_insert_threshold = 1000000,
        autovacuum_analyze_threshold = 2147483647);

-- Nodes that are at work wait for the last two statements: what takes long comes before them.
CREATE INDEX lease_revoked ON partita.lease (step_id) WHERE state = 'REVOKED';
CREATE INDEX run_job ON partita.run (job, run_id);
CREATE INDEX run_state ON partita.run (state, run_id);
CREATE INDEX run_ended ON partita.run (ended_at);

-- The attempts that have been under way for a while: a list of [lease, no, for how many ms], as of
-- the heartbeat.
ALTER TABLE partita.node ADD COLUMN doing text NOT NULL DEFAULT '[]';

-- Of a FAILED or STOPPED run: nobody shall continue it.
ALTER TABLE partita.run ADD COLUMN abandoned boolean NOT NULL DEFAULT false;
