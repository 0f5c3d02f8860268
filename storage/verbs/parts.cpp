#include "storage/verbs/parts.hpp"

#include <algorithm>

#include "protocol/mutation.hpp"
#include "protocol/ranges.hpp"
#include "protocol/retry.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"

namespace partita::verbs {

run_row require_run(transaction& tx, run_id run, row_lock lock) {
  if (auto found = tx.find_run(run, lock)) return *found;
  throw store_error(errc::not_found, "there is no " + named(run));
}

run_row require_drive(const std::optional<run_row>& found, run_id run, node_id node, term t) {
  const auto drives = found && found->master == node && found->term == t;
  if (!found || (!drives && !PARTITA_BUG(master_writes_without_its_term)))
    throw store_error(errc::term_lost, named(node) + " does not drive " + named(run) +
                                           " under term " + std::to_string(t.value));
  if (is_terminal(found->state)) throw store_error(errc::wrong_state, named(run) + " has ended");
  return *found;
}

step_row require_driven_step(transaction& tx, step_id step, node_id node, term t,
                             row_lock of_step) {
  const auto found = tx.find_driven_step(step, of_step);
  if (!found) throw store_error(errc::not_found, "there is no " + named(step));
  require_drive(found->run, found->run.id, node, t);
  return found->step;
}

void require_known_job(transaction& tx, const std::string& job) {
  const auto known = tx.list_known_jobs();
  if (std::none_of(known.begin(), known.end(),
                   [&](const known_job& one) { return one.latest.job.name == job; }))
    throw store_error(errc::not_found, "no node has told of a job " + job);
}

subject about(const held_lease_row& held) {
  return {held.run, held.lease.step, held.lease.id, held.lease.node};
}

std::vector<std::vector<range>> unfinished(transaction& tx,
                                           std::span<const held_lease_row> leases) {
  std::vector<std::vector<range>> left;
  if (leases.empty()) return left;
  auto ended = tx.ended_numbers(leases);
  for (std::size_t i = 0; i < leases.size(); ++i)
    left.push_back(gaps(leases[i].lease.span, std::move(ended.at(i))));
  return left;
}

held_lease_row grant(transaction& tx, step_id step, node_id node, range span, int attempt,
                     bool lost) {
  auto held = tx.insert_lease(step, node, span, attempt);
  nlohmann::json detail{{"lo", span.lo}, {"hi", span.hi}, {"attempt", attempt}};
  if (lost) detail["lost"] = true;
  tx.log(event::lease_granted, about(held), detail);
  return held;
}

void requeue(transaction& tx, std::vector<held_lease_row> leases, lease_state to) {
  const auto left = unfinished(tx, leases);
  const auto revoked = to == lease_state::revoked;
  std::vector<new_ready> waiting;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    auto& lease = leases[i].lease;
    auto spans = left[i];
    if (revoked && PARTITA_BUG(revoke_requeues_what_has_ended)) spans = {lease.span};
    for (auto span : spans)
      waiting.push_back(
          {lease.step, span, node_id{}, tries_used_up(lease.attempt, !revoked), milliseconds{0}});
    lease.state = to;
    nlohmann::json detail{{"state", to_string(to)}};
    if (!spans.empty()) detail["requeued"] = event::json_of(spans);
    tx.log(event::lease_ended, about(leases[i]), detail);
  }
  tx.insert_ready(waiting);
  save(tx, leases);
}

void save(transaction& tx, std::span<const held_lease_row> leases) {
  std::vector<lease_record> rows;
  for (const auto& held : leases) rows.push_back(held.lease);
  expect_rows("saving leases", tx.save_leases(rows), static_cast<std::int64_t>(rows.size()));
}

}  // namespace partita::verbs
