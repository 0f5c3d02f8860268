#include "storage/verbs/parts.hpp"

#include "protocol/mutation.hpp"
#include "protocol/ranges.hpp"
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

held_lease_row grant(transaction& tx, step_id step, node_id node, range span, int attempt) {
  auto held = tx.insert_lease(step, node, span, attempt);
  tx.log(event::lease_granted, about(held), event::granted_detail(span, attempt));
  return held;
}

held_lease_row grant_lost(transaction& tx, step_id step, node_id node, range span, int attempt) {
  auto held = tx.insert_lease(step, node, span, attempt);
  auto detail = event::granted_detail(span, attempt);
  detail["lost"] = true;
  tx.log(event::lease_granted, about(held), detail);
  return held;
}

void save(transaction& tx, std::span<const held_lease_row> leases) {
  std::vector<lease_record> rows;
  for (const auto& held : leases) rows.push_back(held.lease);
  expect_rows("saving leases", tx.save_leases(rows), static_cast<std::int64_t>(rows.size()));
}

}  // namespace partita::verbs
