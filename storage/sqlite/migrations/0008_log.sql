-- works with: 7
-- What attempts at partitions say of themselves. It counts for nothing: older programs need not
-- know of it.

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
