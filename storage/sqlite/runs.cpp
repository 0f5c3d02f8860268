#include <cstdint>
#include <limits>

#include "storage/event_detail.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

std::optional<run_row> launched_with(connection& db, const std::string& launch_key) {
  auto s = db.query(sql::run_launched_with, launch_key);
  if (!s.next()) return std::nullopt;
  return find_run(db, s.get<run_id>(0));
}

[[noreturn]] void refuse_second(connection& db, const submission& wanted) {
  auto s = db.query(sql::live_run, wanted.job.name, wanted.identity);
  s.next();
  throw store_error(errc::already_running, named(s.get<run_id>(0)) + " of job " + wanted.job.name +
                                               " with the same identifying parameters is " +
                                               s.get<std::string>(1));
}

/// The index over live runs decides whether there may be another one.
run_id insert_run(connection& db, const submission& s, run_id restart_of, const json_text& result) {
  auto made = db.run(sql::insert_run, s.job.name, s.job.version, s.parameters, s.identity,
                     s.launch_key, restart_of, result);
  if (made == 0) refuse_second(db, s);
  run_id id{db.last_id()};
  nlohmann::json detail{{"job", s.job.name}};
  if (restart_of) detail["restart_of"] = restart_of.value;
  log(db, event::run_submitted, {id, {}, {}, {}}, detail);
  return id;
}

void require_continuable(connection& db, const run_row& ended) {
  if (ended.state != run_state::failed && ended.state != run_state::stopped)
    throw store_error(errc::wrong_state, named(ended.id) + " is " +
                                             std::string{to_string(ended.state)} +
                                             "; only a FAILED or STOPPED run can be continued");
  auto s = db.query(sql::continuation, ended.id);
  if (s.next())
    throw store_error(errc::wrong_state,
                      named(ended.id) + " is continued already, by " + named(s.get<run_id>(0)));
}

/// What has no COMPLETED result becomes ready. Returns how many have one.
std::int64_t copy_partitions(connection& db, const step_row& from, step_id to) {
  db.run(sql::copy_partitions, to, from.id);
  auto carried = db.run(sql::copy_results, to, from.id);
  db.run(sql::copy_checkpoints, to, from.id);
  if (from.count == 0) return carried;
  std::vector<partition_no> ended;
  for (auto s = db.query(sql::result_numbers, to); s.next();)
    ended.push_back(s.get<partition_no>(0));
  for (auto span : gaps({0, from.count - 1}, std::move(ended)))
    make_ready(db, to, span, node_id{}, 0, db.now());
  return carried;
}

void copy_step(connection& db, const step_row& from, run_id to) {
  const auto done = from.state == step_state::completed;
  step_id id{db.insert(done ? sql::copy_completed_step : sql::copy_unfinished_step, to, from.id)};
  db.run(sql::set_carried, id, copy_partitions(db, from, id));
  log(db, event::step_begun, {to, id, {}, {}}, event::continued_detail(from.spec, from.id));
  log(db, event::split_sealed, {to, id, {}, {}}, {{"count", from.count}});
  if (done) log(db, event::step_ended, {to, id, {}, {}}, {{"state", "COMPLETED"}});
}

/// Nobody drives it, so nobody else would end it. A continuation has steps that run already.
void stop_at_once(connection& db, const run_row& run) {
  for (const auto& step : steps_of(db, run.id)) {
    if (is_terminal(step.state)) continue;
    db.run(sql::end_step, step.id, step_state::stopped, step.result, step.error);
    log(db, event::step_ended, {run.id, step.id, {}, {}}, {{"state", "STOPPED"}});
  }
  db.run(sql::end_run, run.id, run_state::stopped, run.error);
  log(db, event::run_ended, {run.id, {}, {}, {}}, {{"state", "STOPPED"}});
}

}  // namespace

run_row sqlite_store::submit(const submission& s) {
  require_text("the name of the job", s.job.name);
  require_text("the parameters", s.parameters);
  require_text("the identifying parameters", s.identity);
  require_text("the launch key", s.launch_key);
  return write([&](connection& db) {
    if (auto run = launched_with(db, s.launch_key)) return *run;
    return require_run(db, insert_run(db, s, run_id{}, ""));
  });
}

run_row sqlite_store::restart(run_id ended, const std::string& launch_key) {
  require_text("the launch key", launch_key);
  return write([&](connection& db) {
    if (auto run = launched_with(db, launch_key)) return *run;
    auto old = require_run(db, ended);
    require_continuable(db, old);
    // The result goes along: a step that is not run again may have set it.
    auto id =
        insert_run(db, {old.job, old.parameters, old.identity, launch_key}, ended, old.result);
    for (const auto& step : steps_of(db, ended))
      if (step.state == step_state::completed ||
          (step.sealed && step.spec.kind == step_kind::partitioned))
        copy_step(db, step, id);
    return require_run(db, id);
  });
}

run_row sqlite_store::request_stop(run_id run, stop_mode mode) {
  if (mode == stop_mode::none)
    throw store_error(errc::bad_request, "a stop request must be STOP or NOW");
  return write([&](connection& db) {
    auto row = require_run(db, run);
    if (row.state == run_state::stopped && row.stop >= mode) return row;  // a repeat
    if (is_terminal(row.state))
      throw store_error(errc::wrong_state,
                        named(run) + " is " + std::string{to_string(row.state)} + " already");
    if (mode > row.stop) {
      db.run(sql::set_stop, run, mode);
      log(db, event::stop_requested, {run, {}, {}, {}}, {{"mode", to_string(mode)}});
    }
    if (row.state == run_state::created) stop_at_once(db, row);
    return require_run(db, run);
  });
}

std::optional<run_row> sqlite_store::find_run(run_id run) {
  return read([&](connection& db) { return sqlite::find_run(db, run); });
}

std::vector<run_row> sqlite_store::list_runs(int limit, run_id before) {
  const auto end = before ? before.value : std::numeric_limits<std::int64_t>::max();
  return read([&](connection& db) {
    std::vector<run_row> rows;
    for (auto s = db.query(sql::list_runs, end, std::max(0, limit)); s.next();)
      rows.push_back(to_run(s));
    return rows;
  });
}

}  // namespace partita::sqlite
