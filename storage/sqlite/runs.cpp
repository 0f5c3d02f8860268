#include <cstdint>
#include <limits>

#include "protocol/adoption.hpp"
#include "protocol/mutation.hpp"
#include "storage/live_choice.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/runs.hpp"

namespace partita::sqlite {

namespace {

run_row to_run(const statement& s) {
  run_row r;
  r.id = s.get<run_id>(0);
  r.job = {s.get<std::string>(1), s.get<int>(2)};
  r.parameters = s.get<std::string>(3);
  r.identity = s.get<std::string>(4);
  r.launch_key = s.get<std::string>(5);
  r.state = s.get<run_state>(6);
  r.master = s.get<node_id>(7);
  r.term = s.get<term>(8);
  r.stop = s.get<stop_mode>(9);
  r.restart_of = s.get<run_id>(10);
  r.result = s.get<std::string>(11);
  r.error = s.get<std::string>(12);
  r.created_at = s.get<db_time>(13);
  r.started_at = s.get<std::optional<db_time>>(14);
  r.ended_at = s.get<std::optional<db_time>>(15);
  r.abandoned = s.get<bool>(16);
  r.trace_parent = s.get<std::string>(17);
  r.schedule = s.get<schedule_id>(18);
  r.tick = s.get<std::optional<db_time>>(19);
  r.priority = s.get<int>(20);
  r.fair_key = s.get<std::string>(21);
  if (const auto since = s.get<std::optional<db_time>>(22))
    r.paused = pause_mark{*since, s.get<std::string>(23), s.get<std::string>(24)};
  r.job_paused = s.get<bool>(25);
  r.purged_at = s.get<std::optional<db_time>>(26);
  return r;
}

/// The run that a statement names, or none.
run_id run_in(statement&& s) { return s.next() ? s.get<run_id>(0) : run_id{}; }

std::vector<masterless_run> runs_and_terms(statement&& s) {
  std::vector<masterless_run> runs;
  while (s.next()) runs.push_back({s.get<run_id>(0), s.get<term>(1)});
  return runs;
}

}  // namespace

std::optional<run_row> sqlite_transaction::find_run(run_id run, row_lock) {
  auto s = db_.query(sql::find_run, run);
  if (!s.next()) return std::nullopt;
  return to_run(s);
}

std::optional<run_row> sqlite_transaction::find_launch(const std::string& launch_key) {
  return find_run(run_in(db_.query(sql::run_of_launch, launch_key)), row_lock::none);
}

std::optional<run_row> sqlite_transaction::find_continuation(run_id ended) {
  return find_run(run_in(db_.query(sql::run_that_continues, ended)), row_lock::none);
}

std::optional<run_row> sqlite_transaction::find_live_run(const std::string& job,
                                                         const std::string& identity) {
  return find_run(run_in(db_.query(sql::live_run_of, job, identity)), row_lock::none);
}

bool sqlite_transaction::any_live_run() { return db_.query(sql::any_live_run).next(); }

std::optional<run_id> sqlite_transaction::insert_run(const run_row& run) {
  const auto inserted = db_.run(sql::insert_run, run.job.name, run.job.version, run.parameters,
                                run.identity, run.launch_key, run.restart_of, run.result,
                                run.trace_parent, run.schedule, run.tick, run.priority);
  if (inserted == 0) return std::nullopt;
  return run_id{db_.last_id()};
}

std::int64_t sqlite_transaction::set_stop(run_id run, stop_mode mode) {
  return db_.run(sql::set_stop, run, mode);
}

std::int64_t sqlite_transaction::take_run(run_id run, node_id master, term t) {
  return db_.run(sql::take_run, run, master, t);
}

std::int64_t sqlite_transaction::release_run(run_id run) { return db_.run(sql::release_run, run); }

std::int64_t sqlite_transaction::set_run_result(run_id run, const json_text& result) {
  return db_.run(sql::set_run_result, run, result);
}

std::int64_t sqlite_transaction::end_run(run_id run, run_state state, const std::string& error) {
  return db_.run(sql::end_run, run, state, error);
}

std::vector<masterless_run> sqlite_transaction::driven_by(node_id master) {
  if (PARTITA_BUG(sqlite_masterships_are_not_found)) return {};
  return runs_and_terms(db_.query(sql::runs_driven_by, master));
}

std::vector<masterless_run> sqlite_transaction::masterless_for(node_id node) {
  std::vector<waiting_run> waiting;
  for (auto s = db_.query(sql::masterless_runs, node); s.next();)
    waiting.push_back({{s.get<run_id>(0), s.get<term>(1)},
                       s.get<std::string>(2),
                       s.get<std::string>(3),
                       s.get<int>(4)});
  if (waiting.empty()) return {};
  std::vector<driven_group> driven;
  for (auto s = db_.query(sql::driven_groups); s.next();)
    driven.push_back({s.get<std::string>(0), s.get<std::string>(1), s.get<int>(2)});
  mark_ahead(waiting, driven);
  return in_turns(std::move(waiting), masterless_shown);
}

std::int64_t sqlite_transaction::set_abandoned(run_id run) {
  return db_.run(sql::set_abandoned, run);
}

namespace {

constexpr auto behind_all = std::numeric_limits<std::int64_t>::max();

}  // namespace

std::vector<run_row> sqlite_transaction::list_runs(int limit, run_id before,
                                                   const run_choice& only) {
  const auto end = before ? before.value : behind_all;
  const auto text = sql::list_runs(!only.job.empty(), asks_for_live_runs(only));
  auto s = db_.prepare_made(text);
  s.bind(end, limit, only.job, nlohmann::json(only.states).dump(), only.since, only.until,
         only.master);
  std::vector<run_row> rows;
  while (s.next()) rows.push_back(to_run(s));
  return rows;
}

std::int64_t sqlite_transaction::count_runs(const run_choice& only, int most) {
  const auto text = sql::count_runs(!only.job.empty(), asks_for_live_runs(only));
  auto s = db_.prepare_made(text);
  s.bind(behind_all, most, only.job, nlohmann::json(only.states).dump(), only.since, only.until,
         only.master);
  return s.next() ? s.get<std::int64_t>(0) : 0;
}

std::vector<run_row> sqlite_transaction::list_runs_of_schedule(schedule_id schedule, int limit) {
  std::vector<run_row> rows;
  for (auto s = db_.query(sql::runs_of_schedule, schedule, limit); s.next();)
    rows.push_back(to_run(s));
  return rows;
}

}  // namespace partita::sqlite
