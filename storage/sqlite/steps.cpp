#include <algorithm>

#include "storage/event_detail.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_store.hpp"
#include "storage/sqlite/statements.hpp"
#include "storage/split.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

/// The step, under the fence of its run.
step_row driven_step(connection& db, step_id id, node_id node, term t) {
  auto step = require_step(db, id);
  driven_run(db, step.run, node, t);
  return step;
}

/// REQUIRES: the step is driven and open.
void append(connection& db, step_row& step, node_id node, term t,
            std::span<const new_partition> rows) {
  const auto first = step.count;
  auto insert = db.prepare(sql::insert_partition);
  for (const auto& p : rows) insert.run(step.id, step.count++, p.key, p.input);
  db.run(sql::set_count, step.id, step.count);
  if (step.spec.streamed)
    make_ready(db, step.id, {first, step.count - 1}, node_id{}, 0, db.now());
  log(db, event::split_appended, {step.run, step.id, {}, node},
      {{"lo", first}, {"hi", step.count - 1}, {"term", t.value}});
}

bool is_active(connection& db, node_id node) {
  auto s = db.query(sql::find_node, node);
  return s.next() && s.get<node_state>(0) == node_state::active;
}

struct standing {
  stop_mode stop;
  bool unsealed, ready, live, failed;
};

standing standing_of(connection& db, step_id step) {
  auto s = db.query(sql::progress, step);
  if (!s.next()) throw store_error(errc::not_found, "there is no " + named(step));
  return {s.get<stop_mode>(0), s.get<bool>(1), s.get<bool>(2), s.get<bool>(3), s.get<bool>(4)};
}

/// Why the step cannot end like this now, or nothing: the end must be true.
std::string untruth(const standing& now, step_state state) {
  if (now.live) return "a lease of it is LIVE";
  if (state != step_state::completed) return {};
  if (now.unsealed) return "its split is not sealed";
  if (now.ready) return "partitions of it wait";
  if (now.failed) return "a partition of it FAILED";
  return {};
}

std::vector<result_row> results_of(statement&& s) {
  std::vector<result_row> rows;
  while (s.next())
    rows.push_back({s.get<partition_no>(0),
                    s.get<lease_id>(1),
                    s.get<bool>(2),
                    s.get<std::string>(3),
                    s.get<std::string>(4),
                    {s.get<std::int64_t>(5), s.get<std::int64_t>(6), s.get<std::int64_t>(7),
                     s.get<std::int64_t>(8)},
                    s.get<microseconds>(9),
                    s.get<db_time>(10),
                    s.get<bool>(11)});
  return rows;
}

}  // namespace

std::optional<term> sqlite_store::adopt_run(run_id run, node_id node, term seen) {
  return write([&](connection& db) -> std::optional<term> {
    auto row = sqlite::find_run(db, run);
    if (!row || is_terminal(row->state)) return std::nullopt;
    const term next{seen.value + 1};
    if (row->master == node && row->term == next) return next;  // a repeat
    if (row->master || row->term != seen || !is_active(db, node)) return std::nullopt;
    db.run(sql::adopt_run, run, node, next);
    log(db, event::run_adopted, {run, {}, {}, node}, {{"term", next.value}});
    return next;
  });
}

void sqlite_store::step_down(run_id run, node_id node, term t) {
  write([&](connection& db) {
    auto row = sqlite::find_run(db, run);
    if (row && !row->master && row->term == t) return;  // a repeat
    driven_run(db, run, node, t);
    db.run(sql::let_go, run);
    log(db, event::run_let_go, {run, {}, {}, node}, {{"term", t.value}});
  });
}

step_row sqlite_store::begin_step(run_id run, node_id node, term t, const step_spec& spec) {
  require_text("the name of the step", spec.name);
  require_text("the split context", spec.split_context);
  return write([&](connection& db) {
    driven_run(db, run, node, t);
    for (const auto& step : steps_of(db, run))
      if (step.spec.ordinal == spec.ordinal) return step;
    step_id id{db.insert(sql::insert_step, run, spec.name, spec.ordinal, spec.kind, spec.streamed,
                         spec.transferable, spec.retry.max_attempts, spec.retry.first_delay,
                         spec.retry.factor, spec.retry.max_delay, spec.split_context,
                         spec.kind == step_kind::tasklet)};
    log(db, event::step_begun, {run, id, {}, node}, event::begun_detail(spec, t));
    return require_step(db, id);
  });
}

void sqlite_store::reset_split(step_id step, node_id node, term t) {
  write([&](connection& db) {
    auto row = driven_step(db, step, node, t);
    require_open(row);
    if (row.spec.streamed)
      throw store_error(errc::wrong_state,
                        named(step) + " is streamed: what it has may be at work");
    if (row.count == 0) return;
    db.run(sql::delete_partitions, step);
    db.run(sql::set_count, step, 0);
    log(db, event::split_reset, {row.run, step, {}, node}, {{"term", t.value}});
  });
}

void sqlite_store::append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                     std::span<const new_partition> rows) {
  if (rows.empty()) throw store_error(errc::bad_request, "there are no partitions to append");
  require_texts(rows);
  write([&](connection& db) {
    auto row = driven_step(db, step, node, t);
    require_open(row);
    const auto end = first_no + static_cast<std::int64_t>(rows.size());
    if (row.count == end) return;  // a repeat
    require_next(row, first_no);
    append(db, row, node, t, rows);
  });
}

void sqlite_store::seal_split(step_id step, node_id node, term t, partition_no first_no,
                              std::span<const new_partition> last,
                              std::span<const ready_range> ranges) {
  require_texts(last);
  write([&](connection& db) {
    auto row = driven_step(db, step, node, t);
    if (row.sealed) return;  // a repeat
    require_open(row);
    require_next(row, first_no);
    if (!last.empty()) append(db, row, node, t, last);
    if (!row.spec.streamed) {
      require_cover(step, row.count, ranges);
      for (const auto& r : ranges)
        make_ready(db, step, r.span, is_active(db, r.node) ? r.node : node_id{}, r.attempt,
                   db.now());
    }
    db.run(sql::seal_step, step);
    log(db, event::split_sealed, {row.run, step, {}, node},
        {{"count", row.count}, {"term", t.value}});
  });
}

std::vector<step_row> sqlite_store::list_steps(run_id run) {
  return read([&](connection& db) { return steps_of(db, run); });
}

step_progress sqlite_store::progress(step_id step) {
  return read([&](connection& db) {
    auto now = standing_of(db, step);
    return step_progress{now.stop, now.unsealed || now.ready || now.live, now.live, now.failed};
  });
}

void sqlite_store::end_step(step_id step, node_id node, term t, step_state state,
                            const json_text& result, const std::string& error,
                            const std::optional<json_text>& run_result) {
  require_text("the result of the step", result);
  require_text("the error of the step", error);
  if (run_result) require_text("the result of the run", *run_result);
  if (!is_terminal(state)) throw store_error(errc::bad_request, "RUNNING is no end of a step");
  write([&](connection& db) {
    auto row = driven_step(db, step, node, t);
    if (row.state == state) return;  // a repeat
    if (is_terminal(row.state))
      throw store_error(errc::wrong_state,
                        named(step) + " is " + std::string{to_string(row.state)} + " already");
    if (auto why = untruth(standing_of(db, step), state); !why.empty())
      throw store_error(errc::wrong_state,
                        named(step) + " cannot end " + std::string{to_string(state)} + ": " + why);
    db.run(sql::end_step, step, state, result, error);
    if (run_result) db.run(sql::set_run_result, row.run, *run_result);
    log(db, event::step_ended, {row.run, step, {}, node},
        {{"state", to_string(state)}, {"term", t.value}});
  });
}

void sqlite_store::end_run(run_id run, node_id node, term t, run_state state,
                           const std::string& error) {
  require_text("the error of the run", error);
  if (!is_terminal(state))
    throw store_error(errc::bad_request, std::string{to_string(state)} + " is no end of a run");
  write([&](connection& db) {
    auto ended = sqlite::find_run(db, run);
    if (ended && ended->state == state && ended->master == node && ended->term == t) return;
    driven_run(db, run, node, t);
    if (auto s = db.query(sql::running_step, run); s.next())
      throw store_error(errc::wrong_state,
                        named(run) + " cannot end: " + named(s.get<step_id>(0)) + " is RUNNING");
    db.run(sql::end_run, run, state, error);
    log(db, event::run_ended, {run, {}, {}, node},
        {{"state", to_string(state)}, {"term", t.value}});
  });
}

std::vector<result_row> sqlite_store::list_results(step_id step, partition_no after, int limit,
                                                   result_kind kind) {
  const auto* statement = kind == result_kind::failed       ? sql::list_failed_results
                          : kind == result_kind::with_files ? sql::list_results_with_files
                                                            : sql::list_results;
  return read([&](connection& db) {
    return results_of(db.query(statement, step, after, std::max(0, limit)));
  });
}

}  // namespace partita::sqlite
