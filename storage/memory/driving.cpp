#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/memory/transaction.hpp"
#include "storage/split.hpp"
#include "storage/text.hpp"

namespace partita::memory {

namespace {

/// The step, under the fence of its run.
step_record& driven_step(transaction& tx, step_id id, node_id node, term t) {
  auto& step = tx.step(id);
  tx.driven(step.row.run, node, t);
  return step;
}

/// REQUIRES: the step is driven and open.
void append(transaction& tx, step_row& step, node_id node, term t,
            std::span<const new_partition> rows) {
  const auto first = step.count;
  for (const auto& p : rows) {
    const auto no = step.count++;
    tx.db.partitions[{step.id, no}] = {step.id, no, p.key, p.input};
  }
  if (step.spec.streamed)
    tx.make_ready(step.id, {first, step.count - 1}, node_id{}, 0, tx.now);
  tx.log(event::split_appended, {step.run, step.id, {}, node},
         {{"lo", first}, {"hi", step.count - 1}, {"term", t.value}});
}

/// Why the step cannot end like this now, or nothing: the end must be true.
std::string untruth(const transaction& tx, const step_row& step, step_state state) {
  if (tx.any_live_lease(step.id)) return "a lease of it is LIVE";
  if (state != step_state::completed) return {};
  if (!step.sealed) return "its split is not sealed";
  if (tx.any_ready(step.id)) return "partitions of it wait";
  if (tx.any_failed(step.id)) return "a partition of it FAILED";
  return {};
}

}  // namespace

std::optional<term> memory_store::adopt_run(run_id run, node_id node, term seen) {
  transaction tx{*state_};
  auto* row = find(tx.db.runs, run);
  if (row == nullptr || is_terminal(row->state)) return std::nullopt;
  const term next{seen.value + (PARTITA_BUG(takeover_keeps_the_term) ? 0 : 1)};
  if (row->master == node && row->term == next) return next;  // a repeat
  const auto* adopter = find(tx.db.nodes, node);
  if (((row->master || row->term != seen) && !PARTITA_BUG(takeover_of_a_driven_run)) ||
      adopter == nullptr || adopter->state != node_state::active)
    return std::nullopt;
  row->master = node;
  row->term = next;
  row->state = run_state::running;
  if (!row->started_at) row->started_at = tx.now;
  tx.log(event::run_adopted, {run, {}, {}, node}, {{"term", next.value}});
  return next;
}

void memory_store::step_down(run_id run, node_id node, term t) {
  transaction tx{*state_};
  auto* row = find(tx.db.runs, run);
  if (row != nullptr && !row->master && row->term == t) return;  // a repeat
  tx.driven(run, node, t).master = node_id{};
  tx.log(event::run_let_go, {run, {}, {}, node}, {{"term", t.value}});
}

step_row memory_store::begin_step(run_id run, node_id node, term t, const step_spec& spec) {
  require_text("the name of the step", spec.name);
  require_text("the split context", spec.split_context);
  transaction tx{*state_};
  tx.driven(run, node, t);
  for (const auto& step : tx.steps_of(run))
    if (step.spec.ordinal == spec.ordinal) return step;
  step_row row;
  row.id = next_id(tx.db.steps);
  row.run = run;
  row.spec = spec;
  row.sealed = spec.kind == step_kind::tasklet;
  row.started_at = tx.now;
  tx.db.steps[row.id] = {row, 0};
  tx.log(event::step_begun, {run, row.id, {}, node}, event::begun_detail(spec, t));
  return row;
}

void memory_store::reset_split(step_id step, node_id node, term t) {
  transaction tx{*state_};
  auto& row = driven_step(tx, step, node, t).row;
  require_open(row);
  if (row.spec.streamed)
    throw store_error(errc::wrong_state, named(step) + " is streamed: what it has may be at work");
  if (row.count == 0) return;
  tx.db.partitions.erase(tx.db.partitions.lower_bound({step, 0}),
                         tx.db.partitions.lower_bound({step, row.count}));
  row.count = 0;
  tx.log(event::split_reset, {row.run, step, {}, node}, {{"term", t.value}});
}

void memory_store::append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                     std::span<const new_partition> rows) {
  if (rows.empty()) throw store_error(errc::bad_request, "there are no partitions to append");
  require_texts(rows);
  transaction tx{*state_};
  auto& row = driven_step(tx, step, node, t).row;
  require_open(row);
  const auto end = first_no + static_cast<std::int64_t>(rows.size());
  if (row.count == end) return;  // a repeat
  require_next(row, first_no);
  append(tx, row, node, t, rows);
}

void memory_store::seal_split(step_id step, node_id node, term t, partition_no first_no,
                              std::span<const new_partition> last,
                              std::span<const ready_range> ranges) {
  require_texts(last);
  transaction tx{*state_};
  auto& row = driven_step(tx, step, node, t).row;
  if (row.sealed) return;  // a repeat
  require_open(row);
  require_next(row, first_no);
  const bool listed = !row.spec.streamed;
  if (listed) require_cover(step, first_no + static_cast<std::int64_t>(last.size()), ranges);
  if (!last.empty()) append(tx, row, node, t, last);
  for (const auto& r : listed ? ranges : std::span<const ready_range>{}) {
    const auto* bound = find(tx.db.nodes, r.node);
    const auto there = bound != nullptr && bound->state == node_state::active;
    tx.make_ready(step, r.span, there ? r.node : node_id{}, r.attempt, tx.now);
  }
  row.sealed = true;
  tx.log(event::split_sealed, {row.run, step, {}, node}, {{"count", row.count}, {"term", t.value}});
}

std::vector<step_row> memory_store::list_steps(run_id run) {
  transaction tx{*state_};
  return tx.steps_of(run);
}

step_progress memory_store::progress(step_id step) {
  transaction tx{*state_};
  const auto& row = tx.step(step).row;
  step_progress p;
  p.stop = tx.run(row.run).stop;
  p.live = tx.any_live_lease(step);
  p.open = p.live || tx.any_ready(step) || !row.sealed;
  p.any_failed = tx.any_failed(step);
  return p;
}

void memory_store::end_step(step_id step, node_id node, term t, step_state state,
                            const json_text& result, const std::string& error,
                            const std::optional<json_text>& run_result) {
  require_text("the result of the step", result);
  require_text("the error of the step", error);
  if (run_result) require_text("the result of the run", *run_result);
  if (!is_terminal(state)) throw store_error(errc::bad_request, "RUNNING is no end of a step");
  transaction tx{*state_};
  auto& row = driven_step(tx, step, node, t).row;
  if (row.state == state) return;  // a repeat
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(step) + " is " + std::string{to_string(row.state)} + " already");
  if (auto why = untruth(tx, row, state); !why.empty())
    throw store_error(errc::wrong_state,
                      named(step) + " cannot end " + std::string{to_string(state)} + ": " + why);
  row.state = state;
  row.result = result;
  row.error = error;
  row.ended_at = tx.now;
  if (run_result) tx.run(row.run).result = *run_result;
  tx.log(event::step_ended, {row.run, step, {}, node},
         {{"state", to_string(state)}, {"term", t.value}});
}

void memory_store::end_run(run_id run, node_id node, term t, run_state state,
                           const std::string& error) {
  require_text("the error of the run", error);
  if (!is_terminal(state))
    throw store_error(errc::bad_request, std::string{to_string(state)} + " is no end of a run");
  transaction tx{*state_};
  auto* ended = find(tx.db.runs, run);
  if (ended && ended->state == state && ended->master == node && ended->term == t) return;
  auto& row = tx.driven(run, node, t);
  for (const auto& step : tx.steps_of(run))
    if (step.state == step_state::running)
      throw store_error(errc::wrong_state,
                        named(run) + " cannot end: " + named(step.id) + " is RUNNING");
  row.state = state;
  row.error = error;
  row.ended_at = tx.now;
  tx.log(event::run_ended, {run, {}, {}, node}, {{"state", to_string(state)}, {"term", t.value}});
}

std::vector<result_row> memory_store::list_results(step_id step, partition_no after, int limit,
                                                   result_kind kind) {
  transaction tx{*state_};
  std::vector<result_row> rows;
  for (auto r = tx.db.results.upper_bound({step, after});
       r != tx.db.results.end() && r->first.first == step && static_cast<int>(rows.size()) < limit;
       ++r) {
    const auto& row = r->second.row;
    if (kind == result_kind::any || (kind == result_kind::failed ? !row.completed : row.has_files))
      rows.push_back(row);
  }
  return rows;
}

}  // namespace partita::memory
