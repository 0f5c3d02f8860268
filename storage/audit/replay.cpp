#include "storage/audit/replay.hpp"

#include <utility>

#include "protocol/events.hpp"
#include "storage/audit/replay_sharing.hpp"

namespace partita::audit {

namespace {

class replayer : sharing_replay {
 public:
  replayer(const world& w, verdict& v) : sharing_replay(w, v) {}

  void apply(const event_row& e) {
    event_ = &e;
    try {
      const auto detail = json::parse(e.detail, nullptr, false);
      if (!detail.is_object()) throw malformed_event{"its detail is no JSON object"};
      const auto known_kind = handlers().find(e.kind);
      if (known_kind == handlers().end())
        throw malformed_event{"no version of the engine writes its kind"};
      (this->*known_kind->second)(detail);
    } catch (const malformed_event& n) {
      find(rule::replay, "makes no sense: " + n.why);
    }
  }

  replayed_state take() { return std::move(state_); }

 private:
  using handler = void (replayer::*)(const json& detail);
  static const std::map<std::string_view, handler>& handlers() {
    using r = replayer;
    static const std::map<std::string_view, handler> all{
        {event::node_joined, &r::joined},
        {event::node_overdue, &r::moved<node_state::unreachable>},
        {event::node_recovered, &r::moved<node_state::active>},
        {event::node_draining, &r::moved<node_state::draining>},
        {event::node_condemned, &r::moved<node_state::condemned>},
        {event::node_deregistered, &r::moved<node_state::deregistered>},
        {event::node_left, &r::moved<node_state::left>},
        {event::history_lost, &r::history_lost},
        {event::schedule_added, &r::schedule_added},
        {event::schedule_changed, &r::no_change},
        {event::schedule_removed, &r::schedule_removed},
        {event::schedule_paused, &r::schedule_paused},
        {event::schedule_resumed, &r::schedule_resumed},
        {event::schedule_moved, &r::schedule_moved},
        {event::ticks_missed, &r::no_change},
        {event::trigger_unknown, &r::no_change},
        {event::run_submitted, &r::submitted},
        {event::run_adopted, &r::adopted},
        {event::run_let_go, &r::let_go},
        {event::stop_requested, &r::stop_requested},
        {event::run_abandoned, &r::abandoned},
        {event::run_paused, &r::run_paused},
        {event::run_resumed, &r::run_resumed},
        {event::run_prioritized, &r::run_prioritized},
        {event::job_paused, &r::job_paused},
        {event::job_resumed, &r::job_resumed},
        {event::limit_set, &r::limit_set},
        {event::retention_set, &r::retention_set},
        {event::runs_purged, &r::runs_purged},
        {event::run_ended, &r::run_ended},
        {event::step_begun, &r::step_begun},
        {event::split_reset, &r::split_reset},
        {event::split_appended, &r::split_appended},
        {event::split_sealed, &r::split_sealed},
        {event::step_failing, &r::step_failing},
        {event::step_decided, &r::step_decided},
        {event::step_ended, &r::step_ended},
        {event::lease_granted, &r::granted},
        {event::lease_shrunk, &r::shrunk},
        {event::lease_reported, &r::reported},
        {event::lease_lost, &r::partly_lost},
        {event::lease_ended, &r::lease_ended}};
    return all;
  }

  // --- nodes -------------------------------------------------------------------------------------

  void joined(const json& detail) {
    text(detail, "name");
    made(state_.nodes, event_->node) = node_state::active;
  }

  template <node_state To>
  void moved(const json&) {
    auto& from = known(state_.nodes, event_->node);
    if (To == node_state::draining && from == node_state::unreachable)
      find(rule::replay, "follows no NODE_RECOVERED of " + named(event_->node));
    move(event_->node, from, To);
  }

  /// What is left is judged as ever: it is what some server once had, whole.
  void history_lost(const json&) { v_.losses.push_back(event_->at); }

  // --- runs --------------------------------------------------------------------------------------

  void submitted(const json& detail) {
    text(detail, "job");
    auto& run = made(state_.runs, event_->run);
    if (detail.contains("restart_of")) run.restart_of = run_id{number(detail, "restart_of")};
    if (detail.contains("priority")) run.priority = static_cast<int>(number(detail, "priority"));
    if (detail.contains("schedule")) fired(detail);
    v_.count(rule::one_live_run);
    const auto* row = found(w_.runs, event_->run);
    if (row == nullptr) return;  // found by the comparison
    auto [other, alone] = live_.emplace(std::pair{row->job.name, row->identity}, event_->run);
    if (!alone)
      find(rule::one_live_run, "makes " + named(event_->run) + " live beside " +
                                   named(other->second) + " with the same identifying parameters");
  }

  void adopted(const json& detail) {
    auto& run = known(state_.runs, event_->run);
    const term t{number(detail, "term")};
    if (t.value != run.term.value + 1)
      find(rule::only_grows,
           "gives " + named(event_->run) + " term " + str(t) + " after term " + str(run.term));
    if (run.master) find(rule::fence, "takes " + named(event_->run) + " from " + named(run.master));
    const auto node = state_.nodes.find(event_->node);
    if (node == state_.nodes.end() || !is_member(node->second) ||
        node->second == node_state::unreachable)
      find(rule::fence, "makes " + named(event_->node) + " a master, which was not ACTIVE");
    if (run.state != run_state::running) move(event_->run, run.state, run_state::running);
    run.master = event_->node;
    run.term = t;
  }

  void let_go(const json& detail) { driven(detail).master = node_id{}; }

  void stop_requested(const json& detail) {
    auto& run = known(state_.runs, event_->run);
    const auto mode = state<stop_mode>(detail, "mode");
    v_.count(rule::only_grows);
    if (mode <= run.stop || is_terminal(run.state))
      find(rule::only_grows, "asks " + named(event_->run) + " for " + str(mode) + ", which was " +
                                 str(run.state) + " and asked for " + str(run.stop));
    run.stop = mode;
  }

  void run_ended(const json& detail) {
    auto& run = driven(detail);
    move(event_->run, run.state, state<run_state>(detail, "state"));
    for (auto at = live_.begin(); at != live_.end(); ++at)
      if (at->second == event_->run) {
        live_.erase(at);
        break;
      }
  }

  void abandoned(const json&) {
    auto& run = known(state_.runs, event_->run);
    if (run.state != run_state::failed && run.state != run_state::stopped)
      find(rule::replay, "abandons " + named(event_->run) + ", which was " + str(run.state));
    run.abandoned = true;
  }

  /// Their own events are gone.
  void runs_purged(const json& detail) {
    for (const auto id : numbers(detail, "runs"))
      if (w_.rows.of_all_runs || w_.runs.contains(run_id{id}))
        made(state_.runs, run_id{id}).purged = true;
  }

  // --- leases ------------------------------------------------------------------------------------

  void granted(const json& detail) {
    auto& step = known(state_.steps, event_->step);
    const auto node = known(state_.nodes, event_->node);
    const auto span = span_of(detail);
    const auto attempt = number(detail, "attempt");
    if (attempt < 1 || attempt > largest_number) throw malformed_event{"its attempt is no try"};
    auto& lease = made(state_.leases, event_->lease);
    lease.step = event_->step;
    lease.node = event_->node;
    lease.span = span;
    lease.attempt = static_cast<int>(attempt);
    ++step.live_leases;
    v_.count(rule::fence);
    // A range bound to a lost node is leased to it, and revoked, to be named by the results of what
    // may not be transferred: see cluster_store::sweep. A claim and the beginning of a drain do not
    // wait for each other.
    const auto lost = detail.value("lost", false);
    if (node != node_state::draining && node != (lost ? node_state::condemned : node_state::active))
      find(rule::fence, "leases to " + named(event_->node) + ", which was " + str(node));
    if (!lost && (is_terminal(step.state) || step.failing))
      find(rule::fence, "leases of " + named(event_->step) + ", which was " +
                            (step.failing ? "failing" : str(step.state)));
    v_.count(rule::conservation, span.size());
    std::int64_t waited = 0;
    for (const auto& e : step.ready.take(span)) {
      waited += e.span.size();
      if (e.value + 1 != lease.attempt)
        find(rule::only_grows, "is try " + std::to_string(attempt) + " of " + named(e.span) +
                                   ", after " + std::to_string(e.value) + " tries");
    }
    if (waited != span.size())
      find(rule::conservation, "leases " + named(span) + " of " + named(event_->step) +
                                   ", of which only " + std::to_string(waited) + " waited");
  }

  /// A lease that is written under.
  replayed_lease& live(replayed_step*& step) {
    auto& lease = known(state_.leases, event_->lease);
    step = &known(state_.steps, lease.step);
    v_.count(rule::fence);
    if (lease.state != lease_state::live)
      find(rule::fence,
           "was written under " + named(event_->lease) + ", which was " + str(lease.state));
    if (lease.node != event_->node || lease.step != event_->step)
      find(rule::fence, "was written by " + named(event_->node) + " under " + named(event_->lease) +
                            " of " + named(lease.node));
    return lease;
  }

  void shrunk(const json& detail) {
    replayed_step* step = nullptr;
    auto& lease = live(step);
    const auto back = span_of(detail);
    if (back.hi != lease.span.hi || back.lo <= lease.span.lo)
      throw malformed_event{"it gives back " + str(back) + " of " + str(lease.span)};
    if (lease.reported.touches(back))
      find(rule::conservation, "gives back " + named(back) + ", of which some had ended");
    lease.span.hi = back.lo - 1;
    make_ready(*step, back, lease.attempt - 1);
  }

  void reported(const json& detail) {
    replayed_step* step = nullptr;
    auto& lease = live(step);
    using o = attempt_outcome;
    const std::array outcomes{std::pair{"completed", o::completed}, std::pair{"failed", o::failed},
                              std::pair{"retry", o::retry}, std::pair{"released", o::released}};
    for (const auto& [field, outcome] : outcomes)
      for (auto span : ranges(detail, field)) ended(*step, lease, span, outcome);
  }

  void ended(replayed_step& step, replayed_lease& lease, range span, attempt_outcome outcome) {
    if (span.lo < lease.span.lo || span.hi > lease.span.hi)
      find(rule::fence, "reports " + named(span) + " under " + named(event_->lease) +
                            ", which holds " + str(lease.span));
    for (const auto& e : lease.reported.within(span))
      find(rule::one_result, "reports " + named(e.span) + " twice under " + named(event_->lease));
    lease.reported.put(span, outcome);
    switch (outcome) {
      case attempt_outcome::completed:
      case attempt_outcome::failed: {
        const auto completed = outcome == attempt_outcome::completed;
        (completed ? lease.completed : lease.failed) += span.size();
        return end_partitions(step, span, {event_->lease, completed});
      }
      case attempt_outcome::retry:
      case attempt_outcome::released:
        lease.returned += span.size();
        make_ready(step, span, lease.attempt - (outcome == attempt_outcome::released ? 1 : 0));
    }
  }

  void partly_lost(const json& detail) {
    replayed_step* step = nullptr;
    auto& lease = live(step);
    const auto node = known(state_.nodes, lease.node);
    if (node != node_state::condemned && node != node_state::draining)
      find(rule::fence, "gives up partitions of " + named(lease.node) + ", which was " + str(node));
    fail_lost(*step, lease, ranges(detail, "failed"));
  }

  void fail_lost(replayed_step& step, replayed_lease& lease, const std::vector<range>& lost) {
    for (auto span : lost) {
      check_unended(lease, span);
      lease.failed += span.size();
      end_partitions(step, span, {event_->lease, false});
    }
  }

  void lease_ended(const json& detail) {
    replayed_step* step = nullptr;
    auto& lease = live(step);
    const auto to = state<lease_state>(detail, "state");
    const auto requeued = ranges(detail, "requeued");
    const auto failed = ranges(detail, "failed");
    if (lease.state == lease_state::live) --step->live_leases;
    move(event_->lease, lease.state, to);
    const auto left = lease.unended();
    if (to == lease_state::done ? left != 0 || !requeued.empty() || !failed.empty()
                                : total_size(requeued) + total_size(failed) != left)
      find(rule::conservation, "ends " + named(event_->lease) + " with " + std::to_string(left) +
                                   " partitions unended, of which it tells " +
                                   std::to_string(total_size(requeued) + total_size(failed)));
    for (auto span : requeued) {
      check_unended(lease, span);
      make_ready(*step, span, lease.attempt - (to == lease_state::released ? 1 : 0));
    }
    fail_lost(*step, lease, failed);
  }

  void check_unended(const replayed_lease& lease, range span) {
    if (span.lo < lease.span.lo || span.hi > lease.span.hi || lease.reported.touches(span))
      find(rule::conservation, "takes " + named(span) + " from " + named(event_->lease) +
                                   ", which did not hold all of it");
  }

  std::map<std::pair<std::string, std::string>, run_id> live_;  // by job and identity
};

}  // namespace

replayed_state replay(const world& w, verdict& v) {
  std::vector<const event_row*> order;
  for (const auto& e : w.rows.events) order.push_back(&e);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->id < b->id; });
  replayer r{w, v};
  for (const auto* e : order) r.apply(*e);
  return r.take();
}

void audit_log(const tables& t, verdict& v) {
  const world w{t};
  compare(w, replay(w, v), v);
}

}  // namespace partita::audit
