-- works with: 7
-- Several steps of a run at once. Older programs would claim from steps that the run has not come
-- to, and would not copy decisions into a continued run.

-- Copied by `restart`, behind a step that has not COMPLETED: nothing of it is claimed until the run
-- comes to it.
ALTER TABLE partita_step ADD COLUMN ahead INTEGER NOT NULL DEFAULT 0 CHECK (ahead IN (0, 1));

-- What a decider chose once the step had COMPLETED; and the step to go to, or why the run FAILED.
ALTER TABLE partita_step ADD COLUMN decision TEXT
  CHECK (decision IN ('NEXT', 'GO_TO', 'COMPLETE', 'FAIL'));
ALTER TABLE partita_step ADD COLUMN decision_text TEXT NOT NULL DEFAULT '';
