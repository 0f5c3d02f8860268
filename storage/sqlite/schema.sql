CREATE INDEX partita_event_run ON partita_event (run_id) WHERE run_id IS NOT NULL;

CREATE INDEX partita_failure_step ON partita_failure (step_id, no);

CREATE INDEX partita_lease_node ON partita_lease (node_id) WHERE state = 'LIVE';

CREATE INDEX partita_lease_place ON partita_lease (step_id, lo) WHERE state = 'LIVE';

CREATE INDEX partita_lease_revoked ON partita_lease (step_id) WHERE state = 'REVOKED';

CREATE INDEX partita_lease_step ON partita_lease (step_id);

CREATE INDEX partita_node_present ON partita_node (node_id) WHERE left_at IS NULL;

CREATE INDEX partita_purging_next ON partita_purging (files_gone, run_id);

CREATE INDEX partita_ready_bound ON partita_ready (node_id) WHERE node_id IS NOT NULL;

CREATE INDEX partita_ready_claim
  ON partita_ready (step_id, node_id, lo, available_at, hi, attempt);

CREATE INDEX partita_ready_place ON partita_ready (step_id, lo, hi, attempt);

CREATE INDEX partita_result_failed ON partita_result (step_id) WHERE outcome = 'FAILED';

CREATE INDEX partita_result_files ON partita_result (step_id) WHERE files IS NOT NULL;

CREATE INDEX partita_run_ended ON partita_run (ended_at);

CREATE UNIQUE INDEX partita_run_identity ON partita_run (job, identity)
  WHERE state IN ('CREATED', 'RUNNING');

CREATE INDEX partita_run_job ON partita_run (job, run_id);

CREATE INDEX partita_run_kept ON partita_run (job, ended_at)
WHERE ended_at IS NOT NULL AND purged_at IS NULL;

CREATE INDEX partita_run_live_of_schedule ON partita_run (schedule_id)
  WHERE schedule_id IS NOT NULL AND state IN ('CREATED', 'RUNNING');

CREATE INDEX partita_run_master ON partita_run (master_node_id)
  WHERE state IN ('CREATED', 'RUNNING');

CREATE INDEX partita_run_of_schedule ON partita_run (schedule_id, run_id)
  WHERE schedule_id IS NOT NULL;

CREATE UNIQUE INDEX partita_run_of_tick ON partita_run (schedule_id, tick)
  WHERE schedule_id IS NOT NULL AND restart_of IS NULL;

CREATE INDEX partita_run_state ON partita_run (state, run_id);

CREATE INDEX partita_schedule_due ON partita_schedule (owner_node_id, next_tick, schedule_id);

CREATE INDEX partita_step_running ON partita_step (run_id) WHERE state = 'RUNNING';

CREATE TABLE partita_checkpoint (
  step_id        INTEGER NOT NULL,
  no             INTEGER NOT NULL,
  lease_id       INTEGER NOT NULL REFERENCES partita_lease,
  seq            INTEGER NOT NULL CHECK (seq >= 0),
  position       TEXT,
  read_count     INTEGER NOT NULL DEFAULT 0,
  write_count    INTEGER NOT NULL DEFAULT 0,
  filter_count   INTEGER NOT NULL DEFAULT 0,
  skip_count     INTEGER NOT NULL DEFAULT 0,
  progress_done  INTEGER NOT NULL DEFAULT 0,
  progress_total INTEGER NOT NULL DEFAULT 0,
  updated_at     INTEGER NOT NULL,
  PRIMARY KEY (step_id, no),
  FOREIGN KEY (step_id, no) REFERENCES partita_partition,
  CHECK ((seq = 0) = (position IS NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_event (
  event_id INTEGER PRIMARY KEY AUTOINCREMENT,
  at       INTEGER NOT NULL,
  kind     TEXT NOT NULL,
  run_id   INTEGER,
  step_id  INTEGER,
  lease_id INTEGER,
  node_id  INTEGER,
  detail   TEXT NOT NULL
) STRICT;

CREATE TABLE partita_failure (
  step_id  INTEGER NOT NULL REFERENCES partita_step,
  no       INTEGER NOT NULL,
  lease_id INTEGER NOT NULL REFERENCES partita_lease,
  node_id  INTEGER NOT NULL REFERENCES partita_node,
  attempt  INTEGER NOT NULL,
  outcome  TEXT NOT NULL CHECK (outcome IN ('FAILED', 'RETRY', 'RELEASED')),
  error    TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (lease_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_job (
  name        TEXT NOT NULL,
  version     INTEGER NOT NULL,
  description TEXT NOT NULL,  -- JSON: what a node that knows it told last
  first_seen  INTEGER NOT NULL,
  last_seen   INTEGER NOT NULL, fair_by TEXT NOT NULL DEFAULT '', max_runs INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (name, version)
) STRICT;

CREATE TABLE partita_lease (
  lease_id   INTEGER PRIMARY KEY AUTOINCREMENT,  -- the fencing token: never reused
  step_id    INTEGER NOT NULL REFERENCES partita_step,
  node_id    INTEGER NOT NULL REFERENCES partita_node,
  lo         INTEGER NOT NULL,
  hi         INTEGER NOT NULL,
  attempt    INTEGER NOT NULL CHECK (attempt >= 0),
  state      TEXT NOT NULL CHECK (state IN ('LIVE', 'DONE', 'RELEASED', 'REVOKED')),
  completed  INTEGER NOT NULL DEFAULT 0,
  failed     INTEGER NOT NULL DEFAULT 0,
  returned   INTEGER NOT NULL DEFAULT 0,
  granted_at INTEGER NOT NULL,
  ended_at   INTEGER,
  CHECK (0 <= lo AND lo <= hi),
  CHECK (completed >= 0 AND failed >= 0 AND returned >= 0),
  CHECK (completed + failed + returned <= hi - lo + 1),
  CHECK ((ended_at IS NOT NULL) = (state <> 'LIVE'))
) STRICT;

CREATE TABLE partita_migration (
  version    INTEGER PRIMARY KEY,
  name       TEXT NOT NULL,
  checksum   TEXT NOT NULL,
  applied_at INTEGER NOT NULL
, works_with INTEGER NOT NULL DEFAULT 0) STRICT;

CREATE TABLE partita_node (
  node_id      INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT NOT NULL,
  host         TEXT NOT NULL,
  pid          INTEGER NOT NULL,
  slots        INTEGER NOT NULL,
  version      TEXT NOT NULL,
  jobs         TEXT NOT NULL,  -- JSON array of 'name/version'
  state        TEXT NOT NULL
    CHECK (state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE', 'CONDEMNED', 'DEREGISTERED', 'LEFT')),
  running      INTEGER NOT NULL DEFAULT 0,
  joined_at    INTEGER NOT NULL,
  heartbeat_at INTEGER NOT NULL,
  left_at      INTEGER, unreachable_ms INTEGER NOT NULL DEFAULT 0, deregister_ms INTEGER NOT NULL DEFAULT 0, stuck INTEGER NOT NULL DEFAULT 0, doing TEXT NOT NULL DEFAULT '[]', tokens INTEGER NOT NULL DEFAULT 0, tags TEXT NOT NULL DEFAULT '[]',
  CHECK ((left_at IS NOT NULL) = (state IN ('DEREGISTERED', 'LEFT')))
) STRICT;

CREATE TABLE partita_output_name (
  run_id  INTEGER NOT NULL REFERENCES partita_run,
  name    TEXT NOT NULL,
  step_id INTEGER NOT NULL REFERENCES partita_step,
  no      INTEGER NOT NULL,
  PRIMARY KEY (run_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_partition (
  step_id INTEGER NOT NULL REFERENCES partita_step,
  no      INTEGER NOT NULL CHECK (no >= 0),
  key     TEXT NOT NULL,
  input   TEXT NOT NULL,
  PRIMARY KEY (step_id, no)
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_partition_log (
  step_id  INTEGER NOT NULL,
  no       INTEGER NOT NULL,
  lease_id INTEGER NOT NULL,
  place    INTEGER NOT NULL,  -- the number modulo how many lines of an attempt are kept
  number   INTEGER NOT NULL,  -- among the lines of the attempt, from 1
  text     TEXT NOT NULL,
  at       INTEGER NOT NULL,
  PRIMARY KEY (step_id, no, lease_id, place),
  FOREIGN KEY (step_id, no) REFERENCES partita_partition
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_paused_job (
  job  TEXT PRIMARY KEY,
  at   INTEGER NOT NULL,
  by   TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;

CREATE TABLE partita_purge_turn (next_at INTEGER NOT NULL) STRICT;

CREATE TABLE partita_purging (
  run_id   INTEGER PRIMARY KEY REFERENCES partita_run,
  step_id  INTEGER NOT NULL DEFAULT 0,
  no       INTEGER NOT NULL DEFAULT 0,
  event_id INTEGER NOT NULL DEFAULT 0
, files_gone INTEGER NOT NULL DEFAULT 1
  CHECK (files_gone IN (0, 1))) STRICT;

CREATE TABLE partita_ready (
  ready_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  step_id      INTEGER NOT NULL REFERENCES partita_step,
  lo           INTEGER NOT NULL,
  hi           INTEGER NOT NULL,
  node_id      INTEGER REFERENCES partita_node,  -- NULL: anyone may claim it
  -- Tries used up. Bounded, so that one more is always a number.
  attempt      INTEGER NOT NULL CHECK (attempt BETWEEN 0 AND 1000000000),
  available_at INTEGER NOT NULL,
  CHECK (0 <= lo AND lo <= hi)
) STRICT;

CREATE TABLE partita_resource_limit (
  name        TEXT PRIMARY KEY,
  slots       INTEGER CHECK (slots >= 0),         -- partitions in execution; NULL: any number
  since_lease INTEGER NOT NULL DEFAULT 0          -- newer leases were granted under these slots
) STRICT;

CREATE TABLE partita_result (
  step_id      INTEGER NOT NULL,
  no           INTEGER NOT NULL,
  lease_id     INTEGER NOT NULL REFERENCES partita_lease,  -- of the run before, if carried over
  outcome      TEXT NOT NULL CHECK (outcome IN ('COMPLETED', 'FAILED')),
  output       TEXT NOT NULL,
  error        TEXT NOT NULL,
  read_count   INTEGER NOT NULL,
  write_count  INTEGER NOT NULL,
  filter_count INTEGER NOT NULL,
  skip_count   INTEGER NOT NULL,
  took_us      INTEGER NOT NULL,
  ended_at     INTEGER NOT NULL,
  files TEXT,
  PRIMARY KEY (step_id, no),
  FOREIGN KEY (step_id, no) REFERENCES partita_partition
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_retention (
  job       TEXT PRIMARY KEY,
  keep_ms   INTEGER NOT NULL CHECK (keep_ms >= 1000),
  keep_last INTEGER NOT NULL CHECK (keep_last >= 0)
) STRICT;

CREATE TABLE partita_run (
  run_id         INTEGER PRIMARY KEY AUTOINCREMENT,
  job            TEXT NOT NULL,
  job_version    INTEGER NOT NULL,
  parameters     TEXT NOT NULL,
  identity       TEXT NOT NULL,  -- canonical text of the identifying parameters
  launch_key     TEXT NOT NULL UNIQUE,
  state          TEXT NOT NULL
    CHECK (state IN ('CREATED', 'RUNNING', 'COMPLETED', 'FAILED', 'STOPPED')),
  master_node_id INTEGER REFERENCES partita_node,
  term           INTEGER NOT NULL DEFAULT 0 CHECK (term >= 0),  -- only grows
  stop           TEXT NOT NULL DEFAULT 'NONE' CHECK (stop IN ('NONE', 'STOP', 'NOW')),
  restart_of     INTEGER UNIQUE REFERENCES partita_run,
  result         TEXT NOT NULL DEFAULT '',
  error          TEXT NOT NULL DEFAULT '',
  created_at     INTEGER NOT NULL,
  started_at     INTEGER,
  ended_at       INTEGER, abandoned INTEGER NOT NULL DEFAULT 0, trace_parent TEXT, schedule_id INTEGER, tick INTEGER, priority INTEGER NOT NULL DEFAULT 0, fair_key TEXT NOT NULL DEFAULT '', paused_at INTEGER, paused_by TEXT NOT NULL DEFAULT '', paused_note TEXT NOT NULL DEFAULT '', purged_at INTEGER,
  CHECK ((ended_at IS NOT NULL) = (state IN ('COMPLETED', 'FAILED', 'STOPPED'))),
  CHECK (started_at IS NULL OR state <> 'CREATED'),
  CHECK (started_at IS NOT NULL OR state IN ('CREATED', 'STOPPED')),
  CHECK ((started_at IS NULL) = (term = 0))
) STRICT;

CREATE TABLE partita_schedule (
  schedule_id   INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT NOT NULL UNIQUE,
  job           TEXT NOT NULL,
  parameters    TEXT NOT NULL,  -- an object; a run gets its tick beside them
  identity      TEXT NOT NULL,
  trigger       TEXT NOT NULL,
  zone          TEXT NOT NULL,
  overlap       TEXT NOT NULL CHECK (overlap IN ('SKIP', 'QUEUE_ONE', 'ALLOW')),
  catch_up_ms   INTEGER NOT NULL CHECK (catch_up_ms >= 0),
  owner_node_id INTEGER REFERENCES partita_node,
  next_tick     INTEGER,
  last_tick     INTEGER,
  last_run_id   INTEGER,
  missed        INTEGER NOT NULL DEFAULT 0,
  declared      INTEGER NOT NULL DEFAULT 0,  -- by a program: a newer one may change it
  created_at    INTEGER NOT NULL,
  paused_at     INTEGER,
  paused_by     TEXT NOT NULL DEFAULT '',
  paused_note   TEXT NOT NULL DEFAULT '',
  CHECK (paused_at IS NULL OR owner_node_id IS NULL)
) STRICT;

CREATE TABLE partita_schedule_balance (
  balanced INTEGER NOT NULL
) STRICT;

CREATE TABLE partita_skipped (
  step_id INTEGER NOT NULL,
  no      INTEGER NOT NULL,
  item    INTEGER NOT NULL,  -- its ordinal in the partition, from 0
  stage   TEXT NOT NULL CHECK (stage IN ('READ', 'PROCESS', 'WRITE')),
  place   TEXT NOT NULL,
  why     TEXT NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (step_id, no, item),
  FOREIGN KEY (step_id, no) REFERENCES partita_partition
) STRICT, WITHOUT ROWID;

CREATE TABLE partita_step (
  step_id        INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id         INTEGER NOT NULL REFERENCES partita_run,
  name           TEXT NOT NULL,
  ordinal        INTEGER NOT NULL,
  kind           TEXT NOT NULL CHECK (kind IN ('TASKLET', 'PARTITIONED')),
  state          TEXT NOT NULL CHECK (state IN ('RUNNING', 'COMPLETED', 'FAILED', 'STOPPED')),
  streamed       INTEGER NOT NULL CHECK (streamed IN (0, 1)),
  transferable   INTEGER NOT NULL CHECK (transferable IN (0, 1)),
  max_attempts   INTEGER NOT NULL,
  retry_first_ms INTEGER NOT NULL,
  retry_factor   REAL NOT NULL,
  retry_max_ms   INTEGER NOT NULL,
  split_context  TEXT NOT NULL,
  count          INTEGER NOT NULL DEFAULT 0 CHECK (count >= 0),  -- final once sealed
  sealed         INTEGER NOT NULL CHECK (sealed IN (0, 1)),
  carried        INTEGER NOT NULL DEFAULT 0 CHECK (carried BETWEEN 0 AND count),
  result         TEXT NOT NULL DEFAULT '',
  error          TEXT NOT NULL DEFAULT '',
  started_at     INTEGER NOT NULL,
  ended_at       INTEGER, after_failure INTEGER NOT NULL DEFAULT 0
  CHECK (after_failure IN (0, 1)), decision TEXT
  CHECK (decision IN ('NEXT', 'GO_TO', 'COMPLETE', 'FAIL')), decision_text TEXT NOT NULL DEFAULT '', at_most INTEGER NOT NULL DEFAULT 0, limits TEXT NOT NULL DEFAULT '[]', tags TEXT NOT NULL DEFAULT '[]',
  UNIQUE (run_id, ordinal),
  CHECK ((ended_at IS NOT NULL) = (state <> 'RUNNING')),
  CHECK (sealed = 1 OR state <> 'COMPLETED')
) STRICT;

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

CREATE TABLE sqlite_sequence(name,seq);

CREATE TRIGGER partita_event_is_not_changed BEFORE UPDATE ON partita_event
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

CREATE TRIGGER partita_event_is_not_removed BEFORE DELETE ON partita_event
WHEN NOT EXISTS (SELECT 1 FROM partita_purging WHERE run_id = OLD.run_id)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

CREATE TRIGGER partita_purged_run_is_not_continued BEFORE INSERT ON partita_run
WHEN EXISTS (SELECT 1 FROM partita_run WHERE run_id = NEW.restart_of AND purged_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a run that was purged is not continued'); END;

CREATE VIEW partita_partition_status AS
SELECT
  s.run_id, r.job, p.step_id, s.name AS step, p.no, p.key,
  CASE WHEN x.no IS NOT NULL THEN x.outcome
       WHEN l.lease_id IS NOT NULL THEN 'CLAIMED'
       ELSE 'PENDING' END AS status,
  -- A range further down than p.no ends before it, or covers it: see partita_ready_place.
  coalesce(l.attempt,
           (SELECT CASE WHEN d.hi >= p.no THEN d.attempt END FROM partita_ready d
             WHERE d.step_id = p.step_id AND d.lo <= p.no ORDER BY d.lo DESC LIMIT 1),
           0) AS attempt,
  l.node_id, n.name AS node,
  coalesce(c.progress_done, 0) AS progress_done,
  coalesce(c.progress_total, 0) AS progress_total,
  coalesce(x.error,
           (SELECT f.error FROM partita_failure f
             WHERE f.step_id = p.step_id AND f.no = p.no AND f.outcome <> 'RELEASED'
             ORDER BY f.lease_id DESC LIMIT 1),
           '') AS error,
  l.lease_id
FROM partita_partition p
JOIN partita_step s ON s.step_id = p.step_id
JOIN partita_run r ON r.run_id = s.run_id
LEFT JOIN partita_result x ON x.step_id = p.step_id AND x.no = p.no
-- Who ended it, or who has it. Live leases may overlap: one that has already given the partition
-- back holds a failure row of it.
LEFT JOIN partita_lease l ON l.lease_id = coalesce(
  x.lease_id,
  (SELECT h.lease_id FROM partita_lease h
    WHERE h.step_id = p.step_id AND h.state = 'LIVE' AND h.lo <= p.no AND h.hi >= p.no
      AND NOT EXISTS (SELECT 1 FROM partita_failure f
                       WHERE f.lease_id = h.lease_id AND f.no = p.no)
    ORDER BY h.lo DESC LIMIT 1))
LEFT JOIN partita_node n ON n.node_id = l.node_id
LEFT JOIN partita_checkpoint c ON c.step_id = p.step_id AND c.no = p.no;

