-- works with: 7
-- Several steps of a run at once. Older programs would claim from steps that the run has not come
-- to, and would not copy decisions into a continued run.

-- Copied by `restart`, behind a step that has not COMPLETED: nothing of it is claimed until the run
-- comes to it.
ALTER TABLE partita.step ADD COLUMN ahead boolean NOT NULL DEFAULT false;

-- What a decider chose once the step had COMPLETED; and the step to go to, or why the run FAILED.
ALTER TABLE partita.step ADD COLUMN decision text
  CHECK (decision IN ('NEXT', 'GO_TO', 'COMPLETE', 'FAIL'));
ALTER TABLE partita.step ADD COLUMN decision_text text NOT NULL DEFAULT '';
