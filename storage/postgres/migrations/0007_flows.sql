-- works with: 7
-- Several steps of a run at once, and decisions. Older programs would not copy decisions into a
-- continued run.

-- The run came to it because a step before it had FAILED: a run that continues this one begins it
-- anew.
ALTER TABLE partita.step ADD COLUMN after_failure boolean NOT NULL DEFAULT false;

-- What a decider chose once the step had COMPLETED; and the step to go to, or why the run FAILED.
ALTER TABLE partita.step ADD COLUMN decision text
  CHECK (decision IN ('NEXT', 'GO_TO', 'COMPLETE', 'FAIL'));
ALTER TABLE partita.step ADD COLUMN decision_text text NOT NULL DEFAULT '';
