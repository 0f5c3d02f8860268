#pragma once

#include <string>

namespace partita::postgres::sql {

// $1 job, $2 keep in milliseconds, $3 keep last
inline const std::string set_retention = R"(
INSERT INTO partita.retention (job, keep_ms, keep_last) VALUES ($1, $2::bigint, $3::integer)
ON CONFLICT (job) DO UPDATE SET keep_ms = excluded.keep_ms, keep_last = excluded.keep_last)";

// $1 job
inline const std::string remove_retention = "DELETE FROM partita.retention WHERE job = $1";

inline const std::string list_retention = R"(
SELECT job, keep_ms, keep_last FROM partita.retention ORDER BY job COLLATE "C")";

// The last runs of chains of a job p, oldest first, that are past what is kept of it.
inline std::string past_runs(const std::string& keep_ms, const std::string& keep_last,
                             const std::string& most, const std::string& chosen) {
  return R"(
CROSS JOIN LATERAL (
  SELECT r.run_id, r.ended_at FROM partita.run r
  WHERE r.job = p.job AND r.ended_at IS NOT NULL AND r.purged_at IS NULL
    AND r.ended_at < partita.clock() - )" +
         keep_ms + R"( * interval '1 millisecond'
    AND NOT EXISTS (SELECT FROM partita.run c WHERE c.restart_of = r.run_id))" +
         chosen + R"(
    AND (SELECT count(*) FROM (
           SELECT FROM partita.run k
           WHERE k.job = r.job AND k.run_id > r.run_id AND k.ended_at IS NOT NULL
             AND k.purged_at IS NULL
           LIMIT )" +
         keep_last + ") newer) = " + keep_last + R"(
  ORDER BY r.ended_at LIMIT )" +
         most + R"() past
ORDER BY p.job COLLATE "C", past.ended_at, past.run_id LIMIT )" +
         most;
}

// $1 job or '', $2 states as they are shown, or '{}', $3 keep in milliseconds, $4 keep last, $5 at
// most
inline const std::string list_purgeable = R"(
SELECT past.run_id
FROM (SELECT DISTINCT name FROM partita.job WHERE $1 = ''
      UNION SELECT $1 WHERE $1 <> '') p (job))" +
                                          past_runs("$3::bigint", "$4::integer", "$5::integer", R"(
    AND ($2::text[] = '{}'
         OR CASE WHEN r.abandoned THEN 'ABANDONED' ELSE r.state END = ANY ($2::text[])))");

// By what is stored for their jobs. $1 at most
inline const std::string list_expired = R"(
SELECT past.run_id
FROM (SELECT j.name AS job, q.keep_ms, q.keep_last
      FROM (SELECT DISTINCT name FROM partita.job) j
      JOIN partita.retention q ON q.job = j.name
        OR (q.job = '' AND NOT EXISTS (SELECT FROM partita.retention o WHERE o.job = j.name))
     ) p)" + past_runs("p.keep_ms", "p.keep_last", "$1::integer", "");

// $1 runs
inline const std::string entomb = "SELECT partita.entomb($1::bigint[])";
inline const std::string entomb_expired = "SELECT partita.entomb_expired($1::bigint[])";

// $1 pause in milliseconds
inline const std::string take_purge_turn = R"(
UPDATE partita.purge_turn SET next_at = partita.clock() + $1::bigint * interval '1 millisecond'
WHERE ctid IN (SELECT ctid FROM partita.purge_turn WHERE next_at <= partita.clock()
               FOR UPDATE SKIP LOCKED))";

// $1 this run or older ones
inline const std::string find_purged_with_files = R"(
SELECT run_id FROM partita.purging WHERE NOT files_gone AND run_id <= $1::bigint
ORDER BY run_id DESC LIMIT 1)";

// $1 runs
inline const std::string files_are_gone = "SELECT partita.files_are_gone($1::bigint[])";

// $1 at most
inline const std::string purge_rows = "SELECT partita.purge_rows($1::bigint)";

inline const std::string count_purging = "SELECT count(*) FROM partita.purging";

}  // namespace partita::postgres::sql
