-- works with: 8
-- What has ended long ago is purged. Programs of before show such runs as runs without steps.

-- Of a purged run, only the row of the run is left, or soon will be.
ALTER TABLE partita_run ADD COLUMN purged_at INTEGER;
CREATE INDEX partita_run_kept ON partita_run (job, ended_at)
WHERE ended_at IS NOT NULL AND purged_at IS NULL;

-- How long runs of a job that have ended are kept; of '': of all jobs without a row.
CREATE TABLE partita_retention (
  job       TEXT PRIMARY KEY,
  keep_ms   INTEGER NOT NULL CHECK (keep_ms >= 1000),
  keep_last INTEGER NOT NULL CHECK (keep_last >= 0)
) STRICT;

-- Purged runs that still have rows, and how far the removal has come: partitions of steps first, in
-- this order, then the events.
CREATE TABLE partita_purging (
  run_id   INTEGER PRIMARY KEY REFERENCES partita_run,
  step_id  INTEGER NOT NULL DEFAULT 0,
  no       INTEGER NOT NULL DEFAULT 0,
  event_id INTEGER NOT NULL DEFAULT 0
) STRICT;

-- One row: when the next rows may be removed.
CREATE TABLE partita_purge_turn (next_at INTEGER NOT NULL) STRICT;
INSERT INTO partita_purge_turn VALUES (0);

-- The log is append-only, but for the events of runs that are being purged.
DROP TRIGGER partita_event_is_not_removed;
CREATE TRIGGER partita_event_is_not_removed BEFORE DELETE ON partita_event
WHEN NOT EXISTS (SELECT 1 FROM partita_purging WHERE run_id = OLD.run_id)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;

-- Nothing is left to go on from; programs of before do not look.
CREATE TRIGGER partita_purged_run_is_not_continued BEFORE INSERT ON partita_run
WHEN EXISTS (SELECT 1 FROM partita_run WHERE run_id = NEW.restart_of AND purged_at IS NOT NULL)
BEGIN SELECT RAISE(ABORT, 'a run that was purged is not continued'); END;
