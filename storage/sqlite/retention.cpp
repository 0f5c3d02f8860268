#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>

#include "protocol/mutation.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/retention.hpp"

namespace partita::sqlite {

namespace {

/// A purged run, and how far the removal of its rows has come.
struct purging {
  run_id run;
  step_id step;
  partition_no no = 0;
  std::int64_t event = 0;
};

/// Removes the next rows of a purged run, `most` or a bit more of them.
class remover {
 public:
  remover(connection& db, int most) : db_(db), most_(most) {}

  std::int64_t removed() const { return removed_; }
  bool enough() const { return removed_ >= most_; }

  void go_on(const purging& from) {
    step_id step;
    std::int64_t count = 0;
    {
      auto next = db_.query(sql::next_purged_step, from.run, from.step.value);
      if (next.next()) {
        step = next.get<step_id>(0);
        count = next.get<std::int64_t>(1);
      }
    }
    if (step)
      remove_step(from.run, step, count, step == from.step ? from.no : 0);
    else
      remove_events(from);
  }

 private:
  void remove_step(run_id run, step_id step, std::int64_t count, partition_no from) {
    const auto end = from + most_;
    if (most_were_removed(sql::purge_skipped, step, from, end, most_)) return;
    for (const auto* rows : std::initializer_list<const char*>{
             sql::purge_log, sql::purge_checkpoints, sql::purge_failures, sql::purge_results,
             sql::purge_partitions})
      remove(rows, step, from, end);
    if (end < count && !PARTITA_BUG(sqlite_purge_forgets_later_partitions)) {
      db_.run(sql::purged_to_partition, run, step, end);
      return;
    }
    if (most_were_removed(sql::purge_tiles, step, most_) ||
        most_were_removed(sql::purge_ready, step, most_))
      return;
    remove(sql::purge_counters, step);
    db_.run(sql::purged_to_partition, run, step_id{step.value + 1}, 0);
  }

  void remove_events(const purging& from) {
    if (most_were_removed(sql::purge_names, from.run, most_)) return;
    auto last = last_event(from);
    if (!last) return remove_run(from.run);
    remove(sql::purge_leases, from.run, from.event, *last);
    remove(sql::purge_events, from.run, from.event, *last);
    db_.run(sql::purged_to_event, from.run, *last);
  }

  std::optional<std::int64_t> last_event(const purging& from) {
    auto last = db_.query(sql::last_purged_event, from.run, from.event, most_);
    return last.next() ? last.get<std::optional<std::int64_t>>(0) : std::nullopt;
  }

  void remove_run(run_id run) {
    remove(sql::purge_steps, run);
    db_.run(sql::purging_is_over, run);
    ++removed_;
  }

  template <class... Values>
  std::int64_t remove(const char* statement, const Values&... values) {
    const auto rows = db_.run(statement, values...);
    removed_ += rows;
    return rows;
  }

  /// There may be more of the kind.
  template <class... Values>
  bool most_were_removed(const char* statement, const Values&... values) {
    return remove(statement, values...) == most_;
  }

  connection& db_;
  const std::int64_t most_;
  std::int64_t removed_ = 0;
};

}  // namespace

void sqlite_transaction::set_retention(const std::string& job, const retention& what) {
  db_.run(sql::set_retention, job, what.keep, what.keep_last);
}

std::int64_t sqlite_transaction::remove_retention(const std::string& job) {
  return db_.run(sql::remove_retention, job);
}

std::vector<run_id> sqlite_transaction::past_runs(const purge_choice& of_job, std::size_t most) {
  std::vector<run_id> runs;
  for (auto s =
           db_.query(sql::past_runs, of_job.job, nlohmann::json(of_job.states).dump(),
                     of_job.beyond.keep, of_job.beyond.keep_last, static_cast<std::int64_t>(most));
       s.next();)
    runs.push_back(s.get<run_id>(0));
  return runs;
}

/// Of each job that nodes have told of, while there are less than `most`: what `choice_of` wants.
template <class Choose>
std::vector<run_id> sqlite_transaction::past_runs_of_jobs(int most, Choose choice_of) {
  std::vector<std::string> jobs;
  for (auto s = db_.query(sql::known_jobs); s.next();) jobs.push_back(s.get<std::string>(0));
  std::vector<run_id> runs;
  for (const auto& job : jobs) {
    const std::optional<purge_choice> choice = choice_of(job);
    if (!choice) continue;
    const auto more = past_runs(*choice, static_cast<std::size_t>(most) - runs.size());
    runs.insert(runs.end(), more.begin(), more.end());
  }
  return runs;
}

std::vector<run_id> sqlite_transaction::list_purgeable(const purge_choice& which, int most) {
  if (!which.job.empty()) return past_runs(which, static_cast<std::size_t>(most));
  return past_runs_of_jobs(most, [&](const std::string& job) {
    return purge_choice{job, which.states, which.beyond};
  });
}

std::vector<run_id> sqlite_transaction::list_expired(int most) {
  std::map<std::string, retention> kept;
  for (const auto& row : list_retention()) kept[row.job] = row.what;
  if (kept.empty()) return {};
  return past_runs_of_jobs(most, [&](const std::string& job) -> std::optional<purge_choice> {
    auto of_job = kept.find(job);
    if (of_job == kept.end()) of_job = kept.find("");
    if (of_job == kept.end()) return std::nullopt;
    return purge_choice{job, {}, of_job->second};
  });
}

std::int64_t sqlite_transaction::entomb(std::span<const run_id> chain, bool) {
  std::int64_t changed = 0;
  for (auto run : chain) {
    changed += db_.run(sql::entomb, run);
    db_.run(sql::insert_purging, run);
  }
  return changed;
}

bool sqlite_transaction::take_purge_turn(milliseconds pause) {
  return db_.run(sql::take_purge_turn, pause) == 1;
}

std::optional<run_id> sqlite_transaction::find_purged_with_files(run_id upto) {
  auto s = db_.query(sql::find_purged_with_files, upto);
  return s.next() ? std::optional{s.get<run_id>(0)} : std::nullopt;
}

void sqlite_transaction::files_are_gone(std::span<const run_id> runs) {
  for (auto run : runs) db_.run(sql::files_are_gone, run);
}

std::int64_t sqlite_transaction::purge_rows(int most) {
  remover piece{db_, most};
  while (!piece.enough()) {
    std::optional<purging> next;
    if (auto s = db_.query(sql::next_purging); s.next())
      next = purging{s.get<run_id>(0), s.get<step_id>(1), s.get<partition_no>(2),
                     s.get<std::int64_t>(3)};
    if (!next) break;
    piece.go_on(*next);
  }
  return piece.removed();
}

std::vector<retention_row> sqlite_transaction::list_retention() {
  std::vector<retention_row> rows;
  for (auto s = db_.query(sql::list_retention); s.next();)
    rows.push_back({s.get<std::string>(0), {s.get<milliseconds>(1), s.get<int>(2)}});
  return rows;
}

std::int64_t sqlite_transaction::count_purging() {
  auto s = db_.query(sql::count_purging);
  return s.next() ? s.get<std::int64_t>(0) : 0;
}

}  // namespace partita::sqlite
