#pragma once

// Statements are laid out by hand.
// clang-format off

#include "storage/postgres/statements/locking.hpp"

namespace partita::postgres::sql {

// `reported`: an earlier report under this very lease recorded it; a FAILED result without a
// failure row was written by a sweep, in place of a report. By attempt: $1 lease, $2 step, $3 no
inline const std::string find_attempts = R"(
SELECT f.lease_id IS NOT NULL
         OR coalesce(o.lease_id = i.lease_id AND o.outcome = 'COMPLETED', false) AS reported,
       f.lease_id IS NOT NULL OR o.lease_id IS NOT NULL AS ended,
       f.lease_id IS NOT NULL AND coalesce(o.lease_id = i.lease_id AND o.outcome = 'FAILED', false)
         AS failed
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
     WITH ORDINALITY AS i (lease_id, step_id, no, place)
LEFT JOIN LATERAL (
  SELECT r.lease_id, r.outcome FROM partita.result r
  WHERE r.step_id = i.step_id AND r.no = i.no OFFSET 0) o ON true
LEFT JOIN LATERAL (
  SELECT t.lease_id FROM partita.failure t
  WHERE t.lease_id = i.lease_id AND t.no = i.no OFFSET 0) f ON true
ORDER BY i.place)";

// Results as rows, from arrays that stand from parameter `first` on: no, output, read, written,
// filtered, skipped, took_us, files, ended_us (how long ago it ended). All but the first may be
// empty: then every value is the usual one. Unnested in a select list, not in FROM, where each
// would be copied before the first row.
inline std::string unnested_results(int first) {
  const auto next = [&first] { return "unnest($" + std::to_string(first++) + "::"; };
  auto columns = next() + "bigint[]) AS no, ";
  columns += next() + "text[]) AS output, ";
  for (const auto* count : {"read_count", "write_count", "filter_count", "skip_count", "took_us"})
    columns += next() + "bigint[]) AS " + count + ", ";
  columns += next() + "text[]) AS files, ";
  return columns + next() + "bigint[]) AS ended_us";
}

// Of such a row, what is stored beside its key, lease, outcome and error.
inline const std::string stored_columns =
    "output, read_count, write_count, filter_count, skip_count, took_us, files, ended_at";
inline const std::string stored_values = R"(
         coalesce(i.output, 'null') AS output, coalesce(i.read_count, 0) AS read_count,
         coalesce(i.write_count, 0) AS write_count, coalesce(i.filter_count, 0) AS filter_count,
         coalesce(i.skip_count, 0) AS skip_count, coalesce(i.took_us, 0) AS took_us,
         nullif(i.files, '') AS files,
         greatest(granted_at, partita.clock() - coalesce(i.ended_us, 0) * interval '1 microsecond')
           AS ended_at)";

// Deletes the checkpoints of partitions that now have a result (the rows of `item`; of those, the
// ones for which `which` holds). Most steps
// have no checkpoints: one lookup for each lease (a row of `span`) shows that. The rows to delete
// are looked up by arrays, and the pairs are checked under IS TRUE, so that the planner makes no
// join: a join could scan the whole index.
inline std::string clear_checkpoints(const std::string& which = "") {
  return R"(
-- The checkpoints between the lowest and the highest number of each lease.
stored AS MATERIALIZED (
  SELECT c.step_id, c.no
  FROM span CROSS JOIN LATERAL (
    SELECT k.step_id, k.no FROM partita.checkpoint k
    WHERE k.step_id = span.step_id AND k.no BETWEEN span.lowest AND span.highest OFFSET 0) c),
-- Those among them that a result makes useless.
useless AS MATERIALIZED (
  SELECT c.step_id, c.no FROM stored c JOIN item ON item.step_id = c.step_id AND item.no = c.no
  WHERE EXISTS (SELECT FROM stored))" +
         which + R"(),
-- They go.
cleared AS (
  DELETE FROM partita.checkpoint c
  WHERE c.step_id = ANY (ARRAY(SELECT step_id FROM useless))
    AND c.no = ANY (ARRAY(SELECT no FROM useless))
    AND ((c.step_id, c.no) IN (SELECT step_id, no FROM useless)) IS TRUE))";
}

// By lease: $1 step, $2 lowest and $3 highest no. By result: $4 step, $5 lease, $6 outcome and $7
// error, each empty where all are usual, $8 ... $16 as unnested_results, $17 when its lease was
// granted, in microseconds.
inline const std::string insert_results = R"(
WITH span AS (
  SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS s (step_id, lowest, highest)),
item AS NOT MATERIALIZED (
  SELECT i.step_id, i.no, i.lease_id, coalesce(i.outcome, 'COMPLETED') AS outcome,
         coalesce(i.error, '') AS error,)" + stored_values + R"(
  FROM (SELECT i.*, timestamptz 'epoch' + i.granted_us * interval '1 microsecond' AS granted_at
        FROM (SELECT unnest($4::bigint[]) AS step_id, unnest($5::bigint[]) AS lease_id,
                     unnest($6::text[]) AS outcome, unnest($7::text[]) AS error,
                     unnest($17::bigint[]) AS granted_us,
                     )" + unnested_results(8) + ") i) i)," +
                                          clear_checkpoints(" AND item.outcome = 'COMPLETED'") + R"(
INSERT INTO partita.result (step_id, no, lease_id, outcome, error, )" + stored_columns + R"()
SELECT step_id, no, lease_id, outcome, error, )" + stored_columns + " FROM item";

// By attempt: $1 step, $2 no, $3 lease, $4 node, $5 attempt, $6 outcome, $7 error, $8 how long ago
// it ended, in microseconds
inline const std::string insert_failures = R"(
INSERT INTO partita.failure (step_id, no, lease_id, node_id, attempt, outcome, error, at)
SELECT i.step_id, i.no, i.lease_id, i.node_id, i.attempt, i.outcome, i.error,
       greatest((SELECT l.granted_at FROM partita.lease l WHERE l.lease_id = i.lease_id),
                partita.clock() - i.ended_us * interval '1 microsecond')
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::integer[], $6::text[],
            $7::text[], $8::bigint[])
     AS i (step_id, no, lease_id, node_id, attempt, outcome, error, ended_us))";

// What follows an INSERT INTO partita.step_counter AS c.
inline const std::string sum_counts = R"(
ON CONFLICT (step_id, node_id) DO UPDATE
SET completed = c.completed + excluded.completed, failed = c.failed + excluded.failed,
    read_count = c.read_count + excluded.read_count,
    write_count = c.write_count + excluded.write_count,
    filter_count = c.filter_count + excluded.filter_count,
    skip_count = c.skip_count + excluded.skip_count)";

// By counter: $1 step, $2 node, $3 completed, $4 failed, $5 read, $6 written, $7 filtered,
// $8 skipped
inline const std::string add_counts = R"(
INSERT INTO partita.step_counter AS c
SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
                     $6::bigint[], $7::bigint[], $8::bigint[]))" + sum_counts;

// A name that somebody is about to reserve is waited for; so all reserve in one order. Of claims
// for one name the first is made. By claim: $1 run, $2 name, $3 step, $4 no
inline const std::string reserve_names = R"(
INSERT INTO partita.output_name (run_id, name, step_id, no)
SELECT c.run_id, c.name, c.step_id, c.no
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[])
     WITH ORDINALITY AS c (run_id, name, step_id, no, place)
ORDER BY c.run_id, md5(c.name), c.place
ON CONFLICT (run_id, md5(name)) DO NOTHING)";

// By claim: $1 run, $2 name
inline const std::string owners_of_names = R"(
SELECT n.step_id, n.no
FROM unnest($1::bigint[], $2::text[]) WITH ORDINALITY AS c (run_id, name, place)
CROSS JOIN LATERAL (
  SELECT o.step_id, o.no FROM partita.output_name o
  WHERE o.run_id = c.run_id AND md5(o.name) = md5(c.name) OFFSET 0) n
ORDER BY c.place)";

// $1 step, $2 lo, $3 hi, $4 lease, $5 reason
inline const std::string insert_lost = R"(
INSERT INTO partita.result (step_id, no, lease_id, outcome, output, error)
SELECT $1::bigint, no, $4::bigint, 'FAILED', 'null', $5
FROM generate_series($2::bigint, $3::bigint) AS no)";

// $1 step, $2 lo, $3 hi
inline const std::string result_numbers = R"(
SELECT no FROM partita.result
WHERE step_id = $1::bigint AND no BETWEEN $2::bigint AND $3::bigint ORDER BY no)";

// The conditions are those of the indexes. $1 step, $2 after this no, $3 at most
inline std::string list_results(result_kind kind) {
  const auto* wanted = kind == result_kind::failed       ? "AND outcome = 'FAILED'"
                       : kind == result_kind::with_files ? "AND files IS NOT NULL"
                                                         : "";
  return std::string{R"(
SELECT no, lease_id, outcome, output, error, read_count, write_count, filter_count, skip_count,
       took_us, partita.micros(ended_at) AS ended_at, coalesce(files, '') AS files
FROM partita.result WHERE step_id = $1::bigint AND no > $2::bigint )"} +
         wanted + " ORDER BY no LIMIT $3::integer";
}

}  // namespace partita::postgres::sql
