#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

std::optional<driven_step_row> memory_transaction::find_driven_step(step_id step, row_lock) {
  const auto* found = find(db_.steps, step);
  if (found == nullptr) return std::nullopt;
  return driven_step_row{found->row, db_.runs.at(found->row.run)};
}

std::optional<step_row> memory_transaction::find_step_at(run_id run, int ordinal) {
  for (const auto& [id, step] : db_.steps)
    if (step.row.run == run && step.row.spec.ordinal == ordinal) return step.row;
  return std::nullopt;
}

std::vector<step_row> memory_transaction::list_steps(run_id run) {
  std::vector<step_row> steps;
  for (const auto& [id, step] : db_.steps)
    if (step.row.run == run) steps.push_back(step.row);
  std::sort(steps.begin(), steps.end(),
            [](const step_row& a, const step_row& b) { return a.spec.ordinal < b.spec.ordinal; });
  return steps;
}

std::optional<step_standing> memory_transaction::standing_of(step_id step) {
  const auto* found = find(db_.steps, step);
  if (found == nullptr) return std::nullopt;
  const auto of_step = [step](const auto& entry) { return entry.second.step == step; };
  const auto first = db_.results.lower_bound({step, 0});
  const auto last = db_.results.lower_bound({step_id{step.value + 1}, 0});
  return step_standing{
      db_.runs.at(found->row.run).stop, found->row.sealed,
      std::any_of(db_.ready.begin(), db_.ready.end(), of_step),
      std::any_of(db_.leases.begin(), db_.leases.end(),
                  [&](const auto& entry) {
                    return of_step(entry) && entry.second.state == lease_state::live;
                  }),
      std::any_of(first, last, [](const auto& entry) { return !entry.second.row.completed; })};
}

std::optional<step_id> memory_transaction::insert_step(run_id run, const step_spec& spec) {
  if (find_step_at(run, spec.ordinal)) return std::nullopt;
  step_row row;
  row.id = step_id{++db_.last_step_id};
  row.run = run;
  row.spec = spec;
  row.sealed = spec.kind == step_kind::tasklet;
  row.started_at = now_;
  insert(db_.steps, row.id, {row, 0});
  return row.id;
}

step_id memory_transaction::copy_step(const step_row& from, run_id to, bool completed) {
  step_row row = from;
  row.id = step_id{++db_.last_step_id};
  row.run = to;
  row.spec.after_failure = false;
  if (PARTITA_BUG(restart_forgets_decisions)) row.decided.reset();
  if (!completed) {
    row.state = step_state::running;
    row.result.clear();
    row.error.clear();
    row.decided.reset();
    row.started_at = now_;
    row.ended_at.reset();
    if (!row.sealed && !row.spec.streamed) {
      row.count = 0;
      row.spec.split_context = "{}";
    }
  }
  insert(db_.steps, row.id, {row, 0});
  return row.id;
}

std::int64_t memory_transaction::set_decision(step_id step, const decision& chosen) {
  return update(db_.steps, step, [&](step_record& s) { s.row.decided = chosen; });
}

std::int64_t memory_transaction::set_count(step_id step, std::int64_t count) {
  return update(db_.steps, step, [&](step_record& s) { s.row.count = count; });
}

std::int64_t memory_transaction::set_carried(step_id step, std::int64_t carried) {
  return update(db_.steps, step, [&](step_record& s) { s.carried = carried; });
}

std::int64_t memory_transaction::seal_step(step_id step) {
  return update(db_.steps, step, [](step_record& s) { s.row.sealed = true; });
}

std::int64_t memory_transaction::set_failing(step_id step, const std::string& error) {
  return update(db_.steps, step, [&](step_record& s) { s.row.error = error; });
}

std::int64_t memory_transaction::end_step(step_id step, step_state state, const json_text& result,
                                          const std::string& error) {
  return update(db_.steps, step, [&](step_record& s) {
    s.row.state = state;
    s.row.result = result;
    s.row.error = error;
    s.row.ended_at = now_;
  });
}

void memory_transaction::insert_partitions(step_id step, partition_no first,
                                           std::span<const new_partition> rows) {
  for (auto no = first; const auto& p : rows) {
    insert(db_.partitions, {step, no}, {step, no, p.key, p.input});
    ++no;
  }
}

void memory_transaction::delete_partitions(step_id step, range span) {
  for (auto p = db_.partitions.lower_bound({step, span.lo});
       p != db_.partitions.end() && p->first <= partition_key{step, span.hi};) {
    changed_.keep(db_.partitions, p->first);
    p = db_.partitions.erase(p);
  }
}

std::int64_t memory_transaction::copy_partitions(step_id from, step_id to, range span) {
  std::int64_t copied = 0;
  for (auto no = span.lo; no <= span.hi; ++no)
    if (const auto* p = find(db_.partitions, {from, no}))
      copied += insert(db_.partitions, {to, no}, {to, no, p->key, p->input});
  return copied;
}

std::int64_t memory_transaction::copy_repeats(step_id from, step_id to, range span) {
  std::int64_t made = 0;
  for (auto no = span.lo; no <= span.hi; ++no) {
    const auto* r = find(db_.results, {from, no});
    if (r == nullptr || !r->row.completed) continue;
    auto items = nlohmann::json::array();
    for (auto s = db_.skipped.lower_bound({from, no, 0});
         s != db_.skipped.end() && s->first < skipped_key{from, no + 1, 0}; ++s)
      items.push_back({s->second.what.item, s->second.what.place});
    if (items.empty()) continue;
    const auto& counts = r->row.counts;
    const nlohmann::json position{{"partita_repeat",
                                   {{"run", db_.steps.at(to).row.run.value},
                                    {"read", counts.read},
                                    {"written", counts.written},
                                    {"filtered", counts.filtered},
                                    {"items", items}}}};
    made += insert(db_.checkpoints, {to, no},
                   {to, no, r->row.lease, {1, position.dump(), {}}, 0, 0, now_});
  }
  return made;
}

std::int64_t memory_transaction::copy_completed_results(step_id from, step_id to, range span) {
  std::int64_t copied = 0;
  for (auto no = span.lo; no <= span.hi; ++no) {
    const auto* r = find(db_.results, {from, no});
    if (r == nullptr || !r->row.completed || db_.checkpoints.contains({to, no})) continue;
    copied += insert(db_.results, {to, no}, {to, r->row});
  }
  return copied;
}

std::int64_t memory_transaction::copy_names(step_id from, step_id to, range span) {
  const auto before = db_.steps.at(from).row.run, now = db_.steps.at(to).row.run;
  std::vector<name_claim> copies;
  for (auto at = db_.names.lower_bound({before, {}});
       at != db_.names.end() && at->first.first == before; ++at) {
    const auto& [step, no] = at->second;
    if (step == from && span.contains(no) && db_.results.contains({to, no}))
      copies.push_back({now, to, no, at->first.second});
  }
  std::int64_t copied = 0;
  for (const auto& c : copies) copied += insert(db_.names, {c.run, c.name}, {c.step, c.no});
  return copied;
}

void memory_transaction::count_results(step_id to, range span) {
  for (auto r = db_.results.lower_bound({to, span.lo});
       r != db_.results.end() && r->first <= partition_key{to, span.hi}; ++r) {
    const auto& row = r->second.row;
    add({to, db_.leases.at(row.lease).node, row.completed, !row.completed, row.counts});
  }
}

std::int64_t memory_transaction::copy_skipped(step_id from, step_id to, range span) {
  std::vector<skipped_row> copies;
  for (auto r = db_.skipped.lower_bound({from, span.lo, 0});
       r != db_.skipped.end() && r->first < skipped_key{from, span.hi + 1, 0}; ++r)
    if (!db_.checkpoints.contains({to, r->second.no})) copies.push_back(r->second);
  for (auto& copy : copies) {
    copy.step = to;
    insert(db_.skipped, {to, copy.no, copy.what.item}, copy);
  }
  return static_cast<std::int64_t>(copies.size());
}

std::int64_t memory_transaction::copy_checkpoints(step_id from, step_id to, range span) {
  std::int64_t copied = 0;
  for (auto no = span.lo; no <= span.hi; ++no) {
    const auto* c = find(db_.checkpoints, {from, no});
    if (c == nullptr || db_.results.contains({to, no})) continue;
    auto copy = *c;
    copy.step = to;
    copied += insert(db_.checkpoints, {to, no}, copy);
  }
  return copied;
}

}  // namespace partita::memory
