#pragma once

#include <string>

#include "protocol/values.hpp"

// Every statement of the PostgreSQL store, by the room that uses it. `$n` are listed above each.
// Names are qualified, so that no search_path matters; states are literals, so that the planner can
// use the partial indexes. Values travel as text, arrays as '{…}'. Plans are kept, some from when
// tables were empty and a whole partial index looked as short as one look by key: a lease that is
// named by its key is LIVE when `ended_at IS NULL`, which no partial index promises.

// --- nodes.cpp -----------------------------------------------------------------------------------

namespace partita::postgres::sql {

// $1 name, $2 host, $3 pid, $4 slots, $5 version, $6 jobs, $7 detail of the event
inline const std::string register_node = R"(
WITH made AS (
  INSERT INTO partita.node (name, host, pid, slots, version, jobs, state)
  VALUES ($1, $2, $3::bigint, $4::integer, $5, $6::text[], 'ACTIVE')
  RETURNING node_id),
told AS (
  INSERT INTO partita.event (kind, node_id, detail)
  SELECT 'NODE_JOINED', node_id, $7 FROM made)
SELECT node_id FROM made)";

inline const std::string has_live_runs =
    "EXISTS (SELECT FROM partita.run WHERE state IN ('CREATED', 'RUNNING')) AS live_runs ";

// The heartbeat of a node that is ACTIVE and stays so: nearly all there are.
// $1 node, $2 running
inline const std::string renew_active = R"(
UPDATE partita.node SET heartbeat_at = now(), running = $2::integer
WHERE node_id = $1::bigint AND state = 'ACTIVE' RETURNING )" + has_live_runs;

// No row: the node is fenced. $1 node, $2 running, $3 draining
inline const std::string renewal = R"(
WITH found AS MATERIALIZED (
  SELECT node_id, state FROM partita.node
  WHERE node_id = $1::bigint AND state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE')
  FOR NO KEY UPDATE),
mine AS (
  UPDATE partita.node n
  SET heartbeat_at = now(), running = $2::integer,
      state = CASE WHEN $3::boolean OR found.state = 'DRAINING' THEN 'DRAINING' ELSE 'ACTIVE' END
  FROM found WHERE n.node_id = found.node_id
  RETURNING n.node_id, n.state, n.slots, n.running, found.state AS was),
told AS (
  INSERT INTO partita.event (kind, node_id)
  SELECT 'NODE_RECOVERED', node_id FROM mine
  WHERE was = 'UNREACHABLE'
  UNION ALL
  SELECT 'NODE_DRAINING', node_id FROM mine WHERE state = 'DRAINING' AND was <> 'DRAINING'))";

// The heartbeat that may change the state of the node. $1 node, $2 running, $3 draining
inline const std::string renew = renewal + " SELECT " + has_live_runs + "FROM mine";

// The heartbeat, and the cluster as this node then sees it.
// $1 node, $2 running, $3 draining, $4 unreachable_after in ms, $5 deregister_after in ms
inline const std::string heartbeat = renewal + R"(,
seen AS (
  SELECT node_id, state, slots, running, interval '0' AS silence FROM mine
  UNION ALL
  SELECT node_id, state, slots, running, now() - heartbeat_at FROM partita.node
  WHERE node_id <> $1::bigint AND state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE'))
SELECT count(*) FILTER (WHERE state = 'ACTIVE') AS nodes,
       coalesce(sum(slots) FILTER (WHERE state = 'ACTIVE'), 0) AS slots,
       coalesce(sum(running) FILTER (WHERE state = 'ACTIVE'), 0) AS running,
       array_agg(node_id ORDER BY node_id) FILTER (
         WHERE node_id <> $1::bigint
           AND silence >= CASE state WHEN 'UNREACHABLE' THEN $5::bigint ELSE $4::bigint END
                          * interval '1 millisecond') AS overdue,
       )" + has_live_runs + R"(
FROM seen WHERE EXISTS (SELECT FROM mine) HAVING count(*) > 0)";

// What follows in the same transaction sees every claim that was made before this lock.
// $1 node
inline const std::string lock_node = R"(
SELECT state, (extract(epoch FROM now() - heartbeat_at) * 1000000)::bigint AS silence
FROM partita.node WHERE node_id = $1::bigint FOR UPDATE)";

// $1 node
inline const std::string mark_unreachable = R"(
UPDATE partita.node SET state = 'UNREACHABLE' WHERE node_id = $1::bigint)";

// $1 node, $2 DEREGISTERED or LEFT
inline const std::string end_node = R"(
UPDATE partita.node SET state = $2, left_at = now() WHERE node_id = $1::bigint)";

// Ready ranges bound to a node become shared. $1 node
inline const std::string share_ranges = R"(
UPDATE partita.ready w SET node_id = NULL
FROM partita.step s
WHERE w.node_id = $1::bigint AND s.step_id = w.step_id AND s.transferable)";

// Those that may not be transferred are taken off, each into a LIVE lease of the node. $1 node
inline const std::string lease_stranded = R"(
WITH stranded AS (
  DELETE FROM partita.ready w USING partita.step s
  WHERE w.node_id = $1::bigint AND s.step_id = w.step_id AND NOT s.transferable
  RETURNING w.step_id, s.run_id, w.lo, w.hi, w.attempt),
made AS (
  INSERT INTO partita.lease (step_id, node_id, lo, hi, attempt, state)
  SELECT step_id, $1::bigint, lo, hi, attempt + 1, 'LIVE' FROM stranded
  RETURNING lease_id, step_id, lo, hi, attempt)
INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
SELECT 'LEASE_GRANTED', s.run_id, m.step_id, m.lease_id, $1::bigint,
       '{"attempt":' || m.attempt || ',"hi":' || m.hi || ',"lo":' || m.lo || '}'
FROM made m JOIN partita.step s ON s.step_id = m.step_id)";

// Live runs this node drives have no master now. $1 node
inline const std::string let_go_of_runs = R"(
WITH owned AS MATERIALIZED (
  SELECT run_id FROM partita.run
  WHERE master_node_id = $1::bigint AND state IN ('CREATED', 'RUNNING')
  ORDER BY run_id FOR UPDATE),
freed AS (
  UPDATE partita.run r SET master_node_id = NULL
  FROM owned WHERE r.run_id = owned.run_id
  RETURNING r.run_id, r.term)
INSERT INTO partita.event (kind, run_id, node_id, detail)
SELECT 'RUN_LET_GO', run_id, $1::bigint, '{"term":' || term || '}' FROM freed)";

// $1 whether ended ones too
inline const std::string list_nodes = R"(
SELECT node_id, name, host, pid, slots, version, jobs, state, running,
       partita.micros(joined_at) AS joined_at, partita.micros(heartbeat_at) AS heartbeat_at,
       partita.micros(left_at) AS left_at
FROM partita.node
WHERE $1::boolean OR state IN ('ACTIVE', 'DRAINING', 'UNREACHABLE') ORDER BY node_id)";

// $1 'job/version'
inline const std::string live_nodes = R"(
SELECT node_id, slots, running FROM partita.node
WHERE state = 'ACTIVE' AND $1 = ANY (jobs) ORDER BY node_id)";

// --- runs.cpp ------------------------------------------------------------------------------------

inline const std::string run_columns = R"(
SELECT run_id, job, job_version, parameters, identity, launch_key, state,
       coalesce(master_node_id, 0) AS master, term, stop, coalesce(restart_of, 0) AS restart_of,
       result, error, partita.micros(created_at) AS created_at,
       partita.micros(started_at) AS started_at, partita.micros(ended_at) AS ended_at
FROM partita.run )";

// $1 run
inline const std::string find_run = run_columns + "WHERE run_id = $1::bigint";

// Conflicting requests wait here for each other. $1 run
inline const std::string lock_run = find_run + " FOR UPDATE";

// The fence of a master: whoever takes the run away waits for it. $1 run
inline const std::string fence_run = find_run + " FOR KEY SHARE";

// $1 launch key
inline const std::string find_launch = run_columns + "WHERE launch_key = $1";

// $1 run
inline const std::string find_continuation = run_columns + "WHERE restart_of = $1::bigint";

// $1 job, $2 identity
inline const std::string find_live_run = run_columns + R"(
WHERE job = $1 AND md5(identity) = md5($2) AND state IN ('CREATED', 'RUNNING'))";

// $1 at most, $2 below this id, or 0
inline const std::string list_runs = run_columns + R"(
WHERE $2::bigint = 0 OR run_id < $2::bigint ORDER BY run_id DESC LIMIT $1::integer)";

// No row: one of the unique indexes has it already; a new look tells which.
// $1 job, $2 version, $3 parameters, $4 identity, $5 launch key, $6 run it continues or 0,
// $7 result so far, $8 detail of the event
inline const std::string insert_run = R"(
WITH made AS (
  INSERT INTO partita.run
    (job, job_version, parameters, identity, launch_key, restart_of, result, state)
  VALUES ($1, $2::integer, $3, $4, $5, nullif($6::bigint, 0), $7, 'CREATED')
  ON CONFLICT DO NOTHING RETURNING run_id),
told AS (
  INSERT INTO partita.event (kind, run_id, detail) SELECT 'RUN_SUBMITTED', run_id, $8 FROM made)
SELECT run_id FROM made)";

// $1 run, $2 mode
inline const std::string ask_to_stop = R"(
UPDATE partita.run SET stop = $2 WHERE run_id = $1::bigint)";

// A run without a master ends, and with it the steps it took over from the run it continues.
// $1 run
inline const std::string stop_at_once = R"(
WITH stopped AS (
  UPDATE partita.step SET state = 'STOPPED', ended_at = now()
  WHERE run_id = $1::bigint AND state = 'RUNNING' RETURNING step_id),
ended AS (
  UPDATE partita.run SET state = 'STOPPED', ended_at = now() WHERE run_id = $1::bigint)
INSERT INTO partita.event (kind, run_id, step_id, detail)
SELECT 'STEP_ENDED', $1::bigint, step_id, '{"state":"STOPPED"}' FROM stopped
UNION ALL
SELECT 'RUN_ENDED', $1::bigint, NULL, '{"state":"STOPPED"}')";

// A COMPLETED step is copied as it is; another one is RUNNING again. $1 step, $2 new run
inline const std::string copy_step = R"(
INSERT INTO partita.step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, count, sealed, result, error, started_at, ended_at)
SELECT $2::bigint, name, ordinal, kind,
       CASE state WHEN 'COMPLETED' THEN state ELSE 'RUNNING' END,
       streamed, transferable, max_attempts, retry_first_ms, retry_factor, retry_max_ms,
       split_context, count, sealed,
       CASE state WHEN 'COMPLETED' THEN result ELSE '' END,
       CASE state WHEN 'COMPLETED' THEN error ELSE '' END,
       CASE state WHEN 'COMPLETED' THEN started_at ELSE now() END,
       CASE state WHEN 'COMPLETED' THEN ended_at END
FROM partita.step WHERE step_id = $1::bigint
RETURNING step_id)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_partitions = R"(
INSERT INTO partita.partition (step_id, no, key, input)
SELECT $2::bigint, no, key, input FROM partita.partition
WHERE step_id = $1::bigint AND no BETWEEN $3::bigint AND $4::bigint)";

// $1 step, $2 its copy, $3 first no, $4 last no
inline const std::string copy_results = R"(
INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error, read_count, write_count,
                            filter_count, skip_count, took_us, ended_at, has_files)
SELECT $2::bigint, no, lease_id, outcome, output, error, read_count, write_count,
       filter_count, skip_count, took_us, ended_at, has_files
FROM partita.result
WHERE step_id = $1::bigint AND no BETWEEN $3::bigint AND $4::bigint AND outcome = 'COMPLETED')";

// $1 step, $2 its copy
inline const std::string copy_checkpoints = R"(
INSERT INTO partita.checkpoint (step_id, no, lease_id, seq, position, read_count, write_count,
                                filter_count, skip_count, progress_done, progress_total, updated_at)
SELECT $2::bigint, no, lease_id, seq, position, read_count, write_count,
       filter_count, skip_count, progress_done, progress_total, updated_at
FROM partita.checkpoint c
WHERE c.step_id = $1::bigint AND NOT EXISTS (
  SELECT FROM partita.result r WHERE r.step_id = $2::bigint AND r.no = c.no))";

// The gaps between the results become ready: each runs from one number that has a result (or -1)
// to the next one (or count). $1 step
inline const std::string make_rest_ready = R"(
INSERT INTO partita.ready (step_id, lo, hi, attempt)
SELECT $1::bigint, before + 1, no - 1, 0
FROM (SELECT no, lag(no, 1, -1) OVER (ORDER BY no) AS before
      FROM (SELECT no FROM partita.result WHERE step_id = $1::bigint
            UNION ALL SELECT count FROM partita.step WHERE step_id = $1::bigint) ended) pair
WHERE before + 1 < no)";

// $1 step, $2 how many results were carried over
inline const std::string set_carried = R"(
UPDATE partita.step SET carried = $2::bigint WHERE step_id = $1::bigint)";

// --- steps.cpp -----------------------------------------------------------------------------------

inline const std::string step_columns = R"(
SELECT s.step_id, s.run_id, s.name, s.ordinal, s.kind, s.state, s.streamed, s.transferable,
       s.max_attempts, s.retry_first_ms, s.retry_factor, s.retry_max_ms, s.split_context, s.count,
       s.sealed, s.result, s.error, partita.micros(s.started_at) AS started_at,
       partita.micros(s.ended_at) AS ended_at )";

// The master's fence and then the step: what changes a split waits for others that do.
// $1 step
inline const std::string fence_step = step_columns + R"(
  , r.state AS run_state, coalesce(r.master_node_id, 0) AS master, r.term
FROM partita.step s JOIN partita.run r ON r.run_id = s.run_id
WHERE s.step_id = $1::bigint FOR KEY SHARE OF r FOR NO KEY UPDATE OF s)";

// As fence_step, but claims wait too: what the next statement sees of leases is final. $1 step
inline const std::string fence_step_against_claims = step_columns + R"(
  , r.state AS run_state, coalesce(r.master_node_id, 0) AS master, r.term
FROM partita.step s JOIN partita.run r ON r.run_id = s.run_id
WHERE s.step_id = $1::bigint FOR KEY SHARE OF r FOR UPDATE OF s)";

// No row: the node is not ACTIVE. REQUIRES: the run is locked and its term was judged.
// $1 run, $2 node, $3 detail of the event
inline const std::string take_run = R"(
WITH me AS MATERIALIZED (
  SELECT node_id FROM partita.node
  WHERE node_id = $2::bigint AND state = 'ACTIVE' FOR KEY SHARE),
taken AS (
  UPDATE partita.run r
  SET master_node_id = me.node_id, term = term + 1, state = 'RUNNING',
      started_at = coalesce(started_at, now())
  FROM me WHERE r.run_id = $1::bigint
  RETURNING r.run_id, r.term),
told AS (
  INSERT INTO partita.event (kind, run_id, node_id, detail)
  SELECT 'RUN_ADOPTED', run_id, $2::bigint, $3 FROM taken)
SELECT term FROM taken)";

// $1 run
inline const std::string release_run = R"(
UPDATE partita.run SET master_node_id = NULL WHERE run_id = $1::bigint)";

// No row: the run has a step of this ordinal.
// $1 run, $2 name, $3 ordinal, $4 kind, $5 streamed, $6 transferable, $7 max_attempts,
// $8 retry_first_ms, $9 retry_factor, $10 retry_max_ms, $11 split_context, $12 sealed
inline const std::string insert_step = R"(
INSERT INTO partita.step
  (run_id, name, ordinal, kind, state, streamed, transferable, max_attempts, retry_first_ms,
   retry_factor, retry_max_ms, split_context, sealed)
VALUES ($1::bigint, $2, $3::integer, $4, 'RUNNING', $5::boolean, $6::boolean, $7::integer,
        $8::bigint, $9::double precision, $10::bigint, $11, $12::boolean)
ON CONFLICT (run_id, ordinal) DO NOTHING RETURNING step_id)";

// $1 run, $2 ordinal
inline const std::string find_step = step_columns + R"(
FROM partita.step s WHERE s.run_id = $1::bigint AND s.ordinal = $2::integer)";

// $1 run
inline const std::string list_steps = step_columns + R"(
FROM partita.step s WHERE s.run_id = $1::bigint ORDER BY s.ordinal)";

// By a function, because the role of a node may delete no partition else.
// $1 step, $2 first no, $3 last no
inline const std::string delete_partitions =
    "SELECT partita.forget_partitions($1::bigint, $2::bigint, $3::bigint)";

// No COPY: a master that is stopped in the middle of one would hold the fence until it goes on, and
// no timeout of the server ends that. $1 step, $2 first no, $3 keys, $4 inputs
inline const std::string insert_partitions = R"(
INSERT INTO partita.partition (step_id, no, key, input)
SELECT $1::bigint, $2::bigint + p.place - 1, p.key, p.input
FROM unnest($3::text[], $4::text[]) WITH ORDINALITY AS p (key, input, place))";

// $1 step, $2 count
inline const std::string set_count = R"(
UPDATE partita.step SET count = $2::bigint WHERE step_id = $1::bigint)";

// A range bound to a node that is not ACTIVE is shared. The nodes are locked: a sweep that is about
// to give one up waits, and then finds the range. $1 step, $2 lo, $3 hi, $4 node, $5 attempt
inline const std::string insert_ranges = R"(
WITH there AS MATERIALIZED (
  SELECT node_id FROM partita.node
  WHERE node_id = ANY ($4::bigint[]) AND state = 'ACTIVE' ORDER BY node_id FOR KEY SHARE)
INSERT INTO partita.ready (step_id, lo, hi, node_id, attempt)
SELECT $1::bigint, w.lo, w.hi, there.node_id, w.attempt
FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::integer[]) AS w (lo, hi, node_id, attempt)
LEFT JOIN there ON there.node_id = w.node_id)";

// $1 step
inline const std::string seal = R"(
UPDATE partita.step SET sealed = true WHERE step_id = $1::bigint)";

// $1 step
inline const std::string progress = R"(
SELECT r.stop, s.sealed,
       EXISTS (SELECT FROM partita.ready w WHERE w.step_id = s.step_id) AS waiting,
       EXISTS (SELECT FROM partita.lease l
               WHERE l.step_id = s.step_id AND l.state = 'LIVE') AS live,
       EXISTS (SELECT FROM partita.result o
               WHERE o.step_id = s.step_id AND o.outcome = 'FAILED') AS any_failed
FROM partita.step s JOIN partita.run r ON r.run_id = s.run_id
WHERE s.step_id = $1::bigint)";

// $1 step, $2 state, $3 result, $4 error
inline const std::string end_step = R"(
UPDATE partita.step SET state = $2, result = $3, error = $4, ended_at = now()
WHERE step_id = $1::bigint)";

// $1 run, $2 result
inline const std::string set_run_result = R"(
UPDATE partita.run SET result = $2 WHERE run_id = $1::bigint)";

// $1 run
inline const std::string find_running_step = R"(
SELECT step_id FROM partita.step WHERE run_id = $1::bigint AND state = 'RUNNING' LIMIT 1)";

// $1 run, $2 state, $3 error
inline const std::string end_run = R"(
UPDATE partita.run SET state = $2, error = $3, ended_at = now() WHERE run_id = $1::bigint)";

// The conditions are those of the indexes. $1 step, $2 after this no, $3 at most
inline std::string list_results(result_kind kind) {
  const auto* wanted = kind == result_kind::failed       ? "AND outcome = 'FAILED'"
                       : kind == result_kind::with_files ? "AND has_files"
                                                         : "";
  return std::string{R"(
SELECT no, lease_id, outcome, output, error, read_count, write_count, filter_count, skip_count,
       took_us, partita.micros(ended_at) AS ended_at, has_files
FROM partita.result WHERE step_id = $1::bigint AND no > $2::bigint )"} +
         wanted + " ORDER BY no LIMIT $3::integer";
}

// A hint for nodes that listen (`--wake-up`): heard when the transaction has committed.
inline const std::string channel_of_work = "partita_work";
inline const std::string tell_of_work = "NOTIFY partita_work";

// --- leases.cpp ----------------------------------------------------------------------------------

// Three short lists in one read; `what` tells them apart. The executors that a step holds decide
// between several steps: they are not summed for one, over a lease of each node of a large cluster.
// While an old transaction is open the indexes keep what is left of every run that ended. So live
// runs are read once, and what hangs on them is looked up run by run (OFFSET 0).
// $1 node
inline const std::string look = R"(
WITH me AS MATERIALIZED (
  SELECT jobs FROM partita.node WHERE node_id = $1::bigint AND state = 'ACTIVE'),
live AS MATERIALIZED (
  SELECT run_id, job || '/' || job_version AS program, state, stop, master_node_id, term
  FROM partita.run WHERE state IN ('CREATED', 'RUNNING')),
doing AS MATERIALIZED (
  SELECT live.run_id, live.program, live.stop, s.step_id
  FROM live CROSS JOIN LATERAL (
    SELECT s.step_id FROM partita.step s
    WHERE s.run_id = live.run_id AND s.state = 'RUNNING' OFFSET 0) s
  WHERE live.state = 'RUNNING'),
waiting AS MATERIALIZED (
  SELECT doing.step_id, doing.run_id, first.attempt, every.size
  FROM me JOIN doing ON doing.stop = 'NONE' AND doing.program = ANY (me.jobs)
  CROSS JOIN LATERAL (
    SELECT w.attempt FROM partita.ready w
    WHERE w.step_id = doing.step_id AND (w.node_id = $1::bigint OR w.node_id IS NULL)
      AND w.available_at <= now()
    ORDER BY w.node_id, w.lo LIMIT 1) first
  CROSS JOIN LATERAL (
    SELECT sum(w.hi - w.lo + 1)::bigint AS size FROM partita.ready w
    WHERE w.step_id = doing.step_id AND (w.node_id = $1::bigint OR w.node_id IS NULL)
      AND w.available_at <= now()) every)
SELECT 'READY' AS what, step_id AS id, run_id, size,
       CASE WHEN (SELECT count(*) FROM waiting) > 1 THEN (
         SELECT coalesce(sum(least(l.hi - l.lo + 1 - l.completed - l.failed - l.returned, n.slots)),
                         0)::bigint
         FROM partita.lease l JOIN partita.node n ON n.node_id = l.node_id
         WHERE l.step_id = waiting.step_id AND l.state = 'LIVE') ELSE 0 END AS slots,
       attempt AS number, NULL AS stop
FROM waiting
UNION ALL
SELECT 'HELD', l.lease_id, doing.run_id, 0, 0, 0, doing.stop
FROM doing CROSS JOIN LATERAL (
  SELECT l.lease_id FROM partita.lease l
  WHERE l.step_id = doing.step_id AND l.node_id = $1::bigint AND l.state = 'LIVE' OFFSET 0) l
UNION ALL
SELECT 'MASTERLESS', live.run_id, live.run_id, 0, 0, live.term, live.stop
FROM me JOIN live ON live.master_node_id IS NULL AND live.program = ANY (me.jobs)
ORDER BY what, id)";

// Locks step, node, range, in this order: each CTE reads the one before. NULLs sort last: the range
// bound to the node comes first. The row is cut as it is after the lock, not as it was when read.
// Run and range are looked up by `= (SELECT ...)`, never joined: after an ANALYZE that sees one
// live row the planner would join by a scan of the index, and while an old transaction is open that
// index holds every row that ever was.
// $1 node, $2 step, $3 width, $4 width of a range that was tried before
inline const std::string claim_front = R"(
WITH stage AS MATERIALIZED (
  SELECT s.step_id, s.run_id FROM partita.step s
  WHERE s.step_id = $2::bigint AND s.state = 'RUNNING'
    AND (SELECT r.state = 'RUNNING' AND r.stop = 'NONE' FROM partita.run r
         WHERE r.run_id = s.run_id)
  FOR KEY SHARE),
me AS MATERIALIZED (
  SELECT n.node_id, stage.step_id, stage.run_id
  FROM stage JOIN partita.node n ON n.node_id = $1::bigint AND n.state = 'ACTIVE'
  FOR KEY SHARE OF n),
pick AS MATERIALIZED (
  SELECT w.ready_id, w.lo, w.hi, w.attempt + 1 AS attempt, me.run_id,
         w.lo - 1 + least(w.hi - w.lo + 1, $3::bigint,
                          CASE WHEN w.attempt > 0 THEN $4::bigint END) AS cut
  FROM me, partita.ready w
  WHERE w.step_id = $2::bigint AND (w.node_id = $1::bigint OR w.node_id IS NULL)
    AND w.available_at <= now()
  ORDER BY w.node_id, )";

inline const std::string claim_rest = R"(),
shortened AS (
  UPDATE partita.ready w SET lo = (SELECT cut + 1 FROM pick)
  WHERE w.ready_id = (SELECT ready_id FROM pick WHERE lo <= cut AND cut < hi)),
emptied AS (
  DELETE FROM partita.ready w
  WHERE w.ready_id = (SELECT ready_id FROM pick WHERE cut = hi)),
granted AS (
  INSERT INTO partita.lease (step_id, node_id, lo, hi, attempt, state)
  SELECT $2::bigint, $1::bigint, lo, cut, attempt, 'LIVE' FROM pick WHERE lo <= cut
  RETURNING lease_id, lo, hi, attempt),
told AS (
  INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
  SELECT 'LEASE_GRANTED', pick.run_id, $2::bigint, g.lease_id, $1::bigint,
         '{"attempt":' || g.attempt || ',"hi":' || g.hi || ',"lo":' || g.lo || '}'
  FROM granted g, pick)
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
    claim_front + "w.lo LIMIT 1 FOR UPDATE OF w SKIP LOCKED" + claim_rest;

// Waits for whoever is cutting a range: no rows means that there is nothing to take. Where there
// are several, nodes wait for different ones.
inline const std::string claim_patiently =
    claim_front + "md5(w.ready_id || '/' || $1) LIMIT 1 FOR UPDATE OF w" + claim_rest;

// $1 node
inline const std::string lock_live_leases = R"(
SELECT l.lease_id, l.step_id, s.run_id, l.node_id, l.lo, l.hi, l.attempt, l.state,
       l.completed + l.failed + l.returned AS ended, s.transferable, s.max_attempts
FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
WHERE l.node_id = $1::bigint AND l.state = 'LIVE'
ORDER BY l.lease_id FOR UPDATE OF l)";

// These leases of a node, whatever their state. FOR UPDATE, not less: chunk commits hold FOR KEY
// SHARE, and none of them may commit beside a report of the partition it belongs to.
// $1 node, $2 leases
inline const std::string lock_these_leases = R"(
SELECT l.lease_id, l.step_id, s.run_id, l.node_id, l.lo, l.hi, l.attempt, l.state,
       l.completed + l.failed + l.returned AS ended, s.transferable, s.max_attempts
FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
WHERE l.node_id = $1::bigint AND l.lease_id = ANY ($2::bigint[])
ORDER BY l.lease_id FOR UPDATE OF l)";

// What has ended of each lease. REQUIRES: they are locked. $1 leases
inline const std::string list_ended = R"(
SELECT l.lease_id, o.no
FROM partita.lease l
JOIN partita.result o ON o.step_id = l.step_id AND o.no BETWEEN l.lo AND l.hi
WHERE l.lease_id = ANY ($1::bigint[])
UNION ALL
SELECT f.lease_id, f.no FROM partita.failure f WHERE f.lease_id = ANY ($1::bigint[]))";

// Shared, available now. $1 step, $2 lo, $3 hi, $4 attempt
inline const std::string insert_shared = R"(
INSERT INTO partita.ready (step_id, lo, hi, attempt)
VALUES ($1::bigint, $2::bigint, $3::bigint, $4::integer))";

// $1 step, $2 lo, $3 hi, $4 lease, $5 reason
inline const std::string fail_range = R"(
INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error)
SELECT $1::bigint, no, $4::bigint, 'FAILED', 'null', $5
FROM generate_series($2::bigint, $3::bigint) AS no)";

// $1 lease, $2 state, $3 partitions that failed with it
inline const std::string end_lease = R"(
UPDATE partita.lease SET state = $2, failed = failed + $3::bigint, ended_at = now()
WHERE lease_id = $1::bigint)";

// $1 lease, $2 hi
inline const std::string shrink_lease = R"(
UPDATE partita.lease SET hi = $2::bigint WHERE lease_id = $1::bigint)";

// What is known of these attempts. `reported`: an earlier report under this very lease recorded it;
// a FAILED result without a failure row was written by a sweep, in place of a report.
// $1 lease, $2 step, $3 no
inline const std::string find_attempts = R"(
SELECT f.lease_id IS NOT NULL
         OR coalesce(o.lease_id = i.lease_id AND o.outcome = 'COMPLETED', false) AS reported,
       f.lease_id IS NOT NULL OR o.lease_id IS NOT NULL AS ended
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
     WITH ORDINALITY AS i (lease_id, step_id, no, place)
LEFT JOIN partita.result o ON o.step_id = i.step_id AND o.no = i.no
LEFT JOIN partita.failure f ON f.lease_id = i.lease_id AND f.no = i.no
ORDER BY i.place)";

// Inserts results, counts what ended under each lease, ends leases, tells the log; all or nothing.
// Returns 1, or 0 when it did nothing: a lease is lost, does not cover its numbers, has no room for
// that many, or (unless $3) had an attempt that did not complete, so that what it has ended must be
// looked up. A result that is there already raises unique_violation: a repeat, to be looked up as
// well. The update reckons from the lease's own columns: its CHECKs see the row as of the snapshot
// first, then as locked. Most steps have no checkpoints: one look for each lease tells. Those to be
// cleared are looked up by arrays, and the pairs checked under IS TRUE, where no join is made of
// it: that could scan the whole index, with all that ever was while an old transaction is open.
// $1 node, $2 leases, $3 whether they were locked and looked up before; by lease: $4 lowest and
// $5 highest no, $6 completed, $7 failed, $8 returned, $9 detail of the event; by result: $10 no,
// $11 lease, $12 outcome, $13 output, $14 error, $15 read, $16 written, $17 filtered, $18 skipped,
// $19 took_us, $20 has files. An array from $11 on is empty where all its values are usual: the
// first of the leases, or the default here. Unnested in a select list, not in FROM, where each
// would be copied before the first row. One statement, and no COPY, though that writes a fifth less
// WAL: a client that is stopped in the middle of a COPY holds its locks until it goes on, and no
// timeout of the server ends that.
inline const std::string record = R"(
WITH held AS MATERIALIZED (
  SELECT l.lease_id, l.step_id, s.run_id, l.lo, l.hi,
         l.hi - l.lo + 1 - l.completed - l.failed - l.returned AS room
  FROM partita.lease l JOIN partita.step s ON s.step_id = l.step_id
  WHERE l.lease_id = ANY ($2::bigint[]) AND l.node_id = $1::bigint AND l.ended_at IS NULL
    AND ($3::boolean OR l.failed + l.returned = 0)
  ORDER BY l.lease_id FOR UPDATE OF l),
tally AS MATERIALIZED (
  SELECT h.run_id, h.step_id, t.*, h.room = t.completed + t.failed + t.returned AS done
  FROM unnest($2::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[],
              $9::text[])
       AS t (lease_id, lowest, highest, completed, failed, returned, detail)
  JOIN held h ON h.lease_id = t.lease_id AND h.lo <= t.lowest AND t.highest <= h.hi
             AND h.room >= t.completed + t.failed + t.returned),
fit AS MATERIALIZED (
  SELECT 1 AS ok WHERE (SELECT count(*) FROM tally) = cardinality($2::bigint[])),
item AS NOT MATERIALIZED (
  SELECT t.step_id, t.lease_id, i.no, coalesce(i.outcome, 'COMPLETED') AS outcome,
         coalesce(i.output, 'null') AS output, coalesce(i.error, '') AS error,
         coalesce(i.read_count, 0) AS read_count, coalesce(i.write_count, 0) AS write_count,
         coalesce(i.filter_count, 0) AS filter_count, coalesce(i.skip_count, 0) AS skip_count,
         coalesce(i.took_us, 0) AS took_us, coalesce(i.has_files, false) AS has_files
  FROM (SELECT unnest($10::bigint[]) AS no, unnest($11::bigint[]) AS lease_id,
               unnest($12::text[]) AS outcome, unnest($13::text[]) AS output,
               unnest($14::text[]) AS error, unnest($15::bigint[]) AS read_count,
               unnest($16::bigint[]) AS write_count, unnest($17::bigint[]) AS filter_count,
               unnest($18::bigint[]) AS skip_count, unnest($19::bigint[]) AS took_us,
               unnest($20::boolean[]) AS has_files) i
  JOIN tally t ON t.lease_id = coalesce(i.lease_id, ($2::bigint[])[1]), fit),
saved AS (
  INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error, read_count,
                              write_count, filter_count, skip_count, took_us, has_files)
  SELECT step_id, no, lease_id, outcome, output, error, read_count, write_count, filter_count,
         skip_count, took_us, has_files
  FROM item),
present AS MATERIALIZED (
  SELECT c.step_id, c.no
  FROM tally t CROSS JOIN LATERAL (
    SELECT k.step_id, k.no FROM partita.checkpoint k
    WHERE k.step_id = t.step_id AND k.no BETWEEN t.lowest AND t.highest OFFSET 0) c),
past AS MATERIALIZED (
  SELECT p.step_id, p.no FROM present p JOIN item ON item.step_id = p.step_id AND item.no = p.no
  WHERE EXISTS (SELECT FROM present)),
cleared AS (
  DELETE FROM partita.checkpoint c
  WHERE c.step_id = ANY (ARRAY(SELECT step_id FROM past))
    AND c.no = ANY (ARRAY(SELECT no FROM past))
    AND ((c.step_id, c.no) IN (SELECT step_id, no FROM past)) IS TRUE),
counted AS (
  UPDATE partita.lease l
  SET completed = l.completed + t.completed, failed = l.failed + t.failed,
      returned = l.returned + t.returned,
      state = CASE WHEN l.completed + l.failed + l.returned + t.completed + t.failed + t.returned
                        = l.hi - l.lo + 1 THEN 'DONE' ELSE 'LIVE' END,
      ended_at = CASE WHEN l.completed + l.failed + l.returned + t.completed + t.failed + t.returned
                           = l.hi - l.lo + 1 THEN now() END
  FROM tally t, fit WHERE l.lease_id = t.lease_id),
told AS (
  INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
  SELECT 'LEASE_REPORTED', run_id, step_id, lease_id, $1::bigint, detail FROM tally, fit
  UNION ALL
  SELECT 'LEASE_ENDED', run_id, step_id, lease_id, $1::bigint, '{"state":"DONE"}'
  FROM tally, fit WHERE done)
SELECT count(*) FROM fit)";

// The attempts that did not complete; those not FAILED wait again. REQUIRES: leases locked, none of
// the attempts known. $1 lease, $2 no, $3 outcome, $4 error, $5 tries used up, $6 rest in ms
inline const std::string record_failures = R"(
WITH item AS MATERIALIZED (
  SELECT l.step_id, l.node_id, l.attempt, i.*
  FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::integer[], $6::bigint[])
       AS i (lease_id, no, outcome, error, used_up, rest_ms)
  JOIN partita.lease l ON l.lease_id = i.lease_id),
waiting AS (
  INSERT INTO partita.ready (step_id, lo, hi, attempt, available_at)
  SELECT step_id, no, no, used_up, now() + rest_ms * interval '1 millisecond'
  FROM item WHERE outcome <> 'FAILED')
INSERT INTO partita.failure (step_id, no, lease_id, node_id, attempt, outcome, error)
SELECT step_id, no, lease_id, node_id, attempt, outcome, error FROM item)";

// `held`: the lease is ours and LIVE. `fresh`: nothing was recorded under it between the snapshot
// of this statement and the lock; else it must run again, or it could overlook a result.
// `open`: the partition has not ended; under IS FALSE, where no join is made of it: planned for
// empty tables, that would read the index of all results.
// $1 lease, $2 no, $3 seq, $4 position, $5 read, $6 written, $7 filtered, $8 skipped
inline const std::string commit_chunk = R"(
WITH held AS MATERIALIZED (
  SELECT lease_id, step_id, completed + failed + returned AS ended
  FROM partita.lease
  WHERE lease_id = $1::bigint AND ended_at IS NULL AND $2::bigint BETWEEN lo AND hi
  FOR KEY SHARE),
fresh AS MATERIALIZED (
  SELECT h.lease_id, h.step_id
  FROM held h JOIN partita.lease l ON l.lease_id = h.lease_id
  WHERE l.completed + l.failed + l.returned = h.ended),
open AS MATERIALIZED (
  SELECT lease_id, step_id FROM fresh
  WHERE EXISTS (SELECT FROM partita.result o
                WHERE o.step_id = fresh.step_id AND o.no = $2::bigint) IS FALSE
    AND EXISTS (SELECT FROM partita.failure f
                WHERE f.lease_id = fresh.lease_id AND f.no = $2::bigint) IS FALSE),
saved AS (
  INSERT INTO partita.checkpoint AS c (step_id, no, lease_id, seq, position, read_count,
                                       write_count, filter_count, skip_count)
  SELECT step_id, $2::bigint, lease_id, $3::bigint, $4, $5::bigint, $6::bigint, $7::bigint,
         $8::bigint
  FROM open
  ON CONFLICT (step_id, no) DO UPDATE
  SET lease_id = excluded.lease_id, seq = excluded.seq, position = excluded.position,
      read_count = excluded.read_count, write_count = excluded.write_count,
      filter_count = excluded.filter_count, skip_count = excluded.skip_count, updated_at = now()
  WHERE c.seq < excluded.seq)
SELECT EXISTS (SELECT FROM held) AS held, EXISTS (SELECT FROM fresh) AS fresh,
       EXISTS (SELECT FROM open) AS open)";

// Of several reports on one partition the last one. $1 lease, $2 no, $3 done, $4 total
inline const std::string record_progress = R"(
INSERT INTO partita.checkpoint (step_id, no, lease_id, seq, progress_done, progress_total)
SELECT DISTINCT ON (l.step_id, i.no) l.step_id, i.no, l.lease_id, 0, i.done, i.total
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[])
     WITH ORDINALITY AS i (lease_id, no, done, total, place)
JOIN partita.lease l ON l.lease_id = i.lease_id AND l.ended_at IS NULL
  AND i.no BETWEEN l.lo AND l.hi
WHERE EXISTS (SELECT FROM partita.result o
              WHERE o.step_id = l.step_id AND o.no = i.no) IS FALSE
  AND EXISTS (SELECT FROM partita.failure f
              WHERE f.lease_id = l.lease_id AND f.no = i.no) IS FALSE
ORDER BY l.step_id, i.no, i.place DESC
ON CONFLICT (step_id, no) DO UPDATE
SET lease_id = excluded.lease_id, progress_done = excluded.progress_done,
    progress_total = excluded.progress_total, updated_at = now())";

// --- views.cpp -----------------------------------------------------------------------------------

// Leases tell how many partitions ended; only the item counts are summed over results. $1 run
inline const std::string summarize = step_columns + R"(
  , s.carried + leased.completed AS completed, leased.failed, leased.claimed,
  items.read_count, items.write_count, items.filter_count, items.skip_count
FROM partita.step s
CROSS JOIN LATERAL (
  SELECT coalesce(sum(l.completed), 0)::bigint AS completed,
         coalesce(sum(l.failed), 0)::bigint AS failed,
         coalesce(sum(l.hi - l.lo + 1 - l.completed - l.failed - l.returned)
                    FILTER (WHERE l.state = 'LIVE'), 0)::bigint AS claimed
  FROM partita.lease l WHERE l.step_id = s.step_id) leased
CROSS JOIN LATERAL (
  SELECT coalesce(sum(o.read_count), 0)::bigint AS read_count,
         coalesce(sum(o.write_count), 0)::bigint AS write_count,
         coalesce(sum(o.filter_count), 0)::bigint AS filter_count,
         coalesce(sum(o.skip_count), 0)::bigint AS skip_count
  FROM partita.result o WHERE o.step_id = s.step_id) items
WHERE s.run_id = $1::bigint ORDER BY s.ordinal)";

// First the page, then the view for each of its rows: OFFSET 0 keeps the planner from joining the
// view as a whole. $1 step, $2 after this no, $3 at most
inline const std::string list_partitions = R"(
WITH page AS MATERIALIZED (
  SELECT step_id, no, input FROM partita.partition
  WHERE step_id = $1::bigint AND no > $2::bigint ORDER BY no LIMIT $3::integer)
SELECT page.no, v.key, page.input, v.status, v.attempt, coalesce(v.node_id, 0) AS node_id,
       coalesce(v.lease_id, 0) AS lease_id, v.progress_done, v.progress_total,
       coalesce(o.read_count, c.read_count, 0) AS read_count,
       coalesce(o.write_count, c.write_count, 0) AS write_count,
       coalesce(o.filter_count, c.filter_count, 0) AS filter_count,
       coalesce(o.skip_count, c.skip_count, 0) AS skip_count,
       coalesce(o.output, '') AS output, v.error, partita.micros(o.ended_at) AS ended_at
FROM page
CROSS JOIN LATERAL (
  SELECT * FROM partita.partition_status s
  WHERE s.step_id = page.step_id AND s.no = page.no OFFSET 0) v
LEFT JOIN partita.result o ON o.step_id = page.step_id AND o.no = page.no
LEFT JOIN partita.checkpoint c ON c.step_id = page.step_id AND c.no = page.no
ORDER BY page.no)";

// $1 run, $2 at most
inline const std::string list_failures = R"(
SELECT f.step_id, f.no, f.lease_id, f.node_id, f.attempt, f.outcome, f.error,
       partita.micros(f.at) AS at
FROM partita.failure f JOIN partita.step s ON s.step_id = f.step_id
WHERE s.run_id = $1::bigint ORDER BY f.at DESC, f.lease_id DESC, f.no DESC LIMIT $2::integer)";

// $1 run or 0 for all, $2 after this id, $3 at most
inline const std::string list_events = R"(
SELECT event_id, partita.micros(at) AS at, kind, coalesce(run_id, 0) AS run_id,
       coalesce(step_id, 0) AS step_id, coalesce(lease_id, 0) AS lease_id,
       coalesce(node_id, 0) AS node_id, detail
FROM partita.event
WHERE event_id > $2::bigint AND ($1::bigint = 0 OR run_id = $1::bigint)
ORDER BY event_id LIMIT $3::integer)";

// --- any room ------------------------------------------------------------------------------------

// $1 kind, $2 run, $3 step, $4 lease, $5 node, each or 0, $6 detail
inline const std::string log_event = R"(
INSERT INTO partita.event (kind, run_id, step_id, lease_id, node_id, detail)
VALUES ($1, nullif($2::bigint, 0), nullif($3::bigint, 0), nullif($4::bigint, 0),
        nullif($5::bigint, 0), $6))";

// --- examine.cpp ---------------------------------------------------------------------------------

// No row of pg_stat_ssl: a link that cannot be encrypted, or a pooler in between.
inline const std::string examine_link = R"(
SELECT coalesce(s.ssl, false) AS ssl, coalesce(s.version, '') AS version,
       coalesce(s.cipher, '') AS cipher
FROM (SELECT) one LEFT JOIN pg_catalog.pg_stat_ssl s ON s.pid = pg_backend_pid())";

inline const std::string may_see_login_rules =
    "SELECT has_function_privilege('pg_catalog.pg_hba_file_rules()', 'EXECUTE')";

inline const std::string weak_login_rules = R"(
SELECT 'line ' || line_number || ' ' || type || ' ' || auth_method
FROM pg_catalog.pg_hba_file_rules
WHERE auth_method IN ('trust', 'password', 'md5') ORDER BY line_number)";

inline const std::string examine_role = R"(
SELECT current_user AS name,
       (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) AS superuser,
       coalesce((SELECT pg_has_role(nspowner, 'USAGE') FROM pg_catalog.pg_namespace
                 WHERE nspname = 'partita'), false) AS owner,
       coalesce((SELECT has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE')
                 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                 WHERE n.nspname = 'partita' AND c.relname = 'event'), false) AS rewrites,
       coalesce((SELECT has_schema_privilege('public', n.oid, 'CREATE')
                 FROM pg_catalog.pg_namespace n WHERE n.nspname = 'public'), false)
         AS anybody_creates)";

inline const std::string unsafe_settings = R"(
SELECT name, setting FROM pg_catalog.pg_settings
WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
ORDER BY name)";

inline const std::string unlogged_tables = R"(
SELECT 'partita.' || c.relname FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'partita' AND c.relkind = 'r' AND c.relpersistence <> 'p' ORDER BY 1)";

inline const std::string read_clock =
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint";

// --- postgres_database.cpp -----------------------------------------------------------------------

inline const std::string has_schema = R"(
SELECT to_regclass('partita.migration') IS NOT NULL AS tables,
       EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'partita') AS namespace)";

// An audit works on what one SELECT gave before it sends the next.
inline const std::string stay_idle = "SET LOCAL idle_in_transaction_session_timeout = 0";

inline const std::string list_migrations = R"(
SELECT version, checksum FROM partita.migration ORDER BY version)";

// Several processes may migrate at once: one does, the others wait and find it done.
inline const std::string lock_migrations = "SELECT pg_advisory_xact_lock(7302195)";

inline const std::string create_schema = "CREATE SCHEMA partita";

// $1 version, $2 name, $3 checksum
inline const std::string insert_migration = R"(
INSERT INTO partita.migration (version, name, checksum) VALUES ($1::integer, $2, $3))";

}  // namespace partita::postgres::sql
