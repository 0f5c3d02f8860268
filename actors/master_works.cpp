#include "actors/master_works.hpp"

#include <algorithm>
#include <utility>

#include "actors/job_master.hpp"
#include "protocol/mutation.hpp"
#include "protocol/retry.hpp"

// The author's code on a master: how it is called, and how what came of it gets into the database.
namespace partita {

/// Unless it waits for its next try. The rows are read meanwhile: a stop may be requested.
milliseconds master_state::work_on(const rows& now, work_kind kind, step_id step) {
  if (const auto left = works.left(step, kind, deps->now()); left > at_once) return left;
  const auto& row = now.of(step);
  const running_work w{row.id, row.spec.name, kind, row.spec.retry};
  start(w, [task = task_for(now.run, row, w), kind] { return call_author(task, kind); });
  return deps->limits.poll;
}

/// It sees what the steps before it have done; who decides, what its step has done too.
master_task master_state::task_for(const run_row& run, const step_row& step,
                                   const running_work& w) const {
  std::vector<bool> visible(mine.plan.size(), true);
  if (step.id) {
    const auto ordinal = static_cast<std::size_t>(step.spec.ordinal);
    visible = steps_before(mine.plan, ordinal);
    visible[ordinal] = w.kind == work_kind::decide;
  }
  return {deps,
          db,
          mine.node,
          *mine.term,
          run,
          step,
          w.stop.get_token(),
          mine.definition,
          outcomes_of(db, mine.run, visible)};
}

void master_state::start(running_work w, std::function<worker_outcome()> body) {
  const auto step = w.step;
  if (interrupted) w.stop.request_stop();
  works.begin(std::move(w));
  spawn_worker(self, [step, body = std::move(body)] {
    auto outcome = body();
    outcome.step = step;
    return outcome;
  });
}

// --- what came of it ----------------------------------------------------------------------------

/// Brings the outcomes of the author's code into the database. Repeatable: on a database error an
/// outcome is kept and this is tried again. Returns when to go on; nothing: no work had ended.
std::optional<milliseconds> master_state::settle_ended() {
  std::optional<milliseconds> wait;
  each_by_itself(works.to_settle(), [&](step_id step) {
    auto rest = at_once;
    try {
      rest = settle(works.at(step));
    } catch (const store_error& e) {
      // A call that got no answer has happened since: it was another end that was decided on.
      if (e.code() != errc::wrong_state) throw;
      rest = waits(e, works.at(step).name);
    }
    if (works.at(step).outcome) works.forget(step);  // else who listens is told now
    wait = std::max(wait.value_or(at_once), rest);
  });
  return wait;
}

milliseconds master_state::settle(const running_work& w) {
  using kind = worker_outcome::kind;
  const auto& how = *w.outcome;
  switch (how.how) {
    case kind::term_lost:
      throw store_error(errc::term_lost, how.error);
    case kind::unavailable:
      if (w.kind == work_kind::after_step) {  // its step has ended: only who listens is told again
        close_step(w.step, w.name, w.end);
        return at_once;
      }
      // What was done is in the rows: decide again from them.
      return waits({errc::unavailable, how.error}, w.name);
    case kind::failed:
      return failed(w);
    case kind::stopped:
      // Stopped by a user: the next decision ends the step. Stopped by a drain: another master does
      // this work again. In both cases the rows hold all that is needed.
      if (w.kind == work_kind::aggregate && stop_asked)
        close_step(w.step, w.name, {step_state::stopped, "", "a stop was requested", false});
      return at_once;
    case kind::done:
      break;
  }
  switch (w.kind) {
    case work_kind::split:  // sealed there
      self->send(node, work_atom::value);
      break;
    case work_kind::tasklet:
    case work_kind::aggregate:
      close_step(w.step, w.name, {step_state::completed, how.result, "", how.has_result});
      break;
    case work_kind::decide:
      decided(w, how.decided.value_or(next()));
      break;
    case work_kind::after_step:
      finish_step(w.step, w.name, w.end);
      break;
    case work_kind::after_run:
      finish_run(w.run_end, w.run_error);
      break;
  }
  if (w.outcome) recovered();  // else who listens is told now, and nothing was written
  return at_once;
}

/// The author's code threw. It is tried again as often as the step says; then the step fails: at
/// once, or, where partitions of a stream are under execution, once they have ended. The step of a
/// decider has ended: the run fails.
milliseconds master_state::failed(const running_work& w) {
  const auto& how = *w.outcome;
  const auto attempt = works.thrown(w);
  if (how.may_retry && attempt < w.retry.max_attempts) {
    log::warn("work_retried", about(w.name), {{"tries", attempt}, {"why", how.error}});
    works.rest(w, deps->now() + backoff(w.retry, attempt));
  } else if (w.kind == work_kind::split) {
    db->verbs()->fail_step(w.step, mine.node, *mine.term, how.error);
  } else if (w.kind == work_kind::decide) {
    decided(w, fail(how.error));
  } else {
    close_step(w.step, w.name, {step_state::failed, "", how.error, false});
  }
  return at_once;
}

void master_state::decided(const running_work& w, const decision& chosen) {
  db->verbs()->decide_step(w.step, mine.node, *mine.term, chosen);
  log::info("step_decided", about(w.name),
            {{"step_id", w.step}, {"decision", to_string(chosen.how)}, {"text", chosen.text}});
}

/// Ends a step. Who listens is told before the end stands: so they are told at least once.
void master_state::close_step(step_id step, const std::string& step_name, const step_ending& how) {
  if (mine.definition->listening().after_step.empty()) return finish_step(step, step_name, how);
  if (PARTITA_BUG(listeners_hear_after_the_end)) finish_step(step, step_name, how);
  const auto run = db->verbs()->find_run(mine.run);
  for (auto s : db->verbs()->summarize(mine.run)) {
    if (s.row.id != step || !run) continue;
    running_work w{step, step_name, work_kind::after_step, {}};
    w.end = how;
    const auto task = task_for(*run, s.row, w);
    s.row.state = how.state;
    s.row.result = how.result;
    s.row.error = how.error;
    return start(std::move(w),
                 [task, as_it_ends = outcome_of(s)] { return after_step_work(task, as_it_ends); });
  }
}

void master_state::finish_step(step_id step, const std::string& step_name, const step_ending& how) {
  std::optional<json_text> run_result;
  if (how.sets_run_result) run_result = how.result;
  db->verbs()->end_step(step, mine.node, *mine.term, how.state, how.result, how.error, run_result);
  look_wait = at_once;
  log::info("step_ended", about(step_name),
            {{"step_id", step}, {"state", to_string(how.state)}, {"why", how.error}});
}

}  // namespace partita
