-- works with: 6
-- Items that policies let go. Older programs would not copy them into a continued run.

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
