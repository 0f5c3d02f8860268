#include "actors/job_master.hpp"

#include <algorithm>
#include <utility>

#include "actors/text.hpp"
#include "protocol/assignment.hpp"
#include "protocol/overloaded.hpp"

namespace partita {

namespace {

/// The step whose work an action would begin, or wait for; none of a step that has not begun.
std::optional<step_id> step_of(const master_action& action) {
  return std::visit(
      overloaded{[](const begin_step&) -> std::optional<step_id> { return std::nullopt; },
                 [](const end_run&) -> std::optional<step_id> { return step_id{}; },
                 [](const auto& a) -> std::optional<step_id> { return a.step; }},
      action);
}

/// Where its scaling is not possible it is not streamed: its split says why.
bool is_streamed(const partitioned& defined, const run_row& run) {
  try {
    return defined.streams(parameters{parse_document("the run's parameters", run.parameters)});
  } catch (const std::exception&) {
    return false;
  }
}

step_spec spec_of(const job_step& defined, std::size_t ordinal, const run_row& run,
                  const std::vector<live_node>& nodes) {
  step_spec spec;
  spec.name = name_of(defined);
  spec.ordinal = static_cast<int>(ordinal);
  if (const auto* p = std::get_if<partitioned>(&defined)) {
    spec.streamed = is_streamed(*p, run);
    spec.transferable = p->is_transferable();
    spec.retry = p->retries();
    spec.at_most = p->most_at_once();
    spec.limits = p->limits();
    spec.tags = p->tags();
    spec.split_context = describe_cluster(with_tags(nodes, spec.tags));
  } else {
    spec.kind = step_kind::tasklet;
    spec.retry = std::get<tasklet>(defined).retries();
  }
  return spec;
}

}  // namespace

const step_row& master_state::rows::of(step_id step) const {
  return *std::find_if(steps.begin(), steps.end(), [&](const auto& s) { return s.id == step; });
}

// --- the loop ------------------------------------------------------------------------------------

void master_state::advance() {
  if (fenced) {
    if (works.all_ended()) quit();  // else the last worker's message ends this actor
    return;
  }
  if (held) return again(deps->limits.poll);
  try {
    if (!mine.term && !adopt()) return quit();
    if (const auto wait = settle_ended()) return again(*wait);
    if (draining && works.empty()) return let_go();
    decide();
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
milliseconds master_state::waits(const store_error& e, std::string_view step) {
  return tries->failed("master_waits", about(step), e);
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

/// Reads the rows and does what comes next: all that can be done now.
void master_state::decide() {
  auto row = own_run();
  if (!row) return quit();
  if (row->stop != stop_mode::none && !std::exchange(stop_asked, true)) resting = false;
  if (stop_asked) works.stop_steps();
  if (draining || resting) return again(deps->limits.poll);
  if (!know_job(row->job)) return let_go();

  const rows now{*row, db->verbs()->list_steps(mine.run)};
  const auto actions = next_actions(now.run, now.steps, mine.plan, progress_of(now.steps));
  const auto watches = [](const auto& a) { return std::holds_alternative<watch_step>(a); };
  // Quick at first; then at the configured pace.
  if (!std::any_of(actions.begin(), actions.end(), watches))
    look_wait = at_once;
  else
    look_wait =
        std::min(look_wait == at_once ? milliseconds{5} : 2 * look_wait, deps->limits.master_poll);
  auto wait = deps->limits.poll;
  const auto at_work = [&](const master_action& action) {
    const auto step = step_of(action);
    return step && works.has(*step);  // it goes on when that has ended
  };
  each_by_itself(actions, [&](const master_action& action) {
    if (!at_work(action)) wait = std::min(wait, act(now, action));
  });
  resting = !actions.empty() && std::all_of(actions.begin(), actions.end(), at_work);
  if (wait == at_once || works.empty()) recovered();
  again(wait);
}

/// The run, while this master drives it.
std::optional<run_row> master_state::own_run() {
  auto row = db->verbs()->find_run(mine.run);
  if (!row || row->master != mine.node || row->term != *mine.term || is_terminal(row->state))
    return std::nullopt;
  if (std::exchange(mine.job, row->job.name).empty())
    log::info("run_adopted", about(), {{"term", mine.term->value}});
  return row;
}

bool master_state::know_job(const job_ref& job) {
  if (mine.definition == nullptr) mine.definition = deps->jobs->find(job);
  if (mine.definition != nullptr && mine.plan.empty()) mine.plan = mine.definition->shape();
  return mine.definition != nullptr;
}

std::map<step_id, step_progress> master_state::progress_of(const std::vector<step_row>& steps) {
  std::map<step_id, step_progress> all;
  for (const auto& s : steps)
    if (s.state == step_state::running && s.spec.kind == step_kind::partitioned && !works.has(s.id))
      all[s.id] = db->verbs()->progress(s.id);
  return all;
}

milliseconds master_state::act(const rows& now, const master_action& action) {
  using kind = work_kind;
  return std::visit(
      overloaded{[&](const begin_step& a) { return begin(now, a); },
                 [&](const split_step& a) { return work_on(now, kind::split, a.step); },
                 [&](const run_tasklet& a) { return work_on(now, kind::tasklet, a.step); },
                 [&](const aggregate_step& a) { return work_on(now, kind::aggregate, a.step); },
                 [&](const decide_step& a) { return work_on(now, kind::decide, a.step); },
                 [&](const watch_step&) { return look_wait; },
                 [&](const auto& ending) { return end(now, ending); }},
      action);
}

milliseconds master_state::begin(const rows& now, const begin_step& action) {
  const auto& defined = mine.definition->steps()[action.index];
  const auto nodes = std::holds_alternative<partitioned>(defined)
                         ? db->verbs()->live_nodes(now.run.job)
                         : std::vector<live_node>{};
  auto spec = spec_of(defined, action.index, now.run, nodes);
  spec.after_failure = action.after_failure;
  const auto begun = db->verbs()->begin_step(mine.run, mine.node, *mine.term, spec);
  log::info("step_begun", about(begun.spec.name), {{"step_id", begun.id}});
  look_wait = at_once;
  return at_once;
}

milliseconds master_state::end(const rows& now, const end_step& action) {
  const auto& step = now.of(action.step);
  step_ending how{action.state, "", action.error, false};
  if (how.state == step_state::failed && how.error.empty())
    how.error = describe_failures(task_for(now.run, step, {}));
  const auto unknown = std::cmp_greater_equal(step.spec.ordinal, mine.plan.size());
  if (unknown)  // to this version of the job: who listens was not told that it began
    finish_step(step.id, step.spec.name, how);
  else
    close_step(step.id, step.spec.name, how);
  return works.has(step.id) ? deps->limits.poll : at_once;
}

milliseconds master_state::end(const rows& now, const end_run& action) {
  if (mine.definition->listening().after_run.empty()) {
    finish_run(action.state, action.error);
  } else {
    running_work w;
    w.run_end = action.state;
    w.run_error = action.error;
    const run_outcome how{action.state, action.error};
    start(w, [task = task_for(now.run, {}, w), how] { return after_run_work(task, how); });
  }
  return deps->limits.poll;
}

/// The claimer of this node holds no lease: if this master watches a step, the step may be done.
/// Results of other nodes may follow soon, so the next looks are as close together as at the
/// beginning of the step.
void master_state::look_at_once() {
  if (look_wait == at_once) return;
  look_wait = at_once;
  again(at_once);
}

void master_state::ended(const worker_outcome& how) {
  works.ended(how);
  resting = false;
  advance();
}

// --- the end -------------------------------------------------------------------------------------

/// How long it took, by the clock of the database.
void master_state::count_run(run_state state) {
  try {
    const auto ended = db->verbs()->find_run(mine.run);
    if (!ended || !ended->started_at || !ended->ended_at) return;
    deps->counters->runs.of({mine.job, state}).add(*ended->ended_at - *ended->started_at);
    trace_run(*ended);
  } catch (const store_error&) {
    // The run has ended; metrics and traces may miss it.
  }
}

void master_state::trace_run(const run_row& ended) {
  if (!deps->traces || !trace_of(ended).submit.sampled) return;
  const auto before =
      ended.restart_of ? db->verbs()->find_run(ended.restart_of) : std::optional<run_row>{};
  for (auto& one : spans_of(ended, before)) deps->traces->take(std::move(one));
}

void master_state::finish_run(run_state state, const std::string& error) {
  db->verbs()->end_run(mine.run, mine.node, *mine.term, state, error);
  count_run(state);
  log::info("run_ended", about(), {{"state", to_string(state)}, {"why", error}});
  recovered();
  quit();
}

void master_state::drain() {
  draining = true;
  if (works.empty()) advance();
}

void master_state::interrupt() {
  interrupted = true;
  works.stop_all();
}

/// Another node may be about to take the run over. What stops, and what has ended, waits until this
/// node is trusted again, or fenced.
void master_state::hold() {
  held = true;
  works.stop_all();
}

void master_state::resume() {
  held = false;
  if (works.all_ended()) again(at_once);
}

void master_state::let_go() {
  db->verbs()->step_down(mine.run, mine.node, *mine.term);
  log::info("run_let_go", about(), {{"term", mine.term->value}});
  quit();
}

void master_state::fence() {
  fenced = true;
  works.stop_all();
  advance();
}

void master_state::quit() {
  mine.over = true;
  self->send(node, mastership_over{mine.run});
  self->quit();
}

void master_state::again(milliseconds in) {
  if (mine.over) return;
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
  s.mine = {me, run.id, run.seen, std::nullopt};
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
