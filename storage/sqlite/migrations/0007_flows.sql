-- works with: 7
-- Several steps of a run at once, and decisions. Older programs would not copy decisions into a
-- continued run.

-- The run came to it because a step before it had FAILED: a run that continues this one begins it
-- anew.
ALTER TABLE partita_step ADD COLUMN after_failure INTEGER NOT NULL DEFAULT 0
  CHECK (after_failure IN (0, 1));

-- What a decider chose once the step had COMPLETED; and the step to go to, or why the run FAILED.
ALTER TABLE partita_step ADD COLUMN decision TEXT
  CHECK (decision IN ('NEXT', 'GO_TO', 'COMPLETE', 'FAIL'));
ALTER TABLE partita_step ADD COLUMN decision_text TEXT NOT NULL DEFAULT '';
