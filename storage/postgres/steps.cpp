#include <algorithm>

#include "storage/event_detail.hpp"
#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"
#include "storage/split.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

/// Partitions deleted by one statement: a large split must not meet the statement timeout.
constexpr std::int64_t delete_piece = 200'000;

/// Judges a locked run row. Throws term_lost; wrong_state if this very master has ended the run.
void require_drive(run_id run, run_state state, node_id master, term current, node_id node,
                   term t) {
  if (master != node || current != t)
    throw store_error(errc::term_lost, named(node) + " does not drive " + named(run) +
                                           " under term " + std::to_string(t.value));
  if (is_terminal(state)) throw store_error(errc::wrong_state, named(run) + " has ended");
}

/// The run under the fence of its master. Zero rows: there was never such a run to drive.
run_row driven_run(transaction& tx, const std::string& lock, run_id run, node_id node, term t) {
  auto rows = planned_once(tx, lock, run.value);
  auto row = rows.empty() ? run_row{} : run_of(rows.front());
  require_drive(run, row.state, row.master, row.term, node, t);
  return row;
}

/// The step, locked, under the fence of its run.
step_row driven_step(transaction& tx, const std::string& lock, step_id step, node_id node,
                     term t) {
  auto rows = planned_once(tx, lock, step.value);
  if (rows.empty()) throw store_error(errc::not_found, "there is no " + named(step));
  const auto row = rows.front();
  require_drive(id_of<run_id>(row["run_id"]), state_of<run_state>(row["run_state"]),
                id_of<node_id>(row["master"]), id_of<term>(row["term"]), node, t);
  return step_of(row);
}

void insert(transaction& tx, step_id step, partition_no first,
            std::span<const new_partition> rows) {
  array keys, inputs;
  for (const auto& p : rows) {
    keys.add(p.key);
    inputs.add(p.input);
  }
  planned_once(tx, sql::insert_partitions, step.value, first, keys.text(), inputs.text());
}

/// REQUIRES: the step is locked and open.
void append(transaction& tx, step_row& step, node_id node, term t,
            std::span<const new_partition> rows) {
  const auto first = step.count;
  step.count += static_cast<std::int64_t>(rows.size());
  insert(tx, step.id, first, rows);
  planned_once(tx, sql::set_count, step.id.value, step.count);
  if (step.spec.streamed) make_ready(tx, step.id, {first, step.count - 1}, 0);
  log(tx, event::split_appended, {step.run, step.id, {}, node},
      {{"lo", first}, {"hi", step.count - 1}, {"term", t.value}});
}

/// Why the step cannot end like this now, or nothing: the end must be true. REQUIRES: the step was
/// locked against claims by an earlier statement, so that none can follow what is read here.
std::string untruth(transaction& tx, const step_row& step, step_state state) {
  const auto seen = planned_once(tx, sql::progress, step.id.value).front();
  if (seen["live"].as<bool>()) return "a lease of it is LIVE";
  if (state != step_state::completed) return {};
  if (!step.sealed) return "its split is not sealed";
  if (seen["waiting"].as<bool>()) return "partitions of it wait";
  if (seen["any_failed"].as<bool>()) return "a partition of it FAILED";
  return {};
}

std::vector<result_row> results_of(const pqxx::result& rows) {
  std::vector<result_row> results;
  for (const auto& row : rows)
    results.push_back({row["no"].as<std::int64_t>(), id_of<lease_id>(row["lease_id"]),
                       row["outcome"].c_str() == std::string_view{"COMPLETED"},
                       row["output"].c_str(), row["error"].c_str(), counts_of(row),
                       microseconds{row["took_us"].as<std::int64_t>()}, time_of(row["ended_at"]),
                       row["has_files"].as<bool>()});
  return results;
}

}  // namespace

std::optional<term> postgres_store::adopt_run(run_id run, node_id node, term seen) {
  const term next{seen.value + 1};
  return session_.transact([&](transaction& tx) -> std::optional<term> {
    auto rows = planned_once(tx, sql::lock_run, run.value);
    if (rows.empty()) return std::nullopt;
    const auto row = run_of(rows.front());
    if (is_terminal(row.state)) return std::nullopt;
    if (row.master == node && row.term == next) return next;  // a repeat
    if (row.master || row.term != seen) return std::nullopt;
    const nlohmann::json detail{{"term", next.value}};
    auto taken = planned_once(tx, sql::take_run, run.value, node.value, detail.dump());
    if (taken.empty()) return std::nullopt;
    return id_of<term>(taken.front()[0]);
  });
}

void postgres_store::step_down(run_id run, node_id node, term t) {
  session_.transact([&](transaction& tx) {
    auto rows = planned_once(tx, sql::lock_run, run.value);
    auto row = rows.empty() ? run_row{} : run_of(rows.front());
    if (row.id && !row.master && row.term == t) return;  // a repeat
    require_drive(run, row.state, row.master, row.term, node, t);
    planned_once(tx, sql::release_run, run.value);
    log(tx, event::run_let_go, {run, {}, {}, node}, {{"term", t.value}});
  });
}

step_row postgres_store::begin_step(run_id run, node_id node, term t, const step_spec& spec) {
  require_text("the name of the step", spec.name);
  require_text("the split context", spec.split_context);
  return session_.transact([&](transaction& tx) {
    driven_run(tx, sql::fence_run, run, node, t);
    const auto& retry = spec.retry;
    auto made = planned_once(tx, sql::insert_step, run.value, spec.name, spec.ordinal,
                             std::string{to_string(spec.kind)}, spec.streamed, spec.transferable,
                             retry.max_attempts, retry.first_delay.count(), retry.factor,
                             retry.max_delay.count(), spec.split_context,
                             spec.kind == step_kind::tasklet);
    if (!made.empty())
      log(tx, event::step_begun, {run, id_of<step_id>(made.front()[0]), {}, node},
          event::begun_detail(spec, t));
    return step_of(planned_once(tx, sql::find_step, run.value, spec.ordinal).front());
  });
}

void postgres_store::reset_split(step_id step, node_id node, term t) {
  session_.transact([&](transaction& tx) {
    const auto row = driven_step(tx, sql::fence_step, step, node, t);
    require_open(row);
    if (row.spec.streamed)
      throw store_error(errc::wrong_state,
                        named(step) + " is streamed: what it has may be at work");
    if (row.count == 0) return;
    for (partition_no lo = 0; lo < row.count; lo += delete_piece)
      tx.exec_params(sql::delete_partitions, step.value, lo, lo + delete_piece - 1);
    planned_once(tx, sql::set_count, step.value, 0);
    log(tx, event::split_reset, {row.run, step, {}, node}, {{"term", t.value}});
  });
}

void postgres_store::append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                       std::span<const new_partition> rows) {
  if (rows.empty()) throw store_error(errc::bad_request, "there are no partitions to append");
  require_texts(rows);
  const auto end = first_no + static_cast<std::int64_t>(rows.size());
  session_.transact([&](transaction& tx) {
    auto row = driven_step(tx, sql::fence_step, step, node, t);
    require_open(row);
    if (row.count == end) return;  // a repeat
    require_next(row, first_no);
    append(tx, row, node, t, rows);
  });
}

void postgres_store::seal_split(step_id step, node_id node, term t, partition_no first_no,
                                std::span<const new_partition> last,
                                std::span<const ready_range> ranges) {
  require_texts(last);
  array lo, hi, bound, attempt;
  for (const auto& r : ranges) {
    lo.add(r.span.lo);
    hi.add(r.span.hi);
    bound.add(r.node.value);
    attempt.add(r.attempt);
  }
  session_.transact([&](transaction& tx) {
    auto row = driven_step(tx, sql::fence_step, step, node, t);
    if (row.sealed) return;  // a repeat
    require_open(row);
    require_next(row, first_no);
    if (!last.empty()) append(tx, row, node, t, last);
    if (!row.spec.streamed) {
      require_cover(step, row.count, ranges);
      planned_once(tx, sql::insert_ranges, step.value, lo.text(), hi.text(), bound.text(),
                   attempt.text());
    }
    planned_once(tx, sql::seal, step.value);
    tx.exec0(sql::tell_of_work);
    log(tx, event::split_sealed, {row.run, step, {}, node},
        {{"count", row.count}, {"term", t.value}});
  });
}

std::vector<step_row> postgres_store::list_steps(run_id run) {
  return session_.once([&](transaction& tx) {
    std::vector<step_row> steps;
    for (const auto& row : planned_once(tx, sql::list_steps, run.value))
      steps.push_back(step_of(row));
    return steps;
  });
}

step_progress postgres_store::progress(step_id step) {
  return session_.once([&](transaction& tx) {
    auto rows = planned_once(tx, sql::progress, step.value);
    if (rows.empty()) throw store_error(errc::not_found, "there is no " + named(step));
    const auto row = rows.front();
    step_progress seen;
    seen.stop = state_of<stop_mode>(row["stop"]);
    seen.live = row["live"].as<bool>();
    seen.open = seen.live || row["waiting"].as<bool>() || !row["sealed"].as<bool>();
    seen.any_failed = row["any_failed"].as<bool>();
    return seen;
  });
}

void postgres_store::end_step(step_id step, node_id node, term t, step_state state,
                              const json_text& result, const std::string& error,
                              const std::optional<json_text>& run_result) {
  require_text("the result of the step", result);
  require_text("the error of the step", error);
  if (run_result) require_text("the result of the run", *run_result);
  if (!is_terminal(state)) throw store_error(errc::bad_request, "RUNNING is no end of a step");
  const std::string end{to_string(state)};
  session_.transact([&](transaction& tx) {
    const auto row = driven_step(tx, sql::fence_step_against_claims, step, node, t);
    if (row.state == state) return;  // a repeat
    if (is_terminal(row.state))
      throw store_error(errc::wrong_state,
                        named(step) + " is " + std::string{to_string(row.state)} + " already");
    if (auto why = untruth(tx, row, state); !why.empty())
      throw store_error(errc::wrong_state, named(step) + " cannot end " + end + ": " + why);
    planned_once(tx, sql::end_step, step.value, end, result, error);
    if (run_result) planned_once(tx, sql::set_run_result, row.run.value, *run_result);
    log(tx, event::step_ended, {row.run, step, {}, node}, {{"state", end}, {"term", t.value}});
  });
}

void postgres_store::end_run(run_id run, node_id node, term t, run_state state,
                             const std::string& error) {
  require_text("the error of the run", error);
  const std::string end{to_string(state)};
  if (!is_terminal(state)) throw store_error(errc::bad_request, end + " is no end of a run");
  session_.transact([&](transaction& tx) {
    auto rows = planned_once(tx, sql::lock_run, run.value);
    auto row = rows.empty() ? run_row{} : run_of(rows.front());
    if (row.state == state && row.master == node && row.term == t) return;  // a repeat
    require_drive(run, row.state, row.master, row.term, node, t);
    for (const auto& running : planned_once(tx, sql::find_running_step, run.value))
      throw store_error(errc::wrong_state, named(run) + " cannot end: " +
                                               named(id_of<step_id>(running[0])) + " is RUNNING");
    planned_once(tx, sql::end_run, run.value, end, error);
    log(tx, event::run_ended, {run, {}, {}, node}, {{"state", end}, {"term", t.value}});
  });
}

std::vector<result_row> postgres_store::list_results(step_id step, partition_no after, int limit,
                                                     result_kind kind) {
  return session_.once([&](transaction& tx) {
    return results_of(
        tx.exec_params(sql::list_results(kind), step.value, after, std::max(0, limit)));
  });
}

}  // namespace partita::postgres
