-- works with: 8
-- How runs share the cluster: priorities, pauses, limits, tags, queues. Programs of before see none
-- of it: they claim by age alone, whatever is paused or limited.

ALTER TABLE partita_node ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';
ALTER TABLE partita_job ADD COLUMN fair_by TEXT NOT NULL DEFAULT '';
ALTER TABLE partita_job ADD COLUMN max_runs INTEGER NOT NULL DEFAULT 0;

ALTER TABLE partita_run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partita_run ADD COLUMN fair_key TEXT NOT NULL DEFAULT '';
ALTER TABLE partita_run ADD COLUMN paused_at INTEGER;
ALTER TABLE partita_run ADD COLUMN paused_by TEXT NOT NULL DEFAULT '';
ALTER TABLE partita_run ADD COLUMN paused_note TEXT NOT NULL DEFAULT '';

ALTER TABLE partita_step ADD COLUMN at_most INTEGER NOT NULL DEFAULT 0;
ALTER TABLE partita_step ADD COLUMN limits TEXT NOT NULL DEFAULT '[]';
ALTER TABLE partita_step ADD COLUMN tags TEXT NOT NULL DEFAULT '[]';

CREATE TABLE partita_paused_job (
  job  TEXT PRIMARY KEY,
  at   INTEGER NOT NULL,
  by   TEXT NOT NULL,
  note TEXT NOT NULL
) STRICT;

-- A row for each limit that a step has named.
CREATE TABLE partita_resource_limit (
  name        TEXT PRIMARY KEY,
  slots       INTEGER CHECK (slots >= 0),         -- partitions in execution; NULL: any number
  since_lease INTEGER NOT NULL DEFAULT 0          -- newer leases were granted under these slots
) STRICT;
