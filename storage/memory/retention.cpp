#include <algorithm>

#include "protocol/mutation.hpp"
#include "storage/memory/memory_transaction.hpp"

namespace partita::memory {

void memory_transaction::set_retention(const std::string& job, const retention& what) {
  changed_.keep(db_.retention, job);
  db_.retention.insert_or_assign(job, retention_row{job, what});
}

std::int64_t memory_transaction::remove_retention(const std::string& job) {
  if (!db_.retention.contains(job)) return 0;
  erase(db_.retention, job);
  return 1;
}

/// Whether this run is the last of a chain that is past what is kept.
bool memory_transaction::is_beyond(const run_row& run, const retention& kept) {
  if (!run.ended_at || run.purged_at || *run.ended_at >= now_ - kept.keep) return false;
  if (find_continuation(run.id) && !PARTITA_BUG(purge_of_what_goes_on)) return false;
  const auto newer =
      std::count_if(db_.runs.upper_bound(run.id), db_.runs.end(), [&](const auto& other) {
        return other.second.job.name == run.job.name && other.second.ended_at &&
               !other.second.purged_at;
      });
  return newer >= kept.keep_last;
}

template <class Condition>
std::vector<run_id> memory_transaction::oldest_ended(Condition holds, int most) {
  std::vector<const run_row*> found;
  for (const auto& [id, run] : db_.runs)
    if (holds(run)) found.push_back(&run);
  std::stable_sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return std::pair{a->job.name, a->ended_at} < std::pair{b->job.name, b->ended_at};
  });
  std::vector<run_id> runs;
  for (const auto* run : found)
    if (std::ssize(runs) < most) runs.push_back(run->id);
  return runs;
}

std::vector<run_id> memory_transaction::list_purgeable(const purge_choice& which, int most) {
  return oldest_ended(
      [&](const run_row& run) {
        return (which.job.empty() || run.job.name == which.job) && is_shown_as(run, which.states) &&
               is_beyond(run, which.beyond);
      },
      most);
}

std::vector<run_id> memory_transaction::list_expired(int most) {
  return oldest_ended(
      [&](const run_row& run) {
        const auto* kept = find(db_.retention, run.job.name);
        if (kept == nullptr) kept = find(db_.retention, std::string{});
        return kept != nullptr && is_beyond(run, kept->what);
      },
      most);
}

std::int64_t memory_transaction::entomb(std::span<const run_id> chain, bool) {
  std::int64_t changed = 0;
  for (auto run : chain) {
    changed += update(db_.runs, run, [&](run_row& row) {
      row.purged_at = now_;
      row.result.clear();
      row.error.clear();
    });
    const auto name = db_.names.lower_bound({run, ""});
    insert(db_.purging, run, name == db_.names.end() || name->first.first != run);
  }
  return changed;
}

bool memory_transaction::take_purge_turn(milliseconds pause) {
  if (const auto* next = find(db_.purge_turn, 0); next != nullptr && *next > now_) return false;
  changed_.keep(db_.purge_turn, 0);
  db_.purge_turn.insert_or_assign(0, now_ + pause);
  return true;
}

/// Removes the rows for whose key the condition holds.
template <class Map, class Condition>
std::int64_t memory_transaction::erase_where(Map& map, Condition holds) {
  std::vector<typename Map::key_type> keys;
  for (const auto& [key, row] : map)
    if (holds(key, row)) keys.push_back(key);
  for (const auto& key : keys) erase(map, key);
  return std::ssize(keys);
}

std::optional<run_id> memory_transaction::find_purged_with_files(run_id upto) {
  for (auto next = db_.purging.upper_bound(upto); next != db_.purging.begin();)
    if (!(--next)->second) return next->first;
  return std::nullopt;
}

void memory_transaction::files_are_gone(std::span<const run_id> runs) {
  for (auto run : runs) update(db_.purging, run, [](bool& gone) { gone = true; });
}

/// Whole runs: there is nothing else that waits for them.
std::int64_t memory_transaction::purge_rows(int most) {
  std::int64_t removed = 0;
  while (removed < most) {
    const auto next = std::find_if(
        db_.purging.rbegin(), db_.purging.rend(),
        [](const auto& purging) { return purging.second || PARTITA_BUG(rows_go_before_files); });
    if (next == db_.purging.rend()) break;
    const auto run = next->first;
    for (const auto& step : list_steps(run)) removed += purge_step(step.id);
    removed +=
        erase_where(db_.names, [&](const auto& key, const auto&) { return key.first == run; });
    removed += std::count_if(db_.events.begin(), db_.events.end(),
                             [&](const event_row& e) { return e.run == run; });
    purged_.insert(run);
    erase(db_.purging, run);
    ++removed;
  }
  return removed;
}

std::int64_t memory_transaction::purge_step(step_id step) {
  const auto of_key = [&](const auto& key, const auto&) { return std::get<0>(key) == step; };
  const auto of_row = [&](const auto&, const auto& row) { return row.step == step; };
  const auto removed = erase_where(db_.partitions, of_key) + erase_where(db_.results, of_key) +
                       erase_where(db_.checkpoints, of_key) + erase_where(db_.skipped, of_key) +
                       erase_where(db_.failures, of_row) + erase_where(db_.log, of_key) +
                       erase_where(db_.counters, of_key) + erase_where(db_.tiles, of_key) +
                       erase_where(db_.ready, of_row) +
                       (PARTITA_BUG(purge_leaves_leases) ? 0 : erase_where(db_.leases, of_row));
  erase(db_.steps, step);
  return removed + 1;
}

std::vector<retention_row> memory_transaction::list_retention() {
  std::vector<retention_row> rows;
  for (const auto& [job, row] : db_.retention) rows.push_back(row);
  return rows;
}

std::int64_t memory_transaction::count_purging() { return std::ssize(db_.purging); }

}  // namespace partita::memory
