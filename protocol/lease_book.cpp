#include "protocol/lease_book.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"

namespace partita {

namespace {

/// Partitions shorter than this travel to executors in batches that last about as long.
constexpr double batch_us = 5'000;
constexpr std::int64_t max_batch = 2'000;
/// If partitions are shorter than this, an executor gets its next batch in advance: else it would
/// idle whenever the claimer waits for the database. Not for longer ones: a batch that waits behind
/// a slow partition cannot go to another executor.
constexpr double ahead_us = 20'000;

constexpr std::size_t max_steps = 1000;

bool shorter_than(double us, const step_facts& facts) {
  return facts.mean_us > 0 && facts.mean_us < us;
}

}  // namespace

lease_book::lease_book(int executors, const settings& limits)
    : limits_(limits), batches_(static_cast<std::size_t>(executors)) {}

// --- steps and leases ----------------------------------------------------------------------------

void lease_book::learn(step_id step, step_facts facts) {
  if (steps_.size() >= max_steps)
    std::erase_if(steps_, [&](const auto& known) {
      return std::none_of(leases_.begin(), leases_.end(),
                          [&](const auto& held) { return held.second.grant.step == known.first; });
    });
  steps_[step] = std::move(facts);
}

void lease_book::granted(lease_grant grant) {
  const auto lease = grant.lease;
  leases_[lease].grant = std::move(grant);
}

std::vector<lease_id> lease_book::held() const {
  std::vector<lease_id> ids;
  for (const auto& [lease, held] : leases_) ids.push_back(lease);
  return ids;
}

bool lease_book::holds_retried() const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [](const auto& entry) { return entry.second.grant.attempt > 1; });
}

void lease_book::forget_what_is_over() {
  std::erase_if(leases_, [](const auto& entry) { return entry.second.is_over(); });
}

// --- executors -----------------------------------------------------------------------------------

std::vector<handout> lease_book::hand_out() {
  std::vector<handout> all;
  for (std::size_t waiting = 0; waiting < 2; ++waiting)
    for (std::size_t e = 0; e < batches_.size(); ++e)
      if (batches_[e].size() == waiting)
        if (auto batch = hand_to(e, waiting)) all.push_back(std::move(*batch));
  return all;
}

/// An executor gets at most its share of the partitions that can be handed out.
std::int64_t lease_book::batch_size(const held_lease& held, const step_facts& facts) const {
  if (facts.one_by_one) return 1;
  const auto size =
      shorter_than(batch_us, facts) ? static_cast<std::int64_t>(batch_us / facts.mean_us) : 1;
  const auto share = held.unhanded() / executors() + 1;
  return std::clamp<std::int64_t>(std::min(size, share), 1, std::min(max_batch, held.unhanded()));
}

std::optional<handout> lease_book::hand_to(std::size_t executor, std::size_t waiting_batches) {
  for (auto& [lease, held] : leases_) {
    if (!held.may_hand_out()) continue;
    const auto& facts = steps_.at(held.grant.step);
    if (waiting_batches > 0 && !shorter_than(ahead_us, facts)) continue;
    handout batch{static_cast<int>(executor), lease, held.grant.step, {}};
    for (auto left = batch_size(held, facts); left > 0; --left) {
      auto& partition = held.grant.partitions[held.next++];
      held.out.insert(partition.no);
      batch.partitions.push_back(std::move(partition));
    }
    handed_batch handed{lease, {}};
    for (const auto& partition : batch.partitions) handed.partitions.push_back(partition.no);
    batches_[executor].push_back(std::move(handed));
    return batch;
  }
  return std::nullopt;
}

void lease_book::measure(const held_lease& held, const std::vector<finished_attempt>& attempts) {
  double sum = 0;
  int count = 0;
  for (const auto& attempt : attempts) {
    if (attempt.report.outcome != attempt_outcome::completed) continue;
    sum += static_cast<double>(attempt.report.took.count());
    ++count;
  }
  if (count == 0) return;
  auto& mean = steps_.at(held.grant.step).mean_us;
  const auto latest = std::max(0.5, sum / count);
  mean = mean <= 0 ? latest : 0.8 * mean + 0.2 * latest;
}

/// A partition that may be started only once cannot be given back after a drain or an outage has
/// interrupted it: it is FAILED. (If its run is asked to stop it is given back: only a restart
/// would start it again.)
void lease_book::judge_interruption(const held_lease& held, finished_attempt& attempt) const {
  auto& r = attempt.report;
  if (r.outcome != attempt_outcome::released || !attempt.begun || held.stopping ||
      steps_.at(held.grant.step).spec.transferable ||
      PARTITA_BUG(interrupted_single_starts_go_back))
    return;
  r.outcome = attempt_outcome::failed;
  r.error = "interrupted (" + r.error + "), and it may be started only once";
}

returned_batch lease_book::finished(int executor, lease_id lease,
                                    std::vector<finished_attempt> attempts) {
  batches_.at(static_cast<std::size_t>(executor)).pop_front();
  const auto found = leases_.find(lease);
  if (found != leases_.end()) measure(found->second, attempts);
  returned_batch back;
  for (auto& attempt : attempts) {
    if (found != leases_.end() && found->second.out.erase(attempt.report.no) > 0) {
      ++found->second.unsettled;
      judge_interruption(found->second, attempt);
      back.to_report.push_back(std::move(attempt.report));
    } else {
      back.late.push_back(std::move(attempt.report));
    }
  }
  return back;
}

std::vector<attempt_report> lease_book::give_up(int executor, lease_id lease, partition_no no) {
  std::vector<attempt_report> given_up;
  const auto& batches = batches_.at(static_cast<std::size_t>(executor));
  if (batches.empty() || batches.front().lease != lease ||
      batches.front().partitions != std::vector{no})
    return given_up;
  for (const auto& batch : batches) {
    const auto found = leases_.find(batch.lease);
    if (found == leases_.end()) continue;
    for (auto each : batch.partitions) {
      if (found->second.out.erase(each) == 0) continue;
      ++found->second.unsettled;
      attempt_report report;
      report.lease = batch.lease;
      report.no = each;
      report.outcome = attempt_outcome::released;
      report.error = "its executor is busy with a body that does not stop";
      given_up.push_back(std::move(report));
    }
  }
  return given_up;
}

// --- results -------------------------------------------------------------------------------------

std::int64_t lease_book::unsettled() const {
  std::int64_t sum = 0;
  for (const auto& [lease, held] : leases_) sum += held.unsettled;
  return sum;
}

void lease_book::settled(lease_id lease, int attempts) {
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return;
  found->second.unsettled -= attempts;
  if (found->second.is_over()) leases_.erase(found);
}

// --- giving back ---------------------------------------------------------------------------------

std::optional<partition_no> lease_book::offer_back(lease_id lease) {
  const auto found = leases_.find(lease);
  if (found == leases_.end() || found->second.unhanded() == 0) return std::nullopt;
  auto& held = found->second;
  held.offered_back = true;
  return held.grant.partitions[held.next].no;
}

void lease_book::given_back(lease_id lease) {
  const auto found = leases_.find(lease);
  if (found != leases_.end()) found->second.grant.partitions.resize(found->second.next);
}

std::vector<lease_id> lease_book::offered_back() const {
  std::vector<lease_id> ids;
  for (const auto& [lease, held] : leases_)
    if (held.offered_back && held.unhanded() > 0) ids.push_back(lease);
  return ids;
}

std::vector<attempt_report> lease_book::stop(lease_id lease, stop_mode mode) {
  std::vector<attempt_report> given_up;
  const auto found = leases_.find(lease);
  if (found == leases_.end()) return given_up;
  auto& held = found->second;
  held.stopping = true;
  if (mode != stop_mode::now) return given_up;
  for (auto no : held.out) {
    attempt_report report;
    report.lease = lease;
    report.no = no;
    report.outcome = attempt_outcome::released;
    report.error = "interrupted";
    given_up.push_back(std::move(report));
    ++held.unsettled;
  }
  held.out.clear();
  return given_up;
}

// --- when to claim, and how much -----------------------------------------------------------------

int lease_book::free_executors() const {
  return static_cast<int>(std::count_if(batches_.begin(), batches_.end(),
                                        [](const auto& batches) { return batches.empty(); }));
}

std::int64_t lease_book::unhanded() const {
  std::int64_t sum = 0;
  for (const auto& [lease, held] : leases_)
    if (held.may_hand_out()) sum += held.unhanded();
  return sum;
}

bool lease_book::overloaded() const {
  return unsettled() > 2 * std::int64_t{limits_.max_report_batch};
}

bool lease_book::wants_more(bool nothing_ahead) const {
  if (overloaded()) return false;
  const auto waiting = unhanded();
  if (waiting < free_executors()) return true;
  if (nothing_ahead || waiting >= limits_.max_lease_width || leases_.empty()) return false;
  const double lead_us = static_cast<double>(microseconds{limits_.lease_hold}.count()) / 10.0;
  double queued_us = 0;
  for (const auto& [lease, held] : leases_) {
    const auto facts = steps_.find(held.grant.step);
    const auto mean = facts == steps_.end() ? 0.0 : facts->second.mean_us;
    if (mean <= 0 || mean > lead_us) return false;
    queued_us += mean * static_cast<double>(held.unhanded());
  }
  return queued_us / executors() < lead_us;
}

int lease_book::watchers(const cluster_view& cluster) const {
  constexpr int while_idle = 4;
  constexpr int while_busy = 128;
  if (unsettled() > 0) return cluster.nodes;
  if (empty()) return cluster.live_runs ? cluster.nodes : while_idle;
  return unhanded() < free_executors() ? cluster.nodes : while_busy;
}

width_input lease_book::width_in(const ready_step& next, int cluster_slots) const {
  const auto& facts = steps_.at(next.step);
  width_input in;
  in.remaining = next.remaining;
  in.executors = executors();
  in.free_executors = std::max(1, free_executors() - static_cast<int>(unhanded()));
  in.cluster_slots = std::max(cluster_slots, in.executors);
  if (facts.mean_us > 0) in.mean_duration = microseconds{static_cast<std::int64_t>(facts.mean_us)};
  in.one_start = !facts.spec.transferable || next.next_attempt > 0;
  return in;
}

}  // namespace partita
