#include "storage/postgres/statements/runs.hpp"

#include "storage/live_choice.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

std::optional<run_row> run_in(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return run_of(rows.front());
}

}  // namespace

std::optional<run_row> postgres_transaction::find_run(run_id run, row_lock lock) {
  return run_in(query(sql::find_run(lock), run.value));
}

std::optional<run_row> postgres_transaction::find_launch(const std::string& launch_key) {
  return run_in(query(sql::find_launch, launch_key));
}

std::optional<run_row> postgres_transaction::find_continuation(run_id ended) {
  return run_in(query(sql::find_continuation, ended.value));
}

std::optional<run_row> postgres_transaction::find_live_run(const std::string& job,
                                                           const std::string& identity) {
  return run_in(query(sql::find_live_run, job, identity));
}

bool postgres_transaction::any_live_run() {
  return query("SELECT " + sql::has_live_runs).front()[0].as<bool>();
}

std::optional<run_id> postgres_transaction::insert_run(const run_row& run) {
  const auto made = query(sql::insert_run, run.job.name, run.job.version, run.parameters,
                          run.identity, run.launch_key, run.restart_of.value, run.result,
                          run.trace_parent, run.schedule.value, micros_of(run.tick), run.priority);
  if (made.empty()) return std::nullopt;
  return id_of<run_id>(made.front()[0]);
}

std::int64_t postgres_transaction::set_stop(run_id run, stop_mode mode) {
  return change(sql::set_stop, run.value, std::string{to_string(mode)});
}

std::int64_t postgres_transaction::take_run(run_id run, node_id master, term t) {
  return change(sql::take_run, run.value, master.value, t.value);
}

std::int64_t postgres_transaction::release_run(run_id run) {
  return change(sql::release_run, run.value);
}

std::int64_t postgres_transaction::set_run_result(run_id run, const json_text& result) {
  return change(sql::set_run_result, run.value, result);
}

std::int64_t postgres_transaction::end_run(run_id run, run_state state, const std::string& error) {
  return change(sql::end_run, run.value, std::string{to_string(state)}, error);
}

std::vector<masterless_run> postgres_transaction::driven_by(node_id master) {
  std::vector<masterless_run> runs;
  for (const auto& row : query_planned_anew(sql::driven_by, master.value))
    runs.push_back({id_of<run_id>(row[0]), id_of<term>(row[1])});
  return runs;
}

std::int64_t postgres_transaction::set_abandoned(run_id run) {
  return change(sql::set_abandoned, run.value);
}

namespace {

sql::asked_of_runs asked(const run_choice& only) {
  return {!only.job.empty(), !only.states.empty(), asks_for_live_runs(only),
          only.master.value != 0};
}

}  // namespace

std::vector<run_row> postgres_transaction::list_runs(int limit, run_id before,
                                                     const run_choice& only) {
  std::vector<run_row> runs;
  for (const auto& row :
       query_planned_anew(sql::list_runs(asked(only), before.value != 0), limit, only.job,
                          text_column(only.states), micros_of(only.since), micros_of(only.until),
                          only.master.value, before.value))
    runs.push_back(run_of(row));
  return runs;
}

std::vector<run_parameters> postgres_transaction::list_parameters(int limit, run_id before,
                                                                  const run_choice& only) {
  std::vector<run_parameters> runs;
  for (const auto& row :
       query_planned_anew(sql::list_parameters(asked(only), before.value != 0), limit, only.job,
                          text_column(only.states), micros_of(only.since), micros_of(only.until),
                          only.master.value, before.value))
    runs.push_back({id_of<run_id>(row[0]), row[1].c_str()});
  return runs;
}

std::vector<run_row> postgres_transaction::list_runs_of(std::span<const std::string> jobs,
                                                        int limit,
                                                        const std::vector<std::string>& states) {
  std::vector<run_row> runs;
  for (const auto& row : query_planned_anew(sql::list_runs_of(!states.empty()), limit,
                                            text_column(jobs), text_column(states)))
    runs.push_back(run_of(row));
  return runs;
}

std::vector<run_row> postgres_transaction::find_runs(std::span<const run_id> runs) {
  std::vector<run_row> rows;
  const auto ids = column(runs, [](run_id run) { return run.value; });
  for (const auto& row : query_planned_anew(sql::find_runs, ids)) rows.push_back(run_of(row));
  return rows;
}

std::int64_t postgres_transaction::count_runs(const run_choice& only, int most) {
  return query_planned_anew(sql::count_runs(asked(only)), most, only.job, text_column(only.states),
                            micros_of(only.since), micros_of(only.until), only.master.value)
      .front()[0]
      .as<std::int64_t>();
}

std::vector<run_row> postgres_transaction::list_runs_of_schedule(schedule_id schedule, int limit) {
  std::vector<run_row> rows;
  for (const auto& row : query_planned_anew(sql::list_runs_of_schedule, schedule.value, limit))
    rows.push_back(run_of(row));
  return rows;
}

}  // namespace partita::postgres
