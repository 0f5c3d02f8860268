-- works with: 3
-- A node that is given up is CONDEMNED until nothing is left of what it held. SQLite cannot change
-- a CHECK: the table is made anew. References to it are judged when the transaction ends.

PRAGMA defer_foreign_keys = ON;
CREATE TEMP TABLE kept_node AS SELECT * FROM partita_node;
DROP TABLE partita_node;

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
  left_at      INTEGER,
  CHECK ((left_at IS NOT NULL) = (state IN ('DEREGISTERED', 'LEFT')))
) STRICT;
INSERT INTO partita_node SELECT * FROM kept_node;
DROP TABLE kept_node;

-- Leaves out heartbeat_at, so that a heartbeat does not touch it.
CREATE INDEX partita_node_present ON partita_node (node_id) WHERE left_at IS NULL;
