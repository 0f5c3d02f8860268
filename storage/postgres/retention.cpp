#include "storage/postgres/statements/retention.hpp"

#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

std::vector<run_id> runs_in(const pqxx::result& rows) {
  std::vector<run_id> runs;
  for (const auto& row : rows) runs.push_back(id_of<run_id>(row[0]));
  return runs;
}

}  // namespace

void postgres_transaction::set_retention(const std::string& job, const retention& what) {
  change(sql::set_retention, job, what.keep.count(), what.keep_last);
}

std::int64_t postgres_transaction::remove_retention(const std::string& job) {
  return change(sql::remove_retention, job);
}

std::vector<run_id> postgres_transaction::list_purgeable(const purge_choice& which, int most) {
  return runs_in(query_planned_anew(sql::list_purgeable, which.job, text_column(which.states),
                                    which.beyond.keep.count(), which.beyond.keep_last, most));
}

std::vector<run_id> postgres_transaction::list_expired(int most) {
  return runs_in(query_planned_anew(sql::list_expired, most));
}

std::int64_t postgres_transaction::entomb(std::span<const run_id> chain, bool expired) {
  return query(expired ? sql::entomb_expired : sql::entomb,
               column(chain, [](run_id run) { return run.value; }))
      .front()[0]
      .as<std::int64_t>();
}

bool postgres_transaction::take_purge_turn(milliseconds pause) {
  return change(sql::take_purge_turn, pause.count()) == 1;
}

std::optional<run_id> postgres_transaction::find_purged_with_files(run_id upto) {
  const auto found = runs_in(query(sql::find_purged_with_files, upto.value));
  return found.empty() ? std::nullopt : std::optional{found.front()};
}

void postgres_transaction::files_are_gone(std::span<const run_id> runs) {
  query(sql::files_are_gone, column(runs, [](run_id run) { return run.value; }));
}

std::int64_t postgres_transaction::purge_rows(int most) {
  return query(sql::purge_rows, most).front()[0].as<std::int64_t>();
}

std::vector<retention_row> postgres_transaction::list_retention() {
  std::vector<retention_row> rows;
  for (const auto& row : query(sql::list_retention))
    rows.push_back({row["job"].c_str(),
                    {milliseconds{row["keep_ms"].as<std::int64_t>()}, row["keep_last"].as<int>()}});
  return rows;
}

std::int64_t postgres_transaction::count_purging() {
  return query(sql::count_purging).front()[0].as<std::int64_t>();
}

}  // namespace partita::postgres
