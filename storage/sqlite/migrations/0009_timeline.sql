-- works with: 8
-- What people look at: when partitions were executed, what nodes do now, and runs that nobody shall
-- continue. It counts for nothing: older programs need not know of it.

-- The attempts of a node at partitions of a step that ended in one stretch of time. Stretches get
-- longer as the step gets older (protocol/timeline.hpp).
CREATE TABLE partita_tile (
  step_id     INTEGER NOT NULL,
  at_s        INTEGER NOT NULL,  -- when it begins: seconds since the step began
  node_id     INTEGER NOT NULL,
  completed   INTEGER NOT NULL,
  failed      INTEGER NOT NULL,
  returned    INTEGER NOT NULL,
  busy_us     INTEGER NOT NULL,  -- what the attempts took, together
  slowest_us  INTEGER NOT NULL,
  slowest_no  INTEGER NOT NULL,
  first_lease INTEGER NOT NULL,  -- the lowest and the highest lease of these attempts
  last_lease  INTEGER NOT NULL,
  PRIMARY KEY (step_id, at_s, node_id)
) STRICT, WITHOUT ROWID;

-- The attempts that have been under way for a while: a list of [lease, no, for how many ms], as of
-- the heartbeat.
ALTER TABLE partita_node ADD COLUMN doing TEXT NOT NULL DEFAULT '[]';

-- Of a FAILED or STOPPED run: nobody shall continue it.
ALTER TABLE partita_run ADD COLUMN abandoned INTEGER NOT NULL DEFAULT 0;

CREATE INDEX partita_lease_revoked ON partita_lease (step_id) WHERE state = 'REVOKED';
CREATE INDEX partita_run_job ON partita_run (job, run_id);
CREATE INDEX partita_run_state ON partita_run (state, run_id);
CREATE INDEX partita_run_ended ON partita_run (ended_at);
