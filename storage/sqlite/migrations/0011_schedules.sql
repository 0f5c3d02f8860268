-- works with: 8
-- Schedules: named triggers of jobs, each owned by one node that fires its ticks. Older programs
-- own none. A node that is lost while an older one judges it keeps its schedules until the next
-- node joins or leaves.

ALTER TABLE partita_node ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;

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
CREATE INDEX partita_schedule_due ON partita_schedule (owner_node_id, next_tick);

-- One row. Whoever changes what decides about owners (nodes with tokens, schedules) says here that
-- it must be decided anew.
CREATE TABLE partita_schedule_balance (
  balanced INTEGER NOT NULL
) STRICT;
INSERT INTO partita_schedule_balance VALUES (1);

-- The schedule that started the run, and for which of its moments: once. A run that continues it
-- has both, too.
ALTER TABLE partita_run ADD COLUMN schedule_id INTEGER;
ALTER TABLE partita_run ADD COLUMN tick INTEGER;
CREATE UNIQUE INDEX partita_run_of_tick ON partita_run (schedule_id, tick)
  WHERE schedule_id IS NOT NULL AND restart_of IS NULL;
CREATE INDEX partita_run_of_schedule ON partita_run (schedule_id, run_id)
  WHERE schedule_id IS NOT NULL;
CREATE INDEX partita_run_live_of_schedule ON partita_run (schedule_id)
  WHERE schedule_id IS NOT NULL AND state IN ('CREATED', 'RUNNING');
