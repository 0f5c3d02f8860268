-- works with: 8
-- The span that submitted a run, as W3C `traceparent`; NULL: none is known. It counts for nothing:
-- older programs need not know of it.
ALTER TABLE partita_run ADD COLUMN trace_parent TEXT;
