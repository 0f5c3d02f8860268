#include "actors/claimer.hpp"

#include <algorithm>

#include "actors/waiting_lines.hpp"
#include "protocol/isolation.hpp"
#include "protocol/mutation.hpp"
#include "storage/text.hpp"

namespace partita {

namespace {

/// How long a step whose rows are damaged is left aside.
constexpr std::chrono::seconds damaged_rest{10};

}  // namespace

// --- when to claim -------------------------------------------------------------------------------

bool claimer_state::may_claim() const {
  return me.id && draining == drain_progress::none && me.window.at(deps->now()) == trust::full;
}

/// At most one timer for a retry: while one is due the poll does not look, or each poll during an
/// outage would add a timer. The poll does not look either where this node holds leases and has
/// just looked. Returns the wait until the next poll.
milliseconds claimer_state::tick() {
  const auto poll = (*jittered)(deps->limits.poll);
  const auto ago = std::chrono::ceil<milliseconds>(deps->now() - ahead.looked());
  if (!book.empty() && ago < poll / 2) return poll - ago;
  if (work_due) return poll;
  show_progress();
  const bool must_look = ahead.in_doubt() || draining != drain_progress::none;
  if (!me.looks.mine(me.cluster.nodes, must_look ? me.cluster.nodes : book.watchers(me.cluster)))
    return poll;
  ahead.expire();
  work();
  return poll;
}

void claimer_state::work() {
  work_due = false;
  if (!me.id) return;
  try {
    const bool seen_before = last_look_suffices();
    if (!seen_before) look();
    claim_ready();
    if (seen_before && book.wants_more(ahead.nothing_ahead())) {
      look();
      claim_ready();
    }
    if (tries->succeeded()) log::info("claims_resumed", {.node = me.id});
  } catch (const store_error& e) {
    ahead.forget();
    schedule_work(tries->failed("claim_failed", me.id, e));
  }
  book.forget_what_is_over();
  spans.close_what_is_over(book, deps->now());
  hand_out();
  const bool all_idle = book.free_executors() == book.executors();
  if (!work_due && all_idle && book.unhanded() == 0 && book.unsettled() > 0)
    self->send(reporter, flush_atom::value);  // no more results will come
  report_running();
  check_drained();
}

void claimer_state::look() {
  const auto begun = deps->now();
  auto view = db->verbs()->look(me.id);
  deps->counters->looks.add(deps->since(begun));
  if (view.ready.empty()) deps->counters->looks_empty.add();
  ahead.seen(std::move(view.ready), deps->now());
  obey(view);
  ahead.answered();
  for (auto lease : draining == drain_progress::none ? book.offered_back() : book.held())
    give_back(lease);
}

/// The last look still shows where there is work, but not how much of it is left. So a claim may
/// use it without a new look only for a lease of one partition for each idle executor.
bool claimer_state::last_look_suffices() {
  const auto* next = ahead.next();
  if (!next || ahead.in_doubt() || draining != drain_progress::none || !book.knows(next->step))
    return false;
  const auto in = book.width_in(*next, me.cluster.slots);
  return lease_width(in, deps->limits) <= in.free_executors;
}

void claimer_state::claim_ready() {
  while (may_claim() && book.wants_more(ahead.nothing_ahead())) {
    auto* next = ahead.next();
    if (!next) return ahead.exhausted();
    ahead.found();
    if (!try_claim(*next)) outlook::missed(*next);
  }
}

/// A step whose rows are damaged is left aside for a while: it must not keep this node from others.
bool claimer_state::try_claim(ready_step& next) {
  const auto aside = damaged.find(next.step);
  if (aside != damaged.end() && deps->now() < aside->second) return false;
  try {
    return claim_from(next);
  } catch (const store_error& e) {
    if (e.code() != errc::damaged) throw;
    if (aside == damaged.end())
      log::error("step_damaged", {.run = next.run, .node = me.id},
                 {{"step_id", next.step}, {"why", e.what()}});
    damaged[next.step] = deps->now() + damaged_rest;
    return false;
  }
}

bool claimer_state::claim_from(ready_step& next) {
  learn(next.step, next.run);
  const auto in = book.width_in(next, me.cluster.slots);
  ahead.claiming();
  const auto begun = deps->now();
  auto grant = db->verbs()->claim(me.id, next.step, lease_width(in, deps->limits),
                                  in.free_executors, next.limited);
  ahead.answered();
  deps->counters->claims.add(deps->since(begun));
  (grant ? deps->counters->claims_won : deps->counters->claims_lost).add();
  if (!grant) return false;
  ahead.took(next, grant->span.size(), in.executors);
  const auto lease = grant->lease;
  const auto span = grant->span;
  book.granted(std::move(*grant));
  if (spans.wanted())
    spans.granted(origin_of(lease), book.facts_of(next.step).trace, span, deps->now());
  log::debug("lease_granted", log::about(origin_of(lease)), {{"lo", span.lo}, {"hi", span.hi}});
  hand_out();
  return true;
}

/// The facts of a step that is about to be claimed from.
void claimer_state::learn(step_id step, run_id run) {
  if (book.knows(step)) return;
  auto row = db->verbs()->find_run(run);
  const auto steps = db->verbs()->list_steps(run);
  for (const auto& s : steps)
    if (row && s.id == step) {
      const auto* definition = definition_of(row->job, s.spec.name);
      const bool timed = definition && definition->time_limit().count() > 0;
      return book.learn(step, {run, row->job, row->parameters, s.spec, 0, timed, first_of(*row),
                               spans.wanted() ? trace_of(*row) : run_trace{}});
    }
  throw store_error(errc::damaged, named(step) + " has no row");
}

/// Null: this program knows no such step.
const partitioned* claimer_state::definition_of(const job_ref& ref, const std::string& step) const {
  const auto* job = deps->jobs->find(ref);
  return job ? job->partitioned_step(step) : nullptr;
}

/// The run that this one continues, over any number of restarts; itself if none.
run_id claimer_state::first_of(const run_row& run) {
  auto first = run.id;
  for (auto before = run.restart_of; before;) {
    const auto row = db->verbs()->find_run(before);
    if (!row || row->id >= first) break;
    first = row->id;
    before = row->restart_of;
  }
  return first;
}

// --- stopping ------------------------------------------------------------------------------------

void claimer_state::obey(const work_view& view) {
  // A LIVE lease that this node does not know: the answer to its claim was lost.
  std::vector<lease_id> strays;
  for (const auto& held : view.held) {
    if (!book.holds(held.lease))
      strays.push_back(held.lease);
    else if (held.stop != stop_mode::none)
      stop_lease(held.lease, held.stop);
    else if (held.paused)
      give_back(held.lease);
  }
  if (!strays.empty() && !PARTITA_BUG(stray_leases_are_kept)) {
    auto returned = db->verbs()->release(me.id, strays);
    log::warn("stray_leases_released", {.node = me.id}, {{"count", returned}});
  }
  if (!view.masterless.empty() && draining == drain_progress::none)
    self->send(node, masterless_runs{view.masterless});
}

/// With stop_mode::now, partitions that executors hold are not waited for: results that come later
/// are dropped as late.
void claimer_state::stop_lease(lease_id lease, stop_mode mode) {
  for (auto& c : control) c->interrupt(lease);
  if (auto given_up = book.stop(lease, mode); !given_up.empty()) {
    self->send(reporter, result_batch{origin_of(lease), std::move(given_up), {}, false});
    self->send(reporter, flush_atom::value);
  }
  give_back(lease);
}

void claimer_state::give_back(lease_id lease) {
  const auto from = book.offer_back(lease);
  if (!from) return;
  db->verbs()->give_back(me.id, lease, *from);
  book.given_back(lease);
  spans.given_back(lease, *from);
}

void claimer_state::interrupt() {
  for (auto& c : control) c->interrupt();
}

void claimer_state::drain() {
  if (draining == drain_progress::none) draining = drain_progress::asked;
  schedule_work(milliseconds{0});
}

void claimer_state::check_drained() {
  const bool idle = book.empty() && !ahead.in_doubt();
  if (draining != drain_progress::asked || !idle) return;
  draining = drain_progress::over;
  self->send(node, drained_atom::value);
}

// --- executors -----------------------------------------------------------------------------------

void claimer_state::hand_out() {
  // When trust has expired the cluster may give our leases to others: no partition is started.
  if (me.window.at(deps->now()) == trust::expired) return;
  for (auto& batch : book.hand_out()) {
    const auto executor = static_cast<std::size_t>(batch.executor);
    const auto& facts = book.facts_of(batch.step);
    const auto* definition = definition_of(facts.job, facts.spec.name);
    const bool asked = definition && definition->isolated_how();
    const bool isolated = isolates(asked, book.grant_of(batch.lease).attempt, book.holds_retried());
    control[executor]->expect(batch.lease);
    self->send(executors[executor],
               work_batch{origin_of(batch.lease), batch.step, facts.job, facts.parameters,
                          facts.spec.retry, facts.spec.transferable, isolated,
                          std::move(batch.partitions), facts.first_run});
  }
}

/// REQUIRES: it is held.
lease_origin claimer_state::origin_of(lease_id lease) const {
  const auto& grant = book.grant_of(lease);
  const auto& facts = book.facts_of(grant.step);
  return {me.id, facts.run, facts.job.name, facts.spec.name, grant.attempt, lease};
}

void claimer_state::finished(finished_batch& batch) {
  auto back = book.finished(batch.executor, batch.from.lease, std::move(batch.attempts));
  self->send(reporter, result_batch{std::move(batch.from), std::move(back.to_report),
                                    std::move(back.late), book.unhanded() > 0});
  hand_out();
  if (may_claim() && book.wants_more(ahead.nothing_ahead())) schedule_work(milliseconds{0});
  report_running();
}

/// A body whose timeout has passed, and which does not stop: its attempt has failed, and what waits
/// behind it goes back. What its executor brings some day is late.
void claimer_state::overdue(const overdue_attempt& body) {
  auto given_up = book.give_up(body.executor, body.lease, body.no);
  if (given_up.empty()) return;
  control.at(static_cast<std::size_t>(body.executor))->interrupt();
  for (auto& report : given_up) {
    if (report.lease == body.lease && report.no == body.no) {
      const auto& facts = book.facts_of(book.grant_of(body.lease).step);
      const auto attempt = book.grant_of(body.lease).attempt;
      report.error = body.why;
      report.outcome = after_failure(facts.spec.retry, facts.spec.transferable, attempt);
      report.retry_after = backoff(facts.spec.retry, attempt);
    }
    auto from = origin_of(report.lease);
    self->send(reporter, result_batch{std::move(from), {std::move(report)}, {}, false});
  }
  self->send(reporter, flush_atom::value);
}

void claimer_state::answered(const report_answers& answers) {
  const bool held_back = book.overloaded();
  for (const auto& of : answers.leases) {
    book.settled(of.lease, of.recorded);
    spans.reported(of.lease, of.tally);
    if (of.refused == 0) continue;
    for (auto& c : control) c->interrupt(of.lease);
    book.lost(of.lease);
  }
  spans.close_what_is_over(book, deps->now());
  if (book.empty()) self->send(node, done_atom::value);
  if (held_back && may_claim() && book.wants_more(ahead.nothing_ahead()))
    schedule_work(milliseconds{0});
  check_drained();
}

void claimer_state::show_progress() {
  if (!me.id) return;
  const auto changed = progress.changed(control);
  const waiting_lines said{control};
  try {
    if (!changed.empty()) db->verbs()->record_progress(changed);
  } catch (const store_error& e) {
    tries->failed("progress_failed", me.id, e);
  }
  if (said.lines().empty()) return;
  try {  // what is not stored waits; the executor stores it, or tells of it
    db->verbs()->record_log(said.lines());
    said.stored();
  } catch (const store_error&) {
  }
}

// --- standing in the cluster ---------------------------------------------------------------------

void claimer_state::renewed(const renewal& r) {
  if (r.node != me.id) return;
  const bool look =
      me.window.at(deps->now()) != trust::full || (r.cluster.live_runs && !me.cluster.live_runs);
  me.window.renewed(r.sent);
  me.cluster = r.cluster;
  if (look) schedule_work(milliseconds{0});
}

void claimer_state::fence() {
  interrupt();
  self->send(reporter, fence_atom::value);
  book.lost_all();
  spans.lost_all(deps->now());
  ahead.start_anew();
  me.id = {};
  check_drained();
}

void claimer_state::become(node_id new_id) {
  if (me.id == new_id) return;
  fence();
  me.become(new_id, deps->limits);
  self->send(reporter, joined{me.id});
}

void claimer_state::report_running() {
  const int running = book.executors() - book.free_executors();
  if (running == reported_running) return;
  reported_running = running;
  self->send(node, running_count{running});
}

void claimer_state::schedule_work(milliseconds in) {
  if (work_due) return;
  work_due = true;
  if (in.count() == 0)
    self->send(self, work_atom::value);
  else
    self->delayed_send(self, in, work_atom::value);
}

claimer_actor::behavior_type claimer(claimer_actor::stateful_pointer<claimer_state> self,
                                     deps_ptr deps, node_id first, node_actor node,
                                     controls control, const claimer_helpers& spawn) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.node = std::move(node);
  s.db = std::make_shared<worker_session>(deps, "claimer", deps->limits.database_timeout);
  s.me.become(first, deps->limits);
  s.jittered = std::make_unique<jitter>(deps->seed + 2);
  s.tries = std::make_unique<retries>(retry_wait{deps->limits, deps->seed + 5});
  s.control = std::move(control);
  s.book = lease_book{static_cast<int>(s.control.size()), deps->limits};
  s.spans = lease_spans{deps->traces};
  s.reporter = spawn.reporter(self, s.db);
  for (std::size_t i = 0; i < s.control.size(); ++i)
    s.executors.push_back(spawn.executor(self, static_cast<int>(i), s.control[i]));
  self->send(self, tick_atom::value);
  return {[self](tick_atom) { self->delayed_send(self, self->state.tick(), tick_atom::value); },
          [self](work_atom) { self->state.work(); },
          [self](const joined& j) { self->state.become(j.node); },
          [self](const renewal& r) { self->state.renewed(r); },
          [self](fence_atom) { self->state.fence(); },
          [self](finished_batch& batch) { self->state.finished(batch); },
          [self](const report_answers& answers) { self->state.answered(answers); },
          [self](const overdue_attempt& body) { self->state.overdue(body); },
          [self](drain_atom) { self->state.drain(); },
          [self](interrupt_atom) { self->state.interrupt(); }};
}

}  // namespace partita
