#include "actors/job_master.hpp"

#include <algorithm>
#include <utility>

#include "actors/log_event.hpp"
#include "protocol/overloaded.hpp"
#include "protocol/retry.hpp"
#include "protocol/run_plan.hpp"

namespace partita {

namespace {

constexpr milliseconds at_once{0};

}  // namespace

// --- the loop ------------------------------------------------------------------------------------

void master_state::advance() {
  if (fenced) return quit();
  try {
    if (!mine.term && !adopt()) return quit();
    if (work && work->outcome) {
      auto wait = settle(*work->outcome);
      work.reset();
      return again(wait);
    }
    if (draining && !work) return let_go();
    if (held && !work) return again(deps->limits.poll);
    decide();
    if (!work) recovered();
  } catch (const store_error& e) {
    if (e.code() == errc::term_lost || e.code() == errc::history_lost) {
      log::warn("run_lost", about(), {{"why", explain(e.code())}});
      return fence();
    }
    again(waits(e));
  } catch (const std::exception& e) {
    log::error("master_failed", about(), {{"why", e.what()}});
    again(tries->refused());
  }
}

/// Returns how long. The log tells of the first failure, and of the end.
milliseconds master_state::waits(const store_error& e) {
  return tries->failed("master_waits", about(work ? work->name : ""), e);
}

/// The database has taken what was to be written, or there was nothing to write. Work that was only
/// begun proves nothing: a full disk can be read.
void master_state::recovered() {
  if (tries->succeeded()) log::info("master_goes_on", about());
}

bool master_state::adopt() {
  mine.term = db->verbs()->adopt_run(mine.run, mine.node, mine.seen);
  return mine.term.has_value();
}

/// Reads the rows and does what comes next.
void master_state::decide() {
  auto row = db->verbs()->find_run(mine.run);
  if (!row || row->master != mine.node || row->term != *mine.term || is_terminal(row->state))
    return quit();
  if (std::exchange(mine.job, row->job.name).empty())
    log::info("run_adopted", about(), {{"term", mine.term->value}});
  if (work) return watch_work(*row);
  const auto* definition = deps->jobs->find(row->job);
  if (!definition) return let_go();  // this program does not know the job any more

  auto steps = db->verbs()->list_steps(mine.run);
  std::optional<step_progress> progress;
  for (const auto& s : steps)
    if (s.state == step_state::running && s.spec.kind == step_kind::partitioned)
      progress = db->verbs()->progress(s.id);
  act(*row, *definition, steps, next_action(*row, steps, definition->shape(), progress));
}

/// The author's code is running: watch for a stop, and keep the thread free.
void master_state::watch_work(const run_row& row) {
  stop_asked = row.stop != stop_mode::none;
  if (stop_asked || held) work->stop.request_stop();
  again(deps->limits.poll);
}

void master_state::act(const run_row& row, const job& definition,
                       const std::vector<step_row>& steps, const master_action& action) {
  auto row_of = [&](step_id id) -> const step_row& {
    return *std::find_if(steps.begin(), steps.end(), [&](const auto& s) { return s.id == id; });
  };
  auto task_for = [&](step_id id, const std::stop_source& stop) {
    return master_task{deps, db, mine.node, *mine.term, row, row_of(id), stop.get_token()};
  };
  auto work_on = [&](step_id id, step_kind kind, bool aggregating) {
    return current_work{id, row_of(id).spec.name, kind, aggregating, {}, {}, row_of(id).spec.retry};
  };
  auto step_at = [&](std::size_t index) { return definition.steps()[index]; };
  std::visit(overloaded{[&](const begin_step& a) {
                          begin(row, definition, a.index);
                          again(at_once);
                        },
                        [&](const split_step& a) {
                          if (rests(a.step, false)) return;
                          auto w = work_on(a.step, step_kind::partitioned, false);
                          start(w, [task = task_for(a.step, w.stop), step = step_at(a.index)] {
                            return split_work(task, std::get<partitioned>(step));
                          });
                        },
                        [&](const run_tasklet& a) {
                          if (rests(a.step, false)) return;
                          auto w = work_on(a.step, step_kind::tasklet, false);
                          start(w, [task = task_for(a.step, w.stop), step = step_at(a.index)] {
                            return tasklet_work(task, std::get<tasklet>(step));
                          });
                        },
                        [&](const aggregate_step& a) {
                          if (rests(a.step, true)) return;
                          auto w = work_on(a.step, step_kind::partitioned, true);
                          start(w, [task = task_for(a.step, w.stop), step = step_at(a.index)] {
                            return aggregate_work(task, std::get<partitioned>(step));
                          });
                        },
                        [&](const watch_step&) {
                          // Quick at first; then at the configured pace.
                          look_wait =
                              std::min(look_wait == at_once ? milliseconds{5} : 2 * look_wait,
                                       deps->limits.master_poll);
                          again(look_wait);
                        },
                        [&](const end_step& a) {
                          auto why = a.error;
                          if (a.state == step_state::failed && why.empty())
                            why = describe_failures(task_for(a.step, std::stop_source{}));
                          const auto& step_name = row_of(a.step).spec.name;
                          finish_step(a.step, step_name, a.state, "", why, std::nullopt);
                          again(at_once);
                        },
                        [&](const end_run& a) {
                          db->verbs()->end_run(mine.run, mine.node, *mine.term, a.state, a.error);
                          const auto state = to_string(a.state);
                          log::info("run_ended", about(), {{"state", state}, {"why", a.error}});
                          quit();
                        }},
             action);
}

void master_state::begin(const run_row& row, const job& definition, std::size_t index) {
  step_spec spec;
  const auto& defined = definition.steps()[index];
  if (const auto* p = std::get_if<partitioned>(&defined)) {
    spec.name = p->name();
    spec.streamed = bool(p->streamer());
    spec.transferable = p->is_transferable();
    spec.retry = p->retries();
    auto nodes = db->verbs()->live_nodes(row.job);
    spec.split_context = describe_cluster(nodes);
  } else {
    const auto& t = std::get<tasklet>(defined);
    spec.name = t.name();
    spec.kind = step_kind::tasklet;
    spec.retry = t.retries();
  }
  spec.ordinal = static_cast<int>(index);
  auto begun = db->verbs()->begin_step(mine.run, mine.node, *mine.term, spec);
  look_wait = milliseconds{0};
  log::info("step_begun", about(spec.name), {{"step_id", begun.id}});
}

// --- the author's code ---------------------------------------------------------------------------

void master_state::start(const current_work& begun, std::function<worker_outcome()> body) {
  work = begun;
  spawn_worker(self, std::move(body));
  again(deps->limits.poll);
}

/// The claimer of this node holds no lease: if this master watches a step, the step may be done.
/// Results of other nodes may follow soon, so the next looks are as close together as at the
/// beginning of the step. Other work reports its own end.
void master_state::look_at_once() {
  if (work || look_wait == at_once) return;
  look_wait = at_once;
  again(at_once);
}

void master_state::ended(const worker_outcome& how) {
  if (fenced) return quit();
  work->outcome = how;
  advance();
}

/// Brings the outcome of the author's code into the database. Repeatable: on a database error the
/// outcome is kept and this is tried again. Returns when to go on.
milliseconds master_state::settle(const worker_outcome& how) {
  using kind = worker_outcome::kind;
  switch (how.how) {
    case kind::term_lost:
      throw store_error(errc::term_lost, how.error);
    case kind::unavailable:
      // What was done is in the rows: decide again from them.
      return waits({errc::unavailable, how.error});
    case kind::failed:
      return failed(how);
    case kind::stopped:
      // Stopped by a user: the next decision ends the step. Stopped by a drain: another master does
      // this work again. In both cases the rows hold all that is needed.
      if (work->aggregating && stop_asked)
        finish_step(work->step, work->name, step_state::stopped, "", "a stop was requested",
                    std::nullopt);
      return at_once;
    case kind::done:
      break;
  }
  recovered();
  if (work->kind == step_kind::partitioned && !work->aggregating) {  // sealed there
    self->send(node, work_atom::value);
    return at_once;
  }
  std::optional<json_text> run_result;
  if (how.has_result) run_result = how.result;
  finish_step(work->step, work->name, step_state::completed, how.result, "", run_result);
  return at_once;
}

/// The author's code threw. It is tried again as often as the step says; then the step fails: at
/// once, or, where partitions of a stream are under execution, once they have ended.
milliseconds master_state::failed(const worker_outcome& how) {
  if (thrown.step != work->step || thrown.aggregating != work->aggregating)
    thrown = {work->step, work->aggregating};
  const auto attempt = thrown.count + 1;
  if (how.may_retry && attempt < work->retry.max_attempts) {
    log::warn("work_retried", about(work->name), {{"tries", attempt}, {"why", how.error}});
    thrown.count = attempt;
    thrown.next = deps->now() + backoff(work->retry, attempt);
    return at_once;
  }
  if (work->kind == step_kind::partitioned && !work->aggregating)
    db->verbs()->fail_step(work->step, mine.node, *mine.term, how.error);
  else
    finish_step(work->step, work->name, step_state::failed, "", how.error, std::nullopt);
  return at_once;
}

/// Whether this work waits for its next try. The rows are read meanwhile: a stop may be requested.
bool master_state::rests(step_id step, bool aggregating) {
  if (thrown.step != step || thrown.aggregating != aggregating) return false;
  const auto left = std::chrono::ceil<milliseconds>(thrown.next - deps->now());
  if (left <= at_once) return false;
  again(std::min(left, deps->limits.poll));
  return true;
}

void master_state::finish_step(step_id step, const std::string& step_name, step_state state,
                               const json_text& result, const std::string& error,
                               const std::optional<json_text>& run_result) {
  db->verbs()->end_step(step, mine.node, *mine.term, state, result, error, run_result);
  look_wait = milliseconds{0};
  log::info("step_ended", about(step_name),
            {{"step_id", step}, {"state", to_string(state)}, {"why", error}});
}

// --- the end -------------------------------------------------------------------------------------

void master_state::drain() {
  draining = true;
  if (!work) advance();
}

void master_state::interrupt() {
  if (work) work->stop.request_stop();
}

/// Another node may be about to take the run over. The outcome of what stops changes nothing: the
/// rows tell what comes next.
void master_state::hold() {
  held = true;
  if (work) work->stop.request_stop();
}

void master_state::resume() {
  held = false;
  if (!work) again(at_once);
}

void master_state::let_go() {
  db->verbs()->step_down(mine.run, mine.node, *mine.term);
  log::info("run_let_go", about(), {{"term", mine.term->value}});
  quit();
}

void master_state::fence() {
  fenced = true;
  if (work && !work->outcome)
    work->stop.request_stop();  // the worker's message ends this actor
  else
    quit();
}

void master_state::quit() {
  self->send(node, mastership_over{mine.run});
  self->quit();
}

void master_state::again(milliseconds in) {
  ++awaited;
  if (in == at_once)
    self->send(self, advance_atom::value, awaited);
  else
    self->delayed_send(self, (*jittered)(in), advance_atom::value, awaited);
}

master_actor::behavior_type job_master(master_actor::stateful_pointer<master_state> self,
                                       deps_ptr deps, std::shared_ptr<master_session> db,
                                       node_actor node, node_id me, masterless_run run,
                                       worker_factory spawn_worker) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.db = std::move(db);
  s.node = std::move(node);
  s.spawn_worker = std::move(spawn_worker);
  s.mine = {me, run.id, run.seen, std::nullopt, {}};
  s.jittered = std::make_unique<jitter>(deps->seed + 100 + static_cast<unsigned>(run.id.value));
  s.tries = std::make_unique<retries>(
      retry_wait{deps->limits, deps->seed + 200 + static_cast<unsigned>(run.id.value)});
  self->send(self, advance_atom::value, s.awaited);
  return {[self](advance_atom, std::uint64_t number) {
            if (number == self->state.awaited) self->state.advance();
          },
          [self](done_atom) { self->state.look_at_once(); },
          [self](const worker_outcome& outcome) { self->state.ended(outcome); },
          [self](fence_atom) { self->state.fence(); },
          [self](hold_atom) { self->state.hold(); },
          [self](resume_atom) { self->state.resume(); },
          [self](drain_atom) { self->state.drain(); },
          [self](interrupt_atom) { self->state.interrupt(); }};
}

}  // namespace partita
