-- works with: 3
-- A node that is given up is CONDEMNED until nothing is left of what it held.

ALTER TABLE partita.node DROP CONSTRAINT node_state_check;
ALTER TABLE partita.node ADD CONSTRAINT node_state_check CHECK
  (state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE', 'CONDEMNED', 'DEREGISTERED', 'LEFT'));

DROP INDEX partita.node_live;
CREATE INDEX node_present ON partita.node (node_id) WHERE left_at IS NULL;
