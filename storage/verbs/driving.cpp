#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"
#include "storage/verbs/steps.hpp"

namespace partita::verbs {

namespace {

step_standing require_standing(transaction& tx, step_id step) {
  if (const auto found = tx.standing_of(step)) return *found;
  throw store_error(errc::not_found, "there is no " + named(step));
}

/// Why the step cannot end like this now, or nothing: the end must be true. REQUIRES: the step was
/// locked FOR UPDATE before, so that no claim can follow what is read here.
std::string contradiction(const step_standing& now, step_state state) {
  if (now.live) return "a lease of it is LIVE";
  if (state != step_state::completed) return {};
  if (!now.sealed) return "its split is not sealed";
  if (now.ready) return "partitions of it wait";
  if (now.failed) return "a partition of it FAILED";
  return {};
}

bool is_active(transaction& tx, node_id node) {
  const auto found = tx.find_node(node, row_lock::key_share);
  return found && found->state == node_state::active;
}

/// Whether a run that was never RUNNING may be it now. Where its job has a bound, who else wants to
/// begin one waits for this one.
bool may_begin(transaction& tx, const run_row& run) {
  if (run.is_held_back()) return false;
  const auto most = tx.lock_max_runs(run.job);
  return most == 0 || tx.count_running(run.job.name) < most;
}

}  // namespace

std::optional<term> adopt_run(transaction& tx, run_id run, node_id node, term seen) {
  const auto row = tx.find_run(run, row_lock::update);
  if (!row || is_terminal(row->state)) return std::nullopt;
  const term next{seen.value + (PARTITA_BUG(takeover_keeps_the_term) ? 0 : 1)};
  if (row->master == node && row->term == next) return next;  // a repeat
  const auto free = !row->master && row->term == seen;
  if (!free && !PARTITA_BUG(takeover_of_a_driven_run)) return std::nullopt;
  if (row->state == run_state::created && !may_begin(tx, *row)) return std::nullopt;
  if (!is_active(tx, node)) return std::nullopt;
  expect_rows("adopting a run", tx.take_run(run, node, next));
  tx.log(event::run_adopted, {run, {}, {}, node}, {{"term", next.value}});
  return next;
}

void step_down(transaction& tx, run_id run, node_id node, term t) {
  const auto row = tx.find_run(run, row_lock::update);
  if (row && !row->master && row->term == t) return;  // a repeat
  const auto ended_here = row && is_terminal(row->state) && row->master == node && row->term == t;
  if (ended_here) return;
  require_drive(row, run, node, t);
  expect_rows("letting go of a run", tx.release_run(run));
  tx.log(event::run_let_go, {run, {}, {}, node}, {{"term", t.value}});
}

step_row begin_step(transaction& tx, run_id run, node_id node, term t, const step_spec& spec) {
  require_text("the name of the step", spec.name);
  require_text("the split context", spec.split_context);
  for (const auto& limit : spec.limits) require_text("the name of a limit", limit);
  for (const auto& tag : spec.tags) require_text("a tag of the step", tag);
  require_drive(tx.find_run(run, row_lock::key_share), run, node, t);
  if (!spec.limits.empty()) tx.insert_limits(spec.limits);
  if (const auto id = tx.insert_step(run, spec))
    tx.log(event::step_begun, {run, *id, {}, node}, event::begun_detail(spec, t));
  if (const auto row = tx.find_step_at(run, spec.ordinal)) return *row;
  throw store_error(errc::damaged, "a step of " + named(run) + " is there and cannot be read");
}

void fail_step(transaction& tx, step_id step, node_id node, term t, const std::string& error) {
  require_text("the error of the step", error);
  if (error.empty()) throw store_error(errc::bad_request, "a step fails for a reason");
  const auto row = require_driven_step(tx, step, node, t, row_lock::update);
  if (!row.error.empty() || row.state == step_state::failed) return;  // a repeat
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(step) + " is " + std::string{to_string(row.state)} + " already");
  expect_rows("failing a step", tx.set_failing(step, error));
  tx.log(event::step_failing, {row.run, step, {}, node}, {{"term", t.value}});
}

void end_step(transaction& tx, step_id step, node_id node, term t, step_state state,
              const json_text& result, const std::string& error,
              const std::optional<json_text>& run_result) {
  require_text("the result of the step", result);
  require_text("the error of the step", error);
  if (run_result) require_text("the result of the run", *run_result);
  const std::string end{to_string(state)};
  if (!is_terminal(state)) throw store_error(errc::bad_request, end + " is no end of a step");
  const auto row = require_driven_step(tx, step, node, t, row_lock::update);
  if (row.state == state) return;  // a repeat
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(step) + " is " + std::string{to_string(row.state)} + " already");
  if (state == step_state::completed && !row.error.empty())
    throw store_error(errc::wrong_state, named(step) + " cannot end COMPLETED: its split failed");
  if (const auto why = contradiction(require_standing(tx, step), state); !why.empty())
    throw store_error(errc::wrong_state, named(step) + " cannot end " + end + ": " + why);
  expect_rows("ending a step", tx.end_step(step, state, result, error));
  if (run_result) expect_rows("the result of a run", tx.set_run_result(row.run, *run_result));
  tx.log(event::step_ended, {row.run, step, {}, node}, {{"state", end}, {"term", t.value}});
}

void decide_step(transaction& tx, step_id step, node_id node, term t, const decision& chosen) {
  require_text("what a decider chose", chosen.text);
  const auto row = require_driven_step(tx, step, node, t, row_lock::no_key_update);
  if (row.decided) return;
  if (row.state != step_state::completed)
    throw store_error(errc::wrong_state, named(step) + " is " + std::string{to_string(row.state)} +
                                             ": what comes after it is not decided yet");
  expect_rows("deciding what comes after a step", tx.set_decision(step, chosen));
  auto detail = event::decided_detail(chosen);
  detail["term"] = t.value;
  tx.log(event::step_decided, {row.run, step, {}, node}, detail);
}

void end_run(transaction& tx, run_id run, node_id node, term t, run_state state,
             const std::string& error) {
  require_text("the error of the run", error);
  const std::string end{to_string(state)};
  if (!is_terminal(state)) throw store_error(errc::bad_request, end + " is no end of a run");
  const auto row = tx.find_run(run, row_lock::update);
  if (row && row->state == state && row->master == node && row->term == t) return;  // a repeat
  require_drive(row, run, node, t);
  for (const auto& step : tx.list_steps(run))
    if (step.state == step_state::running)
      throw store_error(errc::wrong_state,
                        named(run) + " cannot end: " + named(step.id) + " is RUNNING");
  expect_rows("ending a run", tx.end_run(run, state, error));
  tx.log(event::run_ended, {run, {}, {}, node}, {{"state", end}, {"term", t.value}});
}

step_progress progress(transaction& tx, step_id step) {
  const auto now = require_standing(tx, step);
  return {now.stop, now.live || now.ready || !now.sealed, now.live, now.failed};
}

}  // namespace partita::verbs
