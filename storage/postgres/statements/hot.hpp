#pragma once

// Statements are laid out by hand.
// clang-format off

#include "storage/postgres/statements/results.hpp"
#include "storage/postgres/statements/runs.hpp"
#include "storage/postgres/statements/schedules.hpp"
#include "storage/postgres/statements/timeline.hpp"

// What nodes ask all the time: one statement each.
namespace partita::postgres::sql {

// No row: the node is not ACTIVE. $1 node, $2 running, $3 stuck, $4 doing
inline const std::string renew_active = R"(
UPDATE partita.node SET heartbeat_at = partita.clock(), running = $2::integer,
                        stuck = $3::integer, doing = $4
WHERE node_id = $1::bigint AND state = 'ACTIVE' RETURNING )";

inline const std::string renew = renew_active + has_live_runs + "," + sees_schedules;

// The same, and the cluster as this node then sees it.
// $1 node, $2 running, $3 stuck, $4 doing, $5 unreachable_after and $6 deregister_after in ms
inline const std::string renew_and_survey = "WITH mine AS (" + renew_active + R"(
    node_id, state, slots, running),
seen AS (
  SELECT node_id, state, slots, running, interval '0' AS silence FROM mine
  UNION ALL
  SELECT node_id, state, slots, running, partita.clock() - heartbeat_at FROM partita.node
  WHERE node_id <> $1::bigint AND left_at IS NULL)
SELECT count(*) FILTER (WHERE state = 'ACTIVE') AS nodes,
       coalesce(sum(slots) FILTER (WHERE state = 'ACTIVE'), 0) AS slots,
       coalesce(sum(running) FILTER (WHERE state = 'ACTIVE'), 0) AS running,
       array_agg(node_id ORDER BY node_id) FILTER (
         WHERE node_id <> $1::bigint
           AND silence >= CASE state WHEN 'CONDEMNED' THEN 0
                                     WHEN 'UNREACHABLE' THEN $6::bigint ELSE $5::bigint END
                          * interval '1 millisecond') AS overdue,
       )" + has_live_runs + "," + sees_schedules + R"(
FROM seen WHERE EXISTS (SELECT FROM mine) HAVING count(*) > 0)";

// Three short lists in one read; the column `what` names the list. `slots`, the executors that a
// step holds, serves to choose between several steps. For a single step it is not computed: in a
// large cluster that would read a lease of each node. What only some clusters need is read by
// statements of its own: limits, groups, full queues. While an old transaction is open, the indexes
// keep entries of every run that has ended. So live runs are read once, and their steps and leases
// are looked up run by run (OFFSET 0).
// $1 node
inline const std::string look = R"(
WITH me AS MATERIALIZED (
  SELECT jobs, tags, slots FROM partita.node WHERE node_id = $1::bigint AND state = 'ACTIVE'),
live AS MATERIALIZED (
  SELECT run_id, job, job || '/' || job_version AS program, state, stop, master_node_id, term,
         priority, fair_key,
         paused_at IS NOT NULL OR job IN (SELECT p.job FROM partita.paused_job p) AS paused
  FROM partita.run WHERE state IN ('CREATED', 'RUNNING')),
doing AS MATERIALIZED (
  SELECT live.run_id, live.job, live.program, live.priority, live.fair_key, live.paused, s.*,
         CASE WHEN s.failing AND live.stop = 'NONE' THEN 'STOP' ELSE live.stop END AS stop
  FROM live CROSS JOIN LATERAL (
    SELECT s.step_id, s.error <> '' AS failing, s.at_most > 0 OR s.limits <> '{}' AS limited,
           s.tags
    FROM partita.step s
    WHERE s.run_id = live.run_id AND s.state = 'RUNNING' OFFSET 0) s
  WHERE live.state = 'RUNNING'),
waiting AS MATERIALIZED (
  SELECT doing.*, me.slots AS executors, first.attempt, every.size
  FROM me JOIN doing ON doing.stop = 'NONE' AND NOT doing.paused
    AND doing.program = ANY (me.jobs) AND doing.tags <@ me.tags
  CROSS JOIN LATERAL (
    SELECT w.attempt FROM partita.ready w
    WHERE w.step_id = doing.step_id AND (w.node_id = $1::bigint OR w.node_id IS NULL)
      AND w.available_at <= partita.clock()
    ORDER BY w.node_id, w.lo LIMIT 1) first
  CROSS JOIN LATERAL (
    SELECT sum(w.hi - w.lo + 1)::bigint AS size FROM partita.ready w
    WHERE w.step_id = doing.step_id AND (w.node_id = $1::bigint OR w.node_id IS NULL)
      AND w.available_at <= partita.clock()) every)
SELECT 'READY' AS what, step_id AS id, run_id, size,
       CASE WHEN (SELECT count(*) FROM waiting) > 1 THEN (
         SELECT coalesce(sum(least(l.hi - l.lo + 1 - l.completed - l.failed - l.returned, n.slots)),
                         0)::bigint
         FROM partita.lease l JOIN partita.node n ON n.node_id = l.node_id
         WHERE l.step_id = waiting.step_id AND l.state = 'LIVE') ELSE 0 END AS slots,
       attempt AS number, NULL AS stop, priority, job, program, fair_key, limited, executors
FROM waiting
UNION ALL
SELECT 'HELD', l.lease_id, doing.run_id, 0, 0, 0, doing.stop, 0, NULL, NULL, NULL, doing.paused, 0
FROM doing CROSS JOIN LATERAL (
  SELECT l.lease_id FROM partita.lease l
  WHERE l.step_id = doing.step_id AND l.node_id = $1::bigint AND l.state = 'LIVE' OFFSET 0) l
UNION ALL
SELECT 'MASTERLESS', live.run_id, live.run_id, 0, 0, live.term, live.state, live.priority, live.job,
       live.program, live.fair_key, live.paused, 0
FROM me JOIN live ON live.master_node_id IS NULL AND live.program = ANY (me.jobs)
  AND (live.state = 'RUNNING' OR NOT live.paused)
ORDER BY what, id)";

// Locks step, node, range, in this order: each CTE reads the one before. The row is cut as it is
// after the lock, not as it was when read. Run and range are looked up by `= (SELECT ...)`, never
// joined: after an ANALYZE that sees one live row the planner would join by a scan of the index.
// $1 node, $2 step, $3 width, $4 width of a range that was tried before, $5 whether a step with
// limits may be: then they are locked
inline const std::string claim_front = R"(
-- The step, RUNNING, not failing, of a run that is RUNNING and not asked to stop.
open_step AS MATERIALIZED (
  SELECT s.step_id, s.run_id FROM partita.step s
  WHERE s.step_id = $2::bigint AND s.state = 'RUNNING' AND s.error = ''
    AND ($5::boolean OR (s.at_most = 0 AND s.limits = '{}'))
    AND (SELECT r.state = 'RUNNING' AND r.stop = 'NONE' FROM partita.run r
         WHERE r.run_id = s.run_id)
  FOR KEY SHARE),
-- The node, ACTIVE: a sweep that gives it up waits, and then finds the lease.
claimant AS MATERIALIZED (
  SELECT n.node_id, open_step.step_id, open_step.run_id
  FROM open_step JOIN partita.node n ON n.node_id = $1::bigint AND n.state = 'ACTIVE'
  FOR KEY SHARE OF n),
-- One range, and the last number that is cut off. NULLs sort last: bound ranges come first.
picked AS MATERIALIZED (
  SELECT w.ready_id, w.lo, w.hi, w.attempt + 1 AS attempt, claimant.run_id,
         w.lo - 1 + least(w.hi - w.lo + 1, $3::bigint,
                          CASE WHEN w.attempt > 0 THEN $4::bigint END) AS cut
  FROM claimant, partita.ready w
  WHERE w.step_id = $2::bigint AND (w.node_id = $1::bigint OR w.node_id IS NULL)
    AND w.available_at <= partita.clock()
  ORDER BY w.node_id, )";

inline const std::string claim_rest = R"(),
-- The range keeps what is left of it,
shortened AS (
  UPDATE partita.ready w SET lo = (SELECT cut + 1 FROM picked)
  WHERE w.ready_id = (SELECT ready_id FROM picked WHERE lo <= cut AND cut < hi)),
-- or goes.
emptied AS (
  DELETE FROM partita.ready w
  WHERE w.ready_id = (SELECT ready_id FROM picked WHERE cut = hi)),
-- What was cut off becomes a lease,
granted AS (
  INSERT INTO partita.lease (step_id, node_id, lo, hi, attempt, state)
  SELECT $2::bigint, $1::bigint, lo, cut, attempt, 'LIVE' FROM picked WHERE lo <= cut
  RETURNING lease_id, lo, hi, attempt),
-- which the log tells.
logged AS (
  INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
  SELECT 'LEASE_GRANTED', picked.run_id, $2::bigint, g.lease_id, $1::bigint,
         '{"attempt":' || g.attempt || ',"hi":' || g.hi || ',"lo":' || g.lo || '}'
  FROM granted g, picked)
-- The lease, with each of its partitions and where it may go on.
SELECT g.lease_id, g.lo, g.hi, g.attempt, p.*
FROM granted g
CROSS JOIN LATERAL (
  SELECT p.no, p.key, p.input, c.seq, c.position, c.read_count, c.write_count, c.filter_count,
         c.skip_count
  FROM partita.partition p
  LEFT JOIN partita.checkpoint c ON c.step_id = $2::bigint AND c.no = p.no AND c.seq > 0
    AND c.no BETWEEN g.lo AND g.hi
  WHERE p.step_id = $2::bigint AND p.no BETWEEN g.lo AND g.hi) p
ORDER BY p.no)";

// Takes the first range that nobody else is cutting.
inline const std::string claim =
    "WITH" + claim_front + "w.lo LIMIT 1 FOR UPDATE OF w SKIP LOCKED" + claim_rest;

// Waits while another claim cuts the range. So no rows means that there is nothing to take. If
// there are several ranges, nodes wait for different ones.
inline const std::string claim_patiently =
    "WITH" + claim_front + "md5(w.ready_id || '/' || $1) LIMIT 1 FOR UPDATE OF w" + claim_rest;

// The usual report: every attempt COMPLETED, none of them recorded before. All or nothing: returns
// 1, or 0 when it changed nothing. It returns 0 when a lease is lost, does not cover its numbers,
// has no room for that many, or had an attempt that did not complete (then its ended numbers must
// be looked up). A result that is there already raises unique_violation: a repeat, which must be
// looked up too. One statement, not COPY, although COPY writes a fifth less WAL: a client that is
// stopped in the middle of a COPY holds its locks until it goes on, and no timeout of the server
// ends that. Beside the count: id and time of the newest event.
// $1 node. By lease: $2 id, $3 lowest and $4 highest no, $5 how many, $6 detail of the event.
// By result: $7 lease, or empty where all are of the first one, $8 ... $16 as unnested_results.
// By lease, summed: $17 read, $18 written, $19 filtered, $20 skipped.
// By lease and second: $21 lease, $22 microseconds ago, $23 how many, $24 microseconds they took,
// $25 the slowest took, $26 its no.
inline const std::string record_completed = R"(
WITH
-- The leases: this node's, LIVE, without an attempt that did not complete.
held AS MATERIALIZED (
  SELECT l.lease_id, l.step_id, s.run_id, l.lo, l.hi, l.hi - l.lo + 1 - l.completed AS room,
         l.granted_at, s.started_at
  FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
  WHERE l.lease_id = ANY ($2::bigint[]) AND l.node_id = $1::bigint AND l.ended_at IS NULL
    AND l.failed + l.returned = 0
  ORDER BY l.lease_id FOR UPDATE OF l),
-- What is added to each that covers it and has room for it.
span AS MATERIALIZED (
  SELECT h.run_id, h.step_id, h.granted_at, h.started_at, a.*, h.room = a.completed AS done
  FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::text[], $17::bigint[],
              $18::bigint[], $19::bigint[], $20::bigint[])
       AS a (lease_id, lowest, highest, completed, detail, read_count, write_count, filter_count,
             skip_count)
  JOIN held h ON h.lease_id = a.lease_id AND h.lo <= a.lowest AND a.highest <= h.hi
             AND h.room >= a.completed),
-- A row, if all of them do: everything below asks for it.
accepted AS MATERIALIZED (
  SELECT WHERE (SELECT count(*) FROM span) = cardinality($2::bigint[])),
-- The results, each with the step of its lease.
item AS NOT MATERIALIZED (
  SELECT span.step_id, span.lease_id, i.no,)" + stored_values + R"(
  FROM (SELECT unnest($7::bigint[]) AS lease_id, )" + unnested_results(8) + R"() i
  JOIN span ON span.lease_id = coalesce(i.lease_id, ($2::bigint[])[1]), accepted),
-- A second result of a partition raises unique_violation, and nothing of all this happens.
saved AS (
  INSERT INTO partita.result (step_id, no, lease_id, outcome, error, )" + stored_columns + R"()
  SELECT step_id, no, lease_id, 'COMPLETED', '', )" + stored_columns + " FROM item)," +
  clear_checkpoints() + R"(,
-- The leases count them. The update reckons from their own columns: the CHECKs see the row as of
-- the snapshot first, then as locked.
counted AS (
  UPDATE partita.lease l
  SET completed = l.completed + span.completed,
      state = CASE WHEN l.completed + l.failed + l.returned + span.completed = l.hi - l.lo + 1
                   THEN 'DONE' ELSE 'LIVE' END,
      ended_at = CASE WHEN l.completed + l.failed + l.returned + span.completed = l.hi - l.lo + 1
                      THEN partita.clock() END
  FROM span, accepted WHERE l.lease_id = span.lease_id),
-- The counters of the node do too, in one order.
totalled AS (
  INSERT INTO partita.step_counter AS c
  SELECT step_id, $1::bigint, sum(completed), 0, sum(read_count), sum(write_count),
         sum(filter_count), sum(skip_count)
  FROM span, accepted GROUP BY step_id ORDER BY step_id)" + sum_counts + R"(),
-- And its tiles.
tiled AS ()" + summed_tiles(R"(
  SELECT span.step_id, span.lease_id, span.started_at, span.granted_at, i.ago, i.completed,
         0 AS failed, 0 AS returned, i.busy_us, i.slowest_us, i.slowest_no
  FROM unnest($21::bigint[], $22::bigint[], $23::bigint[], $24::bigint[], $25::bigint[],
              $26::bigint[]) AS i (lease_id, ago, completed, busy_us, slowest_us, slowest_no)
  JOIN span ON span.lease_id = i.lease_id, accepted)") + "),";

// Files get their final names. One that another partition of the run has raises unique_violation.
// By name: $27 lease, $28 no, $29 name
inline const std::string reserve_at_once = R"(
named AS (
  INSERT INTO partita.output_name (run_id, name, step_id, no)
  SELECT span.run_id, n.name, span.step_id, n.no
  FROM unnest($27::bigint[], $28::bigint[], $29::text[]) AS n (lease_id, no, name)
  JOIN span ON span.lease_id = n.lease_id, accepted
  ORDER BY span.run_id, md5(n.name)),)";

inline const std::string log_completed = R"(
-- The log: what was reported, and which leases ended with it.
logged AS (
  INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
  SELECT 'LEASE_REPORTED', run_id, step_id, lease_id, $1::bigint, detail FROM span, accepted
  UNION ALL
  SELECT 'LEASE_ENDED', run_id, step_id, lease_id, $1::bigint, '{"state":"DONE"}'
  FROM span, accepted WHERE done
  RETURNING event_id, at)
SELECT (SELECT count(*) FROM accepted), max(event_id), partita.micros(max(at)) FROM logged)";

inline const std::string report_completed = record_completed + log_completed;
inline const std::string report_completed_with_names =
    record_completed + reserve_at_once + log_completed;

// `fresh` false: something was recorded under the lease between the snapshot of this statement and
// the lock; it must run again, or it could overlook a result. $1 lease, $2 no, $3 seq, $4 position,
// $5 read, $6 written, $7 filtered, $8 skipped
inline const std::string commit_checkpoint = R"(
WITH
-- The lease, if it is LIVE and covers the partition, as it is after the lock.
held AS MATERIALIZED (
  SELECT lease_id, step_id, completed + failed + returned AS ended
  FROM partita.lease
  WHERE lease_id = $1::bigint AND ended_at IS NULL AND $2::bigint BETWEEN lo AND hi
  FOR KEY SHARE),
-- The same, if this statement's snapshot has it as it is.
fresh AS MATERIALIZED (
  SELECT h.lease_id, h.step_id
  FROM held h JOIN partita.lease l ON l.lease_id = h.lease_id
  WHERE l.completed + l.failed + l.returned = h.ended),
-- The same, if the partition has not ended.
open AS MATERIALIZED (
  SELECT lease_id, step_id FROM fresh
  WHERE NOT EXISTS (SELECT FROM partita.result o
                    WHERE o.step_id = (SELECT step_id FROM fresh) AND o.no = $2::bigint)
    AND NOT EXISTS (SELECT FROM partita.failure f
                    WHERE f.lease_id = $1::bigint AND f.no = $2::bigint)),
-- The highest seq stays.
saved AS (
  INSERT INTO partita.checkpoint AS c (step_id, no, lease_id, seq, position, read_count,
                                       write_count, filter_count, skip_count)
  SELECT step_id, $2::bigint, lease_id, $3::bigint, $4, $5::bigint, $6::bigint, $7::bigint,
         $8::bigint
  FROM open
  ON CONFLICT (step_id, no) DO UPDATE
  SET lease_id = excluded.lease_id, seq = excluded.seq, position = excluded.position,
      read_count = excluded.read_count, write_count = excluded.write_count,
      filter_count = excluded.filter_count, skip_count = excluded.skip_count,
      updated_at = partita.clock()
  WHERE c.seq < excluded.seq)
SELECT EXISTS (SELECT FROM held) AS held, EXISTS (SELECT FROM fresh) AS fresh,
       EXISTS (SELECT FROM open) AS open)";

// Of several reports on one partition the last one. By report: $1 lease, $2 no, $3 done, $4 total
inline const std::string record_progress = R"(
INSERT INTO partita.checkpoint (step_id, no, lease_id, seq, progress_done, progress_total)
SELECT DISTINCT ON (l.step_id, i.no) l.step_id, i.no, l.lease_id, 0, i.done, i.total
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
     WITH ORDINALITY AS i (lease_id, no, done, total, place)
JOIN partita.lease l ON l.lease_id = i.lease_id AND l.ended_at IS NULL
  AND i.no BETWEEN l.lo AND l.hi
WHERE (SELECT o.no FROM partita.result o WHERE o.step_id = l.step_id AND o.no = i.no) IS NULL
  AND (SELECT f.no FROM partita.failure f WHERE f.lease_id = l.lease_id AND f.no = i.no) IS NULL
ORDER BY l.step_id, i.no, i.place DESC
ON CONFLICT (step_id, no) DO UPDATE
SET lease_id = excluded.lease_id, progress_done = excluded.progress_done,
    progress_total = excluded.progress_total, updated_at = partita.clock())";

// A later line takes the place of the one that is so many before it. By line: $1 lease, $2 no,
// $3 number, $4 text, $5 microseconds ago. $6 how many are kept
inline const std::string record_log = R"(
INSERT INTO partita.partition_log AS k (step_id, no, lease_id, place, number, text, at)
SELECT l.step_id, i.no, l.lease_id, i.number % $6::bigint, i.number, i.text,
       partita.clock() - i.ago * interval '1 microsecond'
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
     AS i (lease_id, no, number, text, ago)
JOIN partita.lease l ON l.lease_id = i.lease_id AND i.no BETWEEN l.lo AND l.hi
ORDER BY i.lease_id, i.no, i.number
ON CONFLICT (step_id, no, lease_id, place) DO UPDATE
SET number = excluded.number, text = excluded.text, at = excluded.at
WHERE k.number < excluded.number)";

}  // namespace partita::postgres::sql
