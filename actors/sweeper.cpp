#include "actors/sweeper.hpp"

#include <algorithm>

#include "actors/log_event.hpp"

namespace partita {

namespace {

log::event_name event_of(sweep_verdict verdict) {
  switch (verdict) {
    case sweep_verdict::alive:
      return "node_alive";
    case sweep_verdict::unreachable:
      return "node_unreachable";
    case sweep_verdict::condemned:
      return "node_condemned";
    case sweep_verdict::deregistered:
      break;
  }
  return "node_deregistered";
}

}  // namespace

/// Each node begins with a different suspect: when the database is slow, the nodes do not all judge
/// the same ones first.
void sweeper_state::suspect(const suspects& overdue) {
  waiting = overdue.nodes;
  observer = overdue.observer;
  seen = overdue.sent;
  if (!waiting.empty()) {
    const auto first = static_cast<std::size_t>(overdue.observer.value) % waiting.size();
    std::rotate(waiting.begin(), waiting.begin() + static_cast<std::ptrdiff_t>(first),
                waiting.end());
    std::reverse(waiting.begin(), waiting.end());
  }
  if (at_work || waiting.empty()) return;
  at_work = true;
  self->send(self, work_atom::value);
}

void sweeper_state::sweep() {
  at_work = judge_next();
  if (at_work)
    self->send(self, work_atom::value);
  else
    finish();
}

/// One transaction. Returns whether to go on. A list of suspects that is too old is not used: if
/// the database was unavailable since then, every node is overdue.
bool sweeper_state::judge_next() {
  if (waiting.empty() || deps->now() - seen >= deps->limits.unreachable_after) return false;
  const auto suspect = waiting.back();
  try {
    const auto verdict = db->verbs()->sweep(suspect, liveness_of(deps->limits));
    deps->counters->sweeps.add();
    if (verdict == sweep_verdict::alive) return false;
    if (std::pair{suspect, verdict} != logged)
      log::warn(event_of(verdict), {.node = suspect}, {{"by", observer}});
    logged = {suspect, verdict};
    if (verdict == sweep_verdict::condemned) return true;
  } catch (const store_error& e) {
    log::warn("sweep_failed", {.node = suspect}, {{"by", observer}, {"why", e.what()}});
    return false;  // the next heartbeat names it again
  }
  waiting.pop_back();
  return !waiting.empty();
}

void sweeper_state::finish() {
  waiting.clear();
  db->close();
}

/// A sweep that waits through an outage of the database would afterwards find every node silent for
/// long enough to be given up. So its timeout is `unreachable_after`.
sweeper_actor::behavior_type sweeper(sweeper_actor::stateful_pointer<sweeper_state> self,
                                     deps_ptr deps) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.db = std::make_unique<lazy_session<cluster_store>>(deps, "sweeper",
                                                       deps->limits.unreachable_after);
  return {[self](const suspects& overdue) { self->state.suspect(overdue); },
          [self](work_atom) { self->state.sweep(); }};
}

}  // namespace partita
