#include "actors/claimer.hpp"

#include <algorithm>

#include <spdlog/spdlog.h>

#include "protocol/mutation.hpp"
#include "storage/text.hpp"

namespace partita {

namespace {

/// Partitions shorter than this travel to executors in batches that last about as long.
constexpr double batch_us = 5'000;
constexpr std::int64_t max_batch = 2'000;
/// Of partitions shorter than this the next batch waits in the executor's mailbox, or the executor
/// would rest whenever the claimer is waiting for the database. What waits behind a partition that
/// takes much longer than most cannot go elsewhere: hence no more of them than that.
constexpr double ahead_us = 20'000;

/// How many of `pending` go into one statement: as many as it may hold, and not too many bytes.
std::size_t report_size(const std::vector<attempt_report>& pending, const settings& limits) {
  const auto most = std::min(pending.size(), static_cast<std::size_t>(limits.max_report_batch));
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < most; ++i) {
    bytes += pending[i].output.size() + pending[i].error.size() + pending[i].files.size();
    if (bytes > limits.max_statement_bytes) return std::max<std::size_t>(i, 1);
  }
  return most;
}

}  // namespace

// --- when to claim -------------------------------------------------------------------------------

bool claimer_state::may_claim() const {
  return id && !draining && window->at(deps->now()) == trust::full;
}

int claimer_state::free_executors() const {
  return static_cast<int>(std::count_if(executors.begin(), executors.end(),
                                        [](const auto& e) { return e.batches == 0; }));
}

std::int64_t claimer_state::unhanded() const {
  std::int64_t sum = 0;
  for (const auto& [lease, held] : leases)
    if (!held.stopping && !held.offered_back) sum += held.unhanded();
  return sum;
}

/// More is wanted while an executor would idle; and, where partitions are short against the time a
/// claim takes, a tenth of the hold time ahead, but not more than the widest lease holds. Long
/// partitions are never held in advance.
bool claimer_state::wants_more() const {
  const auto waiting = unhanded();
  if (waiting < free_executors()) return true;
  if (nothing_ahead || waiting >= deps->limits.max_lease_width) return false;
  const double lead_us = microseconds{deps->limits.lease_hold}.count() / 10.0;
  double queued_us = 0;
  for (const auto& [lease, held] : leases) {
    auto facts = steps.find(held.grant.step);
    auto mean = facts == steps.end() ? 0.0 : facts->second.mean_us;
    if (mean <= 0 || mean > lead_us) return false;
    queued_us += mean * static_cast<double>(held.unhanded());
  }
  return !leases.empty() && queued_us / static_cast<double>(executors.size()) < lead_us;
}

/// The nodes together poll as often as this many would. While no run is live few are enough: each
/// hears of a new one by its next heartbeat at the latest. Nodes that have all they can do look for
/// a request to stop, and for no more. Where there is something to find, every node looks.
int claimer_state::watchers() const {
  constexpr int while_idle = 4;
  constexpr int while_busy = 128;
  if (in_doubt || draining || !pending.empty()) return cluster.nodes;
  if (leases.empty()) return cluster.live_runs ? cluster.nodes : while_idle;
  return unhanded() < free_executors() ? cluster.nodes : while_busy;
}

/// One timer at a time: while a retry is due, the poll adds none, or an outage would breed them;
/// and none where it has just looked, to claim. Returns when the next is due.
milliseconds claimer_state::tick() {
  const auto poll = (*spread)(deps->limits.poll);
  const auto ago = std::chrono::ceil<milliseconds>(deps->now() - looked);
  if (!leases.empty() && ago < poll / 2) return poll - ago;
  if (work_due) return poll;
  show_progress();
  if (!polls.mine(cluster.nodes, watchers())) return poll;
  nothing_ahead = false;
  ready.clear();
  work();
  return poll;
}

void claimer_state::work() {
  work_due = false;
  if (!id) return;
  try {
    const bool seen_before = view_will_do();
    if (!seen_before) look();
    claim_ready();
    if (seen_before && wants_more()) {
      look();
      claim_ready();
    }
    if (!answered) spdlog::info("claims_resumed node={}", id.value);
    answered = true;
    rest->reset();
  } catch (const store_error& e) {
    note_failure("claim", e);
    ready.clear();
    schedule_work(rest->next());
  }
  std::erase_if(leases, [](const auto& entry) { return entry.second.over(); });
  hand_out();
  const bool all_rest = free_executors() == static_cast<int>(executors.size());
  if (!work_due && all_rest && unhanded() == 0) flush();  // nobody is left to bring company
  tell_running();
  check_drained();
}

void claimer_state::look() {
  auto view = db->get().look(id);
  looked = deps->now();
  ready = std::move(view.ready);
  obey(view);
  in_doubt = false;
  if (draining)
    for (auto& [lease, held] : leases) give_back_unhanded(held);
}

/// What was seen at the last poll says well enough where there is work, but not how much is left:
/// it will do for a lease of one partition for each idle executor.
bool claimer_state::view_will_do() const {
  const auto next = fairest(ready);
  if (!next || in_doubt || draining || !steps.contains(ready[*next].step)) return false;
  const auto in = width_in(ready[*next]);
  return lease_width(in, deps->limits) <= in.free_executors;
}

void claimer_state::claim_ready() {
  while (may_claim() && wants_more()) {
    auto next = fairest(ready);
    nothing_ahead = !next;
    if (!next) return;
    // Somebody was faster, or the range that was tried before is taken, and what comes after it is
    // not known: look again next round. Claims on an old view would each be as narrow as this one.
    if (!claim_one(ready[*next]) || ready[*next].next_attempt > 0) ready[*next].remaining = 0;
  }
}

/// REQUIRES: the facts of the step are known.
width_input claimer_state::width_in(const ready_step& next) const {
  const auto& facts = steps.at(next.step);
  width_input in;
  in.remaining = next.remaining;
  in.executors = static_cast<int>(executors.size());
  in.free_executors = std::max(1, free_executors() - static_cast<int>(unhanded()));
  in.cluster_slots = std::max(cluster.slots, in.executors);
  if (facts.mean_us > 0) in.mean_duration = microseconds{static_cast<std::int64_t>(facts.mean_us)};
  in.one_start = !facts.spec.transferable || next.next_attempt > 0;
  return in;
}

bool claimer_state::claim_one(ready_step& next) {
  learn(next.step, next.run);
  const auto in = width_in(next);
  in_doubt = true;  // until the answer is here
  auto grant = db->get().claim(id, next.step, lease_width(in, deps->limits), in.free_executors);
  in_doubt = false;
  if (!grant) return false;
  spdlog::debug("lease_granted node={} lease={} step={} lo={} hi={} attempt={}", id.value,
                grant->lease.value, grant->step.value, grant->span.lo, grant->span.hi,
                grant->attempt);
  next.remaining -= grant->span.size();
  next.slots_held += static_cast<int>(std::min<std::int64_t>(grant->span.size(), in.executors));
  auto lease = grant->lease;
  leases[lease].grant = std::move(*grant);
  hand_out();
  return true;
}

/// The facts of a step that is about to be claimed from.
void claimer_state::learn(step_id step, run_id run) {
  if (steps.contains(step)) return;
  constexpr std::size_t most = 1000;
  if (steps.size() >= most)
    std::erase_if(steps, [&](const auto& entry) {
      return std::none_of(leases.begin(), leases.end(),
                          [&](const auto& l) { return l.second.grant.step == entry.first; });
    });
  auto row = db->get().find_run(run);
  for (const auto& s : db->get().list_steps(run))
    if (row && s.id == step) {
      steps[step] = step_facts{run, row->job, row->parameters, s.spec, 0};
      return;
    }
  throw store_error(errc::damaged, named(step) + " has no row");
}

// --- stopping ------------------------------------------------------------------------------------

void claimer_state::obey(const work_view& view) {
  // A lease nobody here knows was granted to a claim that was never answered.
  std::vector<lease_id> strays;
  for (const auto& held : view.held) {
    if (!leases.contains(held.lease))
      strays.push_back(held.lease);
    else if (held.stop != stop_mode::none)
      stop_lease(held.lease, held.stop);
  }
  if (!strays.empty() && !PARTITA_BUG(stray_leases_are_kept)) {
    auto returned = db->get().release(id, strays);
    spdlog::warn("stray_leases_released node={} count={}", id.value, returned);
  }
  if (!view.masterless.empty() && !draining) self->send(node, masterless_runs{view.masterless});
}

void claimer_state::stop_lease(lease_id lease, stop_mode mode) {
  auto found = leases.find(lease);
  if (found == leases.end()) return;
  auto& held = found->second;
  held.stopping = true;
  for (auto& c : control) c->interrupt(lease);
  give_back_unhanded(held);
  if (mode != stop_mode::now) return;
  // Nothing is waited for: what executors still hold counts as given back. What they bring later
  // belongs to no lease of ours and is dropped.
  for (auto no : held.out) {
    attempt_report given_up;
    given_up.lease = lease;
    given_up.no = no;
    given_up.outcome = attempt_outcome::released;
    given_up.error = "interrupted";
    pending.push_back(given_up);
    ++held.unsettled;
  }
  held.out.clear();
  schedule_flush(milliseconds{0});
}

/// Even if the answer is lost: what has been offered back is never handed out.
void claimer_state::give_back_unhanded(held_lease& held) {
  if (held.unhanded() == 0) return;
  held.offered_back = true;
  db->get().give_back(id, held.grant.lease, held.grant.partitions[held.next].no);
  held.grant.partitions.resize(held.next);
}

void claimer_state::interrupt_all() {
  for (auto& c : control) c->interrupt();
}

void claimer_state::drain() {
  draining = true;
  schedule_work(milliseconds{0});
}

void claimer_state::hurry() { interrupt_all(); }

void claimer_state::check_drained() {
  if (!draining || drained || !leases.empty() || !pending.empty() || in_doubt) return;
  drained = true;
  self->send(node, drained_atom::value);
}

// --- executors -----------------------------------------------------------------------------------

void claimer_state::hand_out() {
  // While the cluster may be giving our leases away, nothing more of them is begun.
  if (window->at(deps->now()) == trust::expired) return;
  for (int depth = 0; depth < 2; ++depth)
    for (std::size_t e = 0; e < executors.size(); ++e)
      if (executors[e].batches == depth) hand_to(e, depth);
}

bool claimer_state::hand_to(std::size_t executor, int depth) {
  for (auto& [lease, held] : leases) {
    if (held.stopping || held.offered_back || held.unhanded() == 0) continue;
    const auto& facts = steps.at(held.grant.step);
    auto shorter_than = [&](double us) { return facts.mean_us > 0 && facts.mean_us < us; };
    if (depth > 0 && !shorter_than(ahead_us)) continue;
    auto size = shorter_than(batch_us) ? static_cast<std::int64_t>(batch_us / facts.mean_us) : 1;
    auto share = held.unhanded() / static_cast<std::int64_t>(executors.size()) + 1;
    size = std::clamp<std::int64_t>(std::min(size, share), 1, std::min(max_batch, held.unhanded()));

    work_batch batch{lease,
                     held.grant.step,
                     facts.run,
                     facts.job,
                     facts.spec.name,
                     facts.parameters,
                     facts.spec.retry,
                     facts.spec.transferable,
                     held.grant.attempt,
                     {}};
    for (; size > 0; --size) {
      auto& part = held.grant.partitions[held.next++];
      held.out.insert(part.no);
      batch.partitions.push_back(std::move(part));
    }
    ++executors[executor].batches;
    control[executor]->expect(lease);
    self->send(executors[executor].actor, std::move(batch));
    return true;
  }
  return false;
}

void claimer_state::measure(const finished_batch& batch) {
  auto held = leases.find(batch.lease);
  if (held == leases.end()) return;
  double sum = 0;
  int count = 0;
  for (const auto& attempt : batch.attempts) {
    if (attempt.report.outcome != attempt_outcome::completed) continue;
    sum += static_cast<double>(attempt.report.took.count());
    ++count;
  }
  if (count == 0) return;
  auto& mean = steps.at(held->second.grant.step).mean_us;
  auto latest = std::max(0.5, sum / count);
  mean = mean <= 0 ? latest : 0.8 * mean + 0.2 * latest;
}

/// What may be started only once and was interrupted, by a drain or an outage, cannot be given
/// back. (Where the run itself is asked to stop nobody will start it again, but for a restart.)
void claimer_state::judge_interruption(const held_lease& held, finished_attempt& attempt) {
  auto& r = attempt.report;
  if (r.outcome != attempt_outcome::released || !attempt.begun || held.stopping ||
      steps.at(held.grant.step).spec.transferable || PARTITA_BUG(interrupted_single_starts_go_back))
    return;
  r.outcome = attempt_outcome::failed;
  r.error = "interrupted (" + r.error + "), and it may be started only once";
}

void claimer_state::finished(finished_batch& batch) {
  --executors[static_cast<std::size_t>(batch.executor)].batches;
  measure(batch);
  auto found = leases.find(batch.lease);
  for (auto& attempt : batch.attempts) {
    if (found != leases.end() && found->second.out.erase(attempt.report.no) > 0) {
      ++found->second.unsettled;
      judge_interruption(found->second, attempt);
      pending.push_back(std::move(attempt.report));
    } else {
      drop(attempt.report);  // the lease is not ours any more, or was given back without waiting
    }
  }
  if (static_cast<int>(pending.size()) >= deps->limits.max_report_batch && !flush_due)
    flush();
  else if (!pending.empty())
    schedule_flush(deps->limits.report_delay / (unhanded() > 0 ? 1 : 10));
  hand_out();
  if (may_claim() && wants_more()) schedule_work(milliseconds{0});
  tell_running();
}

// --- reporting -----------------------------------------------------------------------------------

void claimer_state::flush() {
  flush_due = false;
  while (id && !pending.empty()) {
    const auto size = report_size(pending, deps->limits);
    std::vector<report_verdict> verdicts;
    doubtful = std::max(doubtful, size);
    try {
      verdicts = report({pending.data(), size});
    } catch (const store_error& e) {
      note_failure("report", e);
      if (PARTITA_BUG(results_are_forgotten_in_an_outage)) forget_pending();
      schedule_flush(rest->next());
      return;
    }
    const auto end = pending.begin() + static_cast<std::ptrdiff_t>(size);
    std::vector<attempt_report> reported(std::make_move_iterator(pending.begin()),
                                         std::make_move_iterator(end));
    pending.erase(pending.begin(), end);
    doubtful -= size;
    for (std::size_t i = 0; i < size; ++i) settle(reported[i], verdicts[i]);
    if (leases.empty()) self->send(node, done_atom::value);
  }
  check_drained();
}

/// What the database cannot take (a text it refuses) fails its own partition, and no other.
std::vector<report_verdict> claimer_state::report(std::span<const attempt_report> items) {
  try {
    return db->get().report(id, items);
  } catch (const store_error& e) {
    if (e.code() != errc::bad_request) throw;
    if (items.size() == 1) {
      auto item = items.front();
      item.outcome = attempt_outcome::failed;
      item.output = "null";
      item.files.clear();
      item.error = std::string{"its result cannot be stored: "} + e.what();
      return db->get().report(id, {&item, 1});
    }
  }
  std::vector<report_verdict> verdicts;
  for (const auto& item : items) verdicts.push_back(report({&item, 1}).front());
  return verdicts;
}

void claimer_state::settle(const attempt_report& r, report_verdict verdict) {
  if (verdict == report_verdict::rejected) {
    for (auto& c : control) c->interrupt(r.lease);
    leases.erase(r.lease);
    return drop(r);
  }
  for (const auto& file : parse_files(r.files)) {
    try {
      publish(file);
    } catch (const std::exception& e) {  // the master publishes again before it aggregates
      spdlog::warn("publish_failed no={} why=\"{}\"", r.no, e.what());
    }
  }
  if (r.outcome == attempt_outcome::failed || r.outcome == attempt_outcome::retry)
    spdlog::warn("partition_{} lease={} no={} why=\"{}\"",
                 r.outcome == attempt_outcome::failed ? "failed" : "retried", r.lease.value, r.no,
                 r.error);
  if (auto held = leases.find(r.lease); held != leases.end()) {
    --held->second.unsettled;
    if (held->second.over()) leases.erase(held);
  }
}

void claimer_state::drop(const attempt_report& attempt) {
  spdlog::warn("late_result_dropped node={} lease={} no={}", id.value, attempt.lease.value,
               attempt.no);
  for (const auto& file : parse_files(attempt.files)) discard(file);
}

void claimer_state::forget_pending() {
  pending.clear();
  doubtful = 0;
}

void claimer_state::show_progress() {
  if (!id) return;
  std::vector<progress_report> changed;
  shown.resize(control.size());
  for (std::size_t i = 0; i < control.size(); ++i) {
    auto current = control[i]->now();
    if (!current) continue;
    progress_report p{current->lease, current->no, current->progress->done.load(),
                      current->progress->total.load()};
    auto same_partition = shown[i].lease == p.lease && shown[i].no == p.no;
    if (same_partition && (p.done != shown[i].done || p.total != shown[i].total))
      changed.push_back(p);
    if (same_partition)
      shown[i] = p;
    else
      shown[i] = {p.lease, p.no, 0, 0};  // shown from its second tick on: short ones never are
  }
  if (changed.empty()) return;
  try {
    db->get().record_progress(changed);
  } catch (const store_error& e) {
    note_failure("progress", e);
  }
}

// --- standing in the cluster ---------------------------------------------------------------------

void claimer_state::renewed(const renewal& r) {
  if (r.node != id) return;
  const bool look =
      window->at(deps->now()) != trust::full || (r.cluster.live_runs && !cluster.live_runs);
  window->renewed(r.sent);
  cluster = r.cluster;
  if (look) schedule_work(milliseconds{0});
}

void claimer_state::fence() {
  interrupt_all();
  // A result that was sent may stand: its files stay, and the master clears away what does not.
  if (PARTITA_BUG(files_of_doubtful_results_are_discarded)) doubtful = 0;
  for (auto i = doubtful; i < pending.size(); ++i) drop(pending[i]);
  forget_pending();
  leases.clear();
  ready.clear();
  in_doubt = false;
  id = {};
  check_drained();
}

void claimer_state::become(node_id new_id) {
  if (id == new_id) return;
  fence();
  id = new_id;
  window = std::make_unique<trust_window>(deps->limits);
}

void claimer_state::tell_running() {
  int running = static_cast<int>(executors.size()) - free_executors();
  if (running == told_running) return;
  told_running = running;
  self->send(node, running_count{running});
}

void claimer_state::note_failure(const char* what, const store_error& e) {
  if (answered)
    spdlog::warn("{}_failed node={} code={} why=\"{}\"", what, id.value, to_string(e.code()),
                 e.what());
  answered = false;
}

void claimer_state::schedule_work(milliseconds in) {
  if (work_due) return;
  work_due = true;
  if (in.count() == 0)
    self->send(self, work_atom::value);
  else
    self->delayed_send(self, (*spread)(in), work_atom::value);
}

void claimer_state::schedule_flush(milliseconds in) {
  if (flush_due) return;
  flush_due = true;
  if (in.count() == 0)
    self->send(self, flush_atom::value);
  else
    self->delayed_send(self, in, flush_atom::value);
}

claimer_actor::behavior_type claimer(claimer_actor::stateful_pointer<claimer_state> self,
                                     deps_ptr deps, node_id first, node_actor node,
                                     controls control, executor_factory spawn_executor) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.node = std::move(node);
  s.id = first;
  s.db = std::make_unique<lazy_session<worker_store>>(deps, "claimer",
                                                      deps->limits.database_timeout);
  s.window = std::make_unique<trust_window>(deps->limits);
  s.spread = std::make_unique<jitter>(deps->seed + 2);
  s.rest = std::make_unique<retry_wait>(deps->limits);
  s.control = std::move(control);
  for (std::size_t i = 0; i < s.control.size(); ++i)
    s.executors.push_back({spawn_executor(self, static_cast<int>(i), s.control[i]), 0});
  self->send(self, tick_atom::value);
  return {[self](tick_atom) { self->delayed_send(self, self->state.tick(), tick_atom::value); },
          [self](work_atom) { self->state.work(); },
          [self](flush_atom) { self->state.flush(); },
          [self](const joined& j) { self->state.become(j.node); },
          [self](const renewal& r) { self->state.renewed(r); },
          [self](fence_atom) { self->state.fence(); },
          [self](finished_batch& batch) { self->state.finished(batch); },
          [self](drain_atom) { self->state.drain(); },
          [self](hurry_atom) { self->state.hurry(); }};
}

}  // namespace partita
