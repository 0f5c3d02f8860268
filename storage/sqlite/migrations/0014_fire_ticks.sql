-- works with: 8
-- Of many schedules that are due the first ones are found in order.
DROP INDEX partita_schedule_due;
CREATE INDEX partita_schedule_due ON partita_schedule (owner_node_id, next_tick, schedule_id);
