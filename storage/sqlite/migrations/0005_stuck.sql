-- works with: 4
-- How many executors of a node are busy with a body that was asked to stop and goes on. Older
-- programs leave it as it is.
ALTER TABLE partita_node ADD COLUMN stuck INTEGER NOT NULL DEFAULT 0;
