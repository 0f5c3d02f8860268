#include <algorithm>
#include <pqxx/except>

#include "storage/event_detail.hpp"
#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

/// Partitions copied by one statement: a large step must not meet the statement timeout.
constexpr std::int64_t copy_piece = 100'000;

template <class... Parameters>
std::optional<run_row> find(transaction& tx, const std::string& statement,
                            const Parameters&... parameters) {
  const auto rows = planned_once(tx, statement, parameters...);
  if (rows.empty()) return std::nullopt;
  return run_of(rows.front());
}

run_row require_run(std::optional<run_row> found, run_id id) {
  if (!found) throw store_error(errc::not_found, "there is no " + named(id));
  return *found;
}

/// Two live runs of a job never have the same identifying parameters.
void require_alone(transaction& tx, const job_ref& job, const std::string& identity) {
  if (auto live = find(tx, sql::find_live_run, job.name, identity))
    throw store_error(errc::already_running, named(live->id) + " of job " + job.name +
                                                 " with the same identifying parameters is " +
                                                 std::string{to_string(live->state)});
}

void require_continuable(transaction& tx, const run_row& ended) {
  if (ended.state != run_state::failed && ended.state != run_state::stopped)
    throw store_error(errc::wrong_state, named(ended.id) + " is " +
                                             std::string{to_string(ended.state)} +
                                             "; only a FAILED or STOPPED run can be continued");
  if (auto next = find(tx, sql::find_continuation, ended.id.value))
    throw store_error(errc::wrong_state,
                      named(ended.id) + " is continued already, by " + named(next->id));
}

/// The unique indexes decide between requests that arrive together. Nothing: one of them refused;
/// looking again tells which.
std::optional<run_row> insert_run(transaction& tx, const run_row& row) {
  nlohmann::json detail{{"job", row.job.name}};
  if (row.restart_of) detail["restart_of"] = row.restart_of.value;
  auto made = planned_once(tx, sql::insert_run, row.job.name, row.job.version, row.parameters,
                           row.identity, row.launch_key, row.restart_of.value, row.result,
                           detail.dump());
  if (made.empty()) return std::nullopt;
  tx.exec0(sql::tell_of_work);
  return find(tx, sql::find_run, made.front()[0].as<std::int64_t>());
}

/// Whoever was in the way came and went between two statements: the whole verb is tried again.
[[noreturn]] void try_again() {
  throw pqxx::serialization_failure("a run that was in the way has just ended");
}

/// Copies partitions, COMPLETED results and the checkpoints of the others. What has no result
/// becomes ready. Returns how many results were carried over.
std::int64_t copy_partitions(transaction& tx, const step_row& from, step_id to) {
  std::int64_t carried = 0;
  for (partition_no lo = 0; lo < from.count; lo += copy_piece) {
    const auto hi = lo + copy_piece - 1;
    tx.exec_params(sql::copy_partitions, from.id.value, to.value, lo, hi);
    carried += static_cast<std::int64_t>(
        tx.exec_params(sql::copy_results, from.id.value, to.value, lo, hi).affected_rows());
  }
  tx.exec_params(sql::copy_checkpoints, from.id.value, to.value);
  tx.exec_params(sql::make_rest_ready, to.value);
  return carried;
}

void copy_step(transaction& tx, const step_row& from, run_id to) {
  const auto id = id_of<step_id>(tx.exec_params1(sql::copy_step, from.id.value, to.value)[0]);
  tx.exec_params(sql::set_carried, id.value, copy_partitions(tx, from, id));
  log(tx, event::step_begun, {to, id, {}, {}}, event::continued_detail(from.spec, from.id));
  log(tx, event::split_sealed, {to, id, {}, {}}, {{"count", from.count}});
  if (from.state == step_state::completed)
    log(tx, event::step_ended, {to, id, {}, {}}, {{"state", "COMPLETED"}});
}

}  // namespace

run_row postgres_store::submit(const submission& s) {
  require_text("the name of the job", s.job.name);
  require_text("the parameters", s.parameters);
  require_text("the identifying parameters", s.identity);
  require_text("the launch key", s.launch_key);
  run_row row;
  row.job = s.job;
  row.parameters = s.parameters;
  row.identity = s.identity;
  row.launch_key = s.launch_key;
  return session_.transact([&](transaction& tx) {
    if (auto made = insert_run(tx, row)) return *made;
    if (auto same = find(tx, sql::find_launch, s.launch_key)) return *same;
    require_alone(tx, s.job, s.identity);
    try_again();
  });
}

run_row postgres_store::restart(run_id ended, const std::string& launch_key) {
  require_text("the launch key", launch_key);
  return session_.transact([&](transaction& tx) {
    if (auto same = find(tx, sql::find_launch, launch_key)) return *same;
    // What has ended stays as it is: it is read without a lock.
    const auto old = require_run(find(tx, sql::find_run, ended.value), ended);
    require_continuable(tx, old);
    run_row row;
    row.job = old.job;
    row.parameters = old.parameters;
    row.identity = old.identity;
    row.launch_key = launch_key;
    row.restart_of = ended;
    row.result = old.result;  // a step that is not run again may have set it
    const auto made = insert_run(tx, row);
    if (!made) {
      if (auto same = find(tx, sql::find_launch, launch_key)) return *same;
      require_continuable(tx, old);
      require_alone(tx, old.job, old.identity);
      try_again();
    }
    for (const auto& step : planned_once(tx, sql::list_steps, ended.value)) {
      const auto from = step_of(step);
      if (from.state == step_state::completed ||
          (from.sealed && from.spec.kind == step_kind::partitioned))
        copy_step(tx, from, made->id);
    }
    return *made;
  });
}

run_row postgres_store::request_stop(run_id run, stop_mode mode) {
  if (mode == stop_mode::none)
    throw store_error(errc::bad_request, "a stop request must be STOP or NOW");
  return session_.transact([&](transaction& tx) {
    const auto row = require_run(find(tx, sql::lock_run, run.value), run);
    if (row.state == run_state::stopped && row.stop >= mode)  // a repeat
      return *find(tx, sql::find_run, run.value);
    if (is_terminal(row.state))
      throw store_error(errc::wrong_state,
                        named(run) + " is " + std::string{to_string(row.state)} + " already");
    if (mode > row.stop) {
      const std::string asked{to_string(mode)};
      tx.exec_params(sql::ask_to_stop, run.value, asked);
      log(tx, event::stop_requested, {run, {}, {}, {}}, {{"mode", asked}});
    }
    // Nobody drives a CREATED run, so nobody else would end it.
    if (row.state == run_state::created) tx.exec_params(sql::stop_at_once, run.value);
    return *find(tx, sql::find_run, run.value);
  });
}

std::optional<run_row> postgres_store::find_run(run_id run) {
  return session_.once([&](transaction& tx) { return find(tx, sql::find_run, run.value); });
}

std::vector<run_row> postgres_store::list_runs(int limit, run_id before) {
  return session_.once([&](transaction& tx) {
    std::vector<run_row> runs;
    for (const auto& row : tx.exec_params(sql::list_runs, std::max(0, limit), before.value))
      runs.push_back(run_of(row));
    return runs;
  });
}

}  // namespace partita::postgres
