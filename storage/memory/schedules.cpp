#include <algorithm>

#include "protocol/schedule_policy.hpp"
#include "protocol/schedule_watch.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

namespace {

bool is_live(const run_row& run) { return !is_terminal(run.state); }

std::vector<schedule_row> first_by_name(std::vector<schedule_row> rows, int limit) {
  std::sort(rows.begin(), rows.end(),
            [](const auto& a, const auto& b) { return a.what.name < b.what.name; });
  if (std::ssize(rows) > limit) rows.resize(static_cast<std::size_t>(limit));
  return rows;
}

}  // namespace

bool memory_transaction::is_balanced(row_lock) { return db_.balanced.at(0); }

std::int64_t memory_transaction::set_balanced(bool balanced) {
  return update(db_.balanced, 0, [&](bool& row) { row = balanced; });
}

bool memory_transaction::owns_over(node_id owner) {
  return std::any_of(db_.schedules.begin(), db_.schedules.end(),
                     [&](const auto& s) { return s.second.owner == owner && !s.second.next_tick; });
}

std::vector<token_node> memory_transaction::token_nodes() {
  std::vector<token_node> nodes;
  for (const auto& [key, row] : db_.nodes) {
    if (row.info.tokens == 0) continue;
    const auto id = key;
    const auto owned = std::count_if(db_.schedules.begin(), db_.schedules.end(),
                                     [&](const auto& s) { return s.second.owner == id; });
    const auto active = row.state == node_state::active;
    if (!active && row.state != node_state::unreachable) continue;
    token_node node{id, static_cast<std::size_t>(active ? row.info.tokens : owned), {}, false};
    for (const auto& job : row.info.jobs) node.jobs.push_back(job.name);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<token_schedule> memory_transaction::token_schedules() {
  std::vector<token_schedule> all;
  for (const auto& [id, s] : db_.schedules)
    all.push_back({id, s.what.job, s.owner, s.paused || !s.next_tick});
  return all;
}

std::int64_t memory_transaction::move_schedules(std::span<const token_move> moves) {
  std::int64_t moved = 0;
  for (const auto& m : moves)
    if (const auto* row = find(db_.schedules, m.schedule); row && row->owner == m.from)
      moved += update(db_.schedules, m.schedule, [&](schedule_row& s) { s.owner = m.to; });
  return moved;
}

std::int64_t memory_transaction::disown_schedules(node_id owner) {
  std::int64_t disowned = 0;
  for (const auto& [id, row] : db_.schedules)
    if (row.owner == owner)
      disowned += update(db_.schedules, id, [](schedule_row& s) { s.owner = node_id{}; });
  return disowned;
}

std::optional<schedule_id> memory_transaction::insert_schedule(
    const new_schedule& s, const std::optional<db_time>& next, bool declared,
    const std::optional<pause_mark>& paused) {
  if (find_schedule(s.name, row_lock::none)) return std::nullopt;
  const schedule_id id{++db_.last_schedule_id};
  schedule_row row;
  row.id = id;
  row.what = s;
  row.next_tick = next;
  row.declared = declared;
  row.paused = paused;
  row.created_at = now_;
  insert(db_.schedules, id, std::move(row));
  return id;
}

std::int64_t memory_transaction::redefine_schedule(schedule_id schedule, const new_schedule& s,
                                                   const std::optional<db_time>& next) {
  return update(db_.schedules, schedule, [&](schedule_row& row) {
    row.what = s;
    row.next_tick = next;
    row.missed = 0;
  });
}

std::optional<schedule_row> memory_transaction::find_schedule(const std::string& name, row_lock) {
  for (const auto& [id, row] : db_.schedules)
    if (row.what.name == name) return row;
  return std::nullopt;
}

std::int64_t memory_transaction::delete_schedule(schedule_id schedule) {
  const auto there = db_.schedules.contains(schedule);
  erase(db_.schedules, schedule);
  return there ? 1 : 0;
}

std::int64_t memory_transaction::pause_schedule(schedule_id schedule, const std::string& by,
                                                const std::string& note) {
  return update(db_.schedules, schedule, [&](schedule_row& s) {
    s.owner = node_id{};
    s.paused = pause_mark{now_, by, note};
  });
}

std::int64_t memory_transaction::resume_schedule(schedule_id schedule,
                                                 const std::optional<db_time>& next) {
  return update(db_.schedules, schedule, [&](schedule_row& s) {
    s.paused.reset();
    s.next_tick = next;
    s.missed = 0;
  });
}

/// Whether it waits for the end of a run.
bool memory_transaction::waits_for_run(const schedule_row& s) const {
  return s.what.overlap == overlap_policy::queue_one && runs_of(s.id).live;
}

std::vector<due_schedule> memory_transaction::due_schedules(node_id owner, int most) {
  std::vector<due_schedule> due;
  for (const auto& [id, s] : db_.schedules)
    if (s.owner == owner && s.next_tick && *s.next_tick <= now_ && !waits_for_run(s))
      due.push_back({s, runs_of(id)});
  std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
    return std::pair{*a.row.next_tick, a.row.id} < std::pair{*b.row.next_tick, b.row.id};
  });
  if (std::ssize(due) > most) due.resize(static_cast<std::size_t>(most));
  return due;
}

std::optional<db_time> memory_transaction::next_due(node_id owner) {
  std::optional<db_time> next;
  for (const auto& [id, s] : db_.schedules)
    if (s.owner == owner && s.next_tick && !waits_for_run(s) && (!next || *s.next_tick < *next))
      next = s.next_tick;
  return next;
}

schedule_runs memory_transaction::runs_of(schedule_id schedule) const {
  schedule_runs runs;
  for (const auto& [id, run] : db_.runs) {
    if (run.schedule != schedule) continue;
    if (is_live(run))
      runs.live = true;
    else
      runs.last = {run.created_at, *run.ended_at};
  }
  return runs;
}

std::optional<run_row> memory_transaction::find_run_of_tick(schedule_id schedule, db_time tick) {
  for (const auto& [id, run] : db_.runs)
    if (run.schedule == schedule && run.tick == tick && !run.restart_of) return run;
  return std::nullopt;
}

std::vector<std::optional<run_id>> memory_transaction::fire_ticks(std::span<const run_row> runs,
                                                                  node_id) {
  std::vector<std::optional<run_id>> made;
  for (const auto& run : runs) made.push_back(insert_run(run));
  return made;
}

std::int64_t memory_transaction::advance_schedules(std::span<const advanced_schedule> all) {
  std::int64_t changed = 0;
  for (const auto& a : all)
    changed += update(db_.schedules, a.id, [&](schedule_row& s) {
      s.next_tick = a.next;
      s.missed += a.missed;
      if (!a.tick) return;
      s.last_tick = a.tick;
      s.last_run = a.run;
    });
  return changed;
}

std::vector<schedule_row> memory_transaction::list_schedules(const std::string& after, int limit) {
  std::vector<schedule_row> rows;
  for (const auto& [id, row] : db_.schedules)
    if (row.what.name > after) rows.push_back(row);
  return first_by_name(std::move(rows), limit);
}

std::vector<schedule_row> memory_transaction::list_doubtful_schedules(int limit) {
  std::vector<schedule_row> rows;
  for (const auto& [id, row] : db_.schedules) {
    const auto* owner = find(db_.nodes, row.owner);
    const auto owned = owner != nullptr && owner->state == node_state::active;
    const auto over = !row.next_tick;
    const auto well_over = row.last_tick && row.what.trigger.starts_with("at ");
    const auto due = over ? !well_over : !owned || *row.next_tick < now_ - on_time;
    if (!row.paused && (due || row.missed >= usual_intervals)) rows.push_back(row);
  }
  return first_by_name(std::move(rows), limit);
}

}  // namespace partita::memory
