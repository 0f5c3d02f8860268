#include <string>

#include "storage/sqlite/sqlite_transaction.hpp"
#include "storage/sqlite/statements/schedules.hpp"

namespace partita::sqlite {

namespace {

schedule_row to_schedule(const statement& s) {
  schedule_row r;
  r.id = s.get<schedule_id>(0);
  r.what.name = s.get<std::string>(1);
  r.what.job = s.get<std::string>(2);
  r.what.parameters = s.get<std::string>(3);
  r.what.identity = s.get<std::string>(4);
  r.what.trigger = s.get<std::string>(5);
  r.what.zone = s.get<std::string>(6);
  r.what.overlap = s.get<overlap_policy>(7);
  r.what.catch_up = s.get<milliseconds>(8);
  r.owner = s.get<node_id>(9);
  r.next_tick = s.get<std::optional<db_time>>(10);
  r.last_tick = s.get<std::optional<db_time>>(11);
  r.last_run = s.get<run_id>(12);
  r.missed = s.get<std::int64_t>(13);
  r.created_at = s.get<db_time>(14);
  if (const auto since = s.get<std::optional<db_time>>(15))
    r.paused = {*since, s.get<std::string>(16), s.get<std::string>(17)};
  r.declared = s.get<bool>(18);
  return r;
}

std::vector<schedule_row> schedules_in(statement&& s) {
  std::vector<schedule_row> rows;
  while (s.next()) rows.push_back(to_schedule(s));
  return rows;
}

}  // namespace

bool sqlite_transaction::is_balanced(row_lock) {
  auto s = db_.query(sql::is_balanced);
  return s.next() && s.get<bool>(0);
}

std::int64_t sqlite_transaction::set_balanced(bool balanced) {
  return db_.run(sql::set_balanced, balanced);
}

bool sqlite_transaction::owns_over(node_id owner) {
  auto s = db_.query(sql::owns_over, owner);
  return s.next() && s.get<bool>(0);
}

std::vector<token_node> sqlite_transaction::token_nodes() {
  std::vector<token_node> nodes;
  for (auto s = db_.query(sql::token_nodes); s.next();) {
    token_node node{s.get<node_id>(0), static_cast<std::size_t>(s.get<std::int64_t>(2)), {}, false};
    for (const auto& job : jobs_of(s.get<std::string>(1))) node.jobs.push_back(job.name);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<token_schedule> sqlite_transaction::token_schedules() {
  std::vector<token_schedule> all;
  for (auto s = db_.query(sql::token_schedules); s.next();)
    all.push_back(
        {s.get<schedule_id>(0), s.get<std::string>(1), s.get<node_id>(2), s.get<bool>(3)});
  return all;
}

std::int64_t sqlite_transaction::move_schedules(std::span<const token_move> moves) {
  std::int64_t moved = 0;
  auto move = db_.prepare(sql::move_schedule);
  for (const auto& m : moves) moved += move.run(m.schedule, m.from, m.to);
  return moved;
}

std::int64_t sqlite_transaction::disown_schedules(node_id owner) {
  return db_.run(sql::disown_schedules, owner);
}

std::optional<schedule_id> sqlite_transaction::insert_schedule(
    const new_schedule& s, const std::optional<db_time>& next, bool declared,
    const std::optional<pause_mark>& paused) {
  const auto pause = paused.value_or(pause_mark{});
  const auto inserted =
      db_.run(sql::insert_schedule, s.name, s.job, s.parameters, s.identity, s.trigger, s.zone,
              s.overlap, s.catch_up, next, paused ? std::optional{pause.since} : std::nullopt,
              pause.by, pause.note, declared);
  if (inserted == 0) return std::nullopt;
  return schedule_id{db_.last_id()};
}

std::int64_t sqlite_transaction::redefine_schedule(schedule_id schedule, const new_schedule& s,
                                                   const std::optional<db_time>& next) {
  return db_.run(sql::redefine_schedule, schedule, s.job, s.parameters, s.identity, s.trigger,
                 s.zone, s.overlap, s.catch_up, next);
}

std::optional<schedule_row> sqlite_transaction::find_schedule(const std::string& name, row_lock) {
  auto found = schedules_in(db_.query(sql::find_schedule.c_str(), name));
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

std::int64_t sqlite_transaction::delete_schedule(schedule_id schedule) {
  return db_.run(sql::delete_schedule, schedule);
}

std::int64_t sqlite_transaction::pause_schedule(schedule_id schedule, const std::string& by,
                                                const std::string& note) {
  return db_.run(sql::pause_schedule, schedule, by, note);
}

std::int64_t sqlite_transaction::resume_schedule(schedule_id schedule,
                                                 const std::optional<db_time>& next) {
  return db_.run(sql::resume_schedule, schedule, next);
}

std::vector<due_schedule> sqlite_transaction::due_schedules(node_id owner, int most) {
  std::vector<due_schedule> due;
  for (auto& row : schedules_in(db_.query(sql::due_schedules.c_str(), owner, most))) {
    schedule_runs runs;
    runs.live = db_.query(sql::has_live_run, row.id).next();
    if (auto s = db_.query(sql::last_ended_run, row.id); s.next())
      runs.last = {s.get<db_time>(0), s.get<db_time>(1)};
    due.push_back({std::move(row), runs});
  }
  return due;
}

std::optional<db_time> sqlite_transaction::next_due(node_id owner) {
  auto s = db_.query(sql::next_due.c_str(), owner);
  return s.next() ? std::optional{s.get<db_time>(0)} : std::nullopt;
}

std::optional<run_row> sqlite_transaction::find_run_of_tick(schedule_id schedule, db_time tick) {
  auto s = db_.query(sql::run_of_tick, schedule, tick);
  if (!s.next()) return std::nullopt;
  return find_run(s.get<run_id>(0), row_lock::none);
}

std::vector<std::optional<run_id>> sqlite_transaction::fire_ticks(std::span<const run_row> runs,
                                                                  node_id) {
  std::vector<std::optional<run_id>> made;
  for (const auto& run : runs) made.push_back(insert_run(run));
  return made;
}

std::int64_t sqlite_transaction::advance_schedules(std::span<const advanced_schedule> all) {
  std::int64_t changed = 0;
  auto advance = db_.prepare(sql::advance_schedule);
  for (const auto& a : all) changed += advance.run(a.id, a.next, a.tick, a.run, a.missed);
  return changed;
}

std::vector<schedule_row> sqlite_transaction::list_schedules(const std::string& after, int limit) {
  return schedules_in(db_.query(sql::list_schedules.c_str(), after, limit));
}

std::vector<schedule_row> sqlite_transaction::list_doubtful_schedules(int limit) {
  return schedules_in(db_.query(sql::list_doubtful_schedules.c_str(), limit));
}

}  // namespace partita::sqlite
