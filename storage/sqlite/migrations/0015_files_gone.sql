-- works with: 8
-- Output files of a purged run go before the rows that name them, where its job asks for it. Where
-- programs of before purge a run, or remove its rows first, the files stay.

-- Whether somebody has gone through all that the run has published.
ALTER TABLE partita_purging ADD COLUMN files_gone INTEGER NOT NULL DEFAULT 1
  CHECK (files_gone IN (0, 1));
CREATE INDEX partita_purging_next ON partita_purging (files_gone, run_id);
