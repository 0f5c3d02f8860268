#include "actors/claimer.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/text.hpp"

namespace partita {

// --- when to claim -------------------------------------------------------------------------------

bool claimer_state::may_claim() const {
  return id && !draining && window->at(deps->now()) == trust::full;
}

/// The nodes together poll as often as this many would. While no run is live few are enough: each
/// hears of a new one by its next heartbeat at the latest. Nodes that have all they can do look for
/// a request to stop, and for no more. Where there is something to find, every node looks.
int claimer_state::watchers() const {
  constexpr int while_idle = 4;
  constexpr int while_busy = 128;
  if (in_doubt || draining || !pending.empty()) return cluster.nodes;
  if (book.empty()) return cluster.live_runs ? cluster.nodes : while_idle;
  return book.unhanded() < book.free_executors() ? cluster.nodes : while_busy;
}

/// One timer at a time: while a retry is due, the poll adds none, or an outage would breed them;
/// and none where it has just looked, to claim. Returns when the next is due.
milliseconds claimer_state::tick() {
  const auto poll = (*jittered)(deps->limits.poll);
  const auto ago = std::chrono::ceil<milliseconds>(deps->now() - looked);
  if (!book.empty() && ago < poll / 2) return poll - ago;
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
    if (seen_before && book.wants_more(nothing_ahead)) {
      look();
      claim_ready();
    }
    if (!answered) log::info("claims_resumed", {.node = id});
    answered = true;
    backoff->reset();
  } catch (const store_error& e) {
    note_failure("claim_failed", e);
    ready.clear();
    schedule_work(backoff->next());
  }
  book.forget_what_is_over();
  hand_out();
  const bool all_idle = book.free_executors() == book.executors();
  if (!work_due && all_idle && book.unhanded() == 0) flush();  // no more results will come
  report_running();
  check_drained();
}

void claimer_state::look() {
  const auto begun = deps->now();
  auto view = db->get().look(id);
  looked = deps->now();
  deps->counters->looks.add(deps->since(begun));
  ready = std::move(view.ready);
  if (ready.empty()) deps->counters->looks_empty.add();
  obey(view);
  in_doubt = false;
  if (draining)
    for (auto lease : book.held()) give_back(lease);
}

/// What was seen at the last poll says well enough where there is work, but not how much is left:
/// it will do for a lease of one partition for each idle executor.
bool claimer_state::view_will_do() const {
  const auto next = fairest(ready);
  if (!next || in_doubt || draining || !book.knows(ready[*next].step)) return false;
  const auto in = book.width_in(ready[*next], cluster.slots);
  return lease_width(in, deps->limits) <= in.free_executors;
}

void claimer_state::claim_ready() {
  while (may_claim() && book.wants_more(nothing_ahead)) {
    auto next = fairest(ready);
    nothing_ahead = !next;
    if (!next) return;
    // Somebody was faster, or the range that was tried before is taken, and what comes after it is
    // not known: look again next round. Claims on an old view would each be as narrow as this one.
    if (!claim_one(ready[*next]) || ready[*next].next_attempt > 0) ready[*next].remaining = 0;
  }
}

bool claimer_state::claim_one(ready_step& next) {
  learn(next.step, next.run);
  const auto in = book.width_in(next, cluster.slots);
  in_doubt = true;  // until the answer is here
  const auto begun = deps->now();
  auto grant = db->get().claim(id, next.step, lease_width(in, deps->limits), in.free_executors);
  in_doubt = false;
  deps->counters->claims.add(deps->since(begun));
  (grant ? deps->counters->claims_won : deps->counters->claims_lost).add();
  if (!grant) return false;
  const auto& facts = book.facts_of(next.step);
  origins[grant->lease] = {id, facts.run, facts.job.name, facts.spec.name, grant->attempt};
  log::debug("lease_granted", about(grant->lease),
             {{"lo", grant->span.lo}, {"hi", grant->span.hi}});
  next.remaining -= grant->span.size();
  next.slots_held += static_cast<int>(std::min<std::int64_t>(grant->span.size(), in.executors));
  book.granted(std::move(*grant));
  hand_out();
  return true;
}

/// The facts of a step that is about to be claimed from.
void claimer_state::learn(step_id step, run_id run) {
  if (book.knows(step)) return;
  auto row = db->get().find_run(run);
  for (const auto& s : db->get().list_steps(run))
    if (row && s.id == step) return book.learn(step, {run, row->job, row->parameters, s.spec, 0});
  throw store_error(errc::damaged, named(step) + " has no row");
}

// --- stopping ------------------------------------------------------------------------------------

void claimer_state::obey(const work_view& view) {
  // A lease nobody here knows was granted to a claim that was never answered.
  std::vector<lease_id> strays;
  for (const auto& held : view.held) {
    if (!book.holds(held.lease))
      strays.push_back(held.lease);
    else if (held.stop != stop_mode::none)
      stop_lease(held.lease, held.stop);
  }
  if (!strays.empty() && !PARTITA_BUG(stray_leases_are_kept)) {
    auto returned = db->get().release(id, strays);
    log::warn("stray_leases_released", {.node = id}, {{"count", returned}});
  }
  if (!view.masterless.empty() && !draining) self->send(node, masterless_runs{view.masterless});
}

/// Not waiting for what executors hold (stop_mode::now): what they bring later is late.
void claimer_state::stop_lease(lease_id lease, stop_mode mode) {
  for (auto& c : control) c->interrupt(lease);
  auto given_up = book.stop(lease, mode);
  for (auto& report : given_up) pending.add(std::move(report));
  if (!given_up.empty()) schedule_flush(milliseconds{0});
  give_back(lease);
}

void claimer_state::give_back(lease_id lease) {
  const auto from = book.offer_back(lease);
  if (!from) return;
  db->get().give_back(id, lease, *from);
  book.given_back(lease);
}

void claimer_state::interrupt() {
  for (auto& c : control) c->interrupt();
}

void claimer_state::drain() {
  draining = true;
  schedule_work(milliseconds{0});
}

void claimer_state::check_drained() {
  if (!draining || drained || !book.empty() || !pending.empty() || in_doubt) return;
  drained = true;
  self->send(node, drained_atom::value);
}

// --- executors -----------------------------------------------------------------------------------

void claimer_state::hand_out() {
  // While the cluster may be giving our leases away, nothing more of them is begun.
  if (window->at(deps->now()) == trust::expired) return;
  for (auto& batch : book.hand_out()) {
    const auto executor = static_cast<std::size_t>(batch.executor);
    const auto& facts = book.facts_of(batch.step);
    control[executor]->expect(batch.lease);
    self->send(executors[executor],
               work_batch{batch.lease, batch.step, facts.run, facts.job, facts.spec.name,
                          facts.parameters, facts.spec.retry, facts.spec.transferable,
                          batch.attempt, std::move(batch.partitions)});
  }
}

void claimer_state::finished(finished_batch& batch) {
  auto back = book.finished(batch.executor, batch.lease, std::move(batch.attempts));
  for (auto& report : back.to_report) pending.add(std::move(report));
  for (const auto& report : back.late) drop(report);
  if (pending.has_full_batch() && !flush_due)
    flush();
  else if (!pending.empty())
    schedule_flush(deps->limits.report_delay / (book.unhanded() > 0 ? 1 : 10));
  hand_out();
  if (may_claim() && book.wants_more(nothing_ahead)) schedule_work(milliseconds{0});
  report_running();
}

// --- reporting -----------------------------------------------------------------------------------

void claimer_state::flush() {
  flush_due = false;
  while (id && !pending.empty()) {
    const auto batch = pending.send();
    const auto begun = deps->now();
    std::vector<report_verdict> verdicts;
    try {
      verdicts = report(batch);
    } catch (const store_error& e) {
      note_failure("report_failed", e);
      if (PARTITA_BUG(results_are_forgotten_in_an_outage)) pending.clear();
      schedule_flush(backoff->next());
      return;
    }
    deps->counters->reports.add(deps->since(begun));
    const auto reported = pending.answered(batch.size());
    for (std::size_t i = 0; i < reported.size(); ++i) settle(reported[i], verdicts[i]);
    if (book.empty()) self->send(node, done_atom::value);
  }
  if (pending.empty()) forget_origins();
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
  const auto refused = verdict == report_verdict::rejected;
  (refused ? deps->counters->results_refused : deps->counters->results).add();
  if (refused) {
    for (auto& c : control) c->interrupt(r.lease);
    book.lost(r.lease);
    return drop(r);
  }
  for (const auto& file : parse_files(r.files)) {
    try {
      publish(file);
    } catch (const std::exception& e) {  // the master publishes again before it aggregates
      log::warn("publish_failed", about(r.lease, r.no), {{"why", e.what()}});
    }
  }
  if (r.outcome == attempt_outcome::failed)
    log::warn("partition_failed", about(r.lease, r.no), {{"why", r.error}});
  if (r.outcome == attempt_outcome::retry)
    log::warn("partition_retried", about(r.lease, r.no), {{"why", r.error}});
  book.settled(r.lease);
}

void claimer_state::drop(const attempt_report& attempt) {
  log::warn("late_result_dropped", about(attempt.lease, attempt.no));
  for (const auto& file : parse_files(attempt.files)) discard(file);
}

/// Also of a lease that is lost or given back, for as long as anything of it can come.
log::subject claimer_state::about(lease_id lease, std::optional<partition_no> no) const {
  const auto found = origins.find(lease);
  if (found == origins.end()) return {.no = no, .lease = lease, .node = id};
  const auto& from = found->second;
  return {from.run, from.job, from.step, no, from.attempt, lease, from.node};
}

/// REQUIRES: nothing is pending.
void claimer_state::forget_origins() {
  std::erase_if(origins, [&](const auto& entry) { return !book.concerns(entry.first); });
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
    note_failure("progress_failed", e);
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
  interrupt();
  for (const auto& report : pending.clear()) drop(report);
  book.lost_all();
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

void claimer_state::report_running() {
  const int running = book.executors() - book.free_executors();
  if (running == reported_running) return;
  reported_running = running;
  self->send(node, running_count{running});
}

void claimer_state::note_failure(log::event_name what, const store_error& e) {
  if (answered) log::warn(what, {.node = id}, {{"code", to_string(e.code())}, {"why", e.what()}});
  answered = false;
}

void claimer_state::schedule_work(milliseconds in) {
  if (work_due) return;
  work_due = true;
  if (in.count() == 0)
    self->send(self, work_atom::value);
  else
    self->delayed_send(self, (*jittered)(in), work_atom::value);
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
  s.db =
      std::make_unique<lazy_session<worker_store>>(deps, "claimer", deps->limits.database_timeout);
  s.window = std::make_unique<trust_window>(deps->limits);
  s.jittered = std::make_unique<jitter>(deps->seed + 2);
  s.backoff = std::make_unique<retry_wait>(deps->limits);
  s.control = std::move(control);
  s.book = lease_book{static_cast<int>(s.control.size()), deps->limits};
  s.pending = report_queue{deps->limits};
  for (std::size_t i = 0; i < s.control.size(); ++i)
    s.executors.push_back(spawn_executor(self, static_cast<int>(i), s.control[i]));
  self->send(self, tick_atom::value);
  return {[self](tick_atom) { self->delayed_send(self, self->state.tick(), tick_atom::value); },
          [self](work_atom) { self->state.work(); },
          [self](flush_atom) { self->state.flush(); },
          [self](const joined& j) { self->state.become(j.node); },
          [self](const renewal& r) { self->state.renewed(r); },
          [self](fence_atom) { self->state.fence(); },
          [self](finished_batch& batch) { self->state.finished(batch); },
          [self](drain_atom) { self->state.drain(); },
          [self](interrupt_atom) { self->state.interrupt(); }};
}

}  // namespace partita
