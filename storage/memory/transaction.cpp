#include "storage/memory/transaction.hpp"

#include "protocol/mutation.hpp"
#include "storage/text.hpp"

namespace partita::memory {

run_row& transaction::run(run_id id) {
  if (auto* found = find(db.runs, id)) return *found;
  throw store_error(errc::not_found, "there is no " + named(id));
}

step_record& transaction::step(step_id id) {
  if (auto* found = find(db.steps, id)) return *found;
  throw store_error(errc::not_found, "there is no " + named(id));
}

run_row& transaction::driven(run_id id, node_id node, term t) {
  auto* row = find(db.runs, id);
  auto name = named(id);
  if (row == nullptr ||
      ((row->master != node || row->term != t) && !PARTITA_BUG(master_writes_without_its_term)))
    throw store_error(errc::term_lost, named(node) + " does not drive " + name + " under term " +
                                           std::to_string(t.value));
  if (is_terminal(row->state)) throw store_error(errc::wrong_state, name + " has ended");
  return *row;
}

void transaction::log(std::string_view kind, const subject& about, const nlohmann::json& detail) {
  auto id = static_cast<std::int64_t>(db.events.size()) + 1;
  db.events.push_back({id, now, std::string{kind}, about.run, about.step, about.lease, about.node,
                       detail.empty() ? "{}" : detail.dump()});
}

void transaction::make_ready(step_id step, range span, node_id node, int attempt,
                             db_time available_at) {
  auto id = ++db.last_ready_id;
  db.ready[id] = {id, step, span, node, attempt, available_at};
}

void transaction::end_lease(lease_record& lease, lease_state state) {
  lease.state = state;
  lease.ended_at = now;
}

lease_record& transaction::grant(step_id step, node_id node, range span, int attempt) {
  auto id = next_id(db.leases);
  auto& lease = db.leases[id];
  lease = {id, step, node, span, attempt, lease_state::live, 0, 0, 0, now, {}};
  log(event::lease_granted, about(lease), {{"lo", span.lo}, {"hi", span.hi}, {"attempt", attempt}});
  return lease;
}

void transaction::fail(lease_record& lease, range span, const std::string& reason) {
  for (auto no = span.lo; no <= span.hi; ++no) {
    result_row row;
    row.no = no;
    row.lease = lease.id;
    row.completed = false;
    row.output = "null";
    row.error = reason;
    row.ended_at = now;
    db.results[{lease.step, no}] = {lease.step, row};
  }
  lease.failed += span.size();
}

std::vector<range> transaction::unfinished(const lease_record& lease) const {
  std::vector<partition_no> ended;
  const auto [lo, hi] = lease.span;
  for (auto r = db.results.lower_bound({lease.step, lo});
       r != db.results.end() && r->first <= partition_key{lease.step, hi}; ++r)
    ended.push_back(r->first.second);
  for (auto f = db.failures.lower_bound({lease.id, lo});
       f != db.failures.end() && f->first <= attempt_key{lease.id, hi}; ++f)
    ended.push_back(f->first.second);
  return gaps(lease.span, std::move(ended));
}

bool transaction::has_ended(const lease_record& lease, partition_no no) const {
  return db.results.contains({lease.step, no}) || db.failures.contains({lease.id, no});
}

void transaction::release(lease_record& lease) {
  auto left = unfinished(lease);
  for (auto span : left) make_ready(lease.step, span, node_id{}, lease.attempt - 1, now);
  end_lease(lease, lease_state::released);
  log(event::lease_ended, about(lease), {{"state", "RELEASED"}, {"requeued", json_of(left)}});
}

std::vector<lease_record*> transaction::live_leases(node_id node) {
  std::vector<lease_record*> live;
  for (auto& [id, lease] : db.leases)
    if (lease.node == node && lease.state == lease_state::live) live.push_back(&lease);
  return live;
}

bool transaction::any_live_lease(step_id step) const {
  return std::any_of(db.leases.begin(), db.leases.end(), [&](const auto& entry) {
    return entry.second.step == step && entry.second.state == lease_state::live;
  });
}

bool transaction::any_ready(step_id step) const {
  return std::any_of(db.ready.begin(), db.ready.end(),
                     [&](const auto& entry) { return entry.second.step == step; });
}

bool transaction::any_failed(step_id step) const {
  auto first = db.results.lower_bound({step, 0});
  auto last = db.results.lower_bound({step_id{step.value + 1}, 0});
  return std::any_of(first, last, [](const auto& entry) { return !entry.second.row.completed; });
}

std::vector<step_row> transaction::steps_of(run_id run) const {
  std::vector<step_row> steps;
  for (const auto& [id, step] : db.steps)
    if (step.row.run == run) steps.push_back(step.row);
  std::sort(steps.begin(), steps.end(),
            [](const step_row& a, const step_row& b) { return a.spec.ordinal < b.spec.ordinal; });
  return steps;
}

subject transaction::about(const lease_record& lease) const {
  return {db.steps.at(lease.step).row.run, lease.step, lease.id, lease.node};
}

nlohmann::json json_of(const std::vector<range>& ranges) {
  auto list = nlohmann::json::array();
  for (auto r : ranges) list.push_back({r.lo, r.hi});
  return list;
}

}  // namespace partita::memory
