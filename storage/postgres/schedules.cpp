#include "storage/postgres/statements/schedules.hpp"

#include "protocol/mutation.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements/runs.hpp"

namespace partita::postgres {

namespace {

schedule_row schedule_of(const pqxx::row& row) {
  schedule_row s;
  s.id = id_of<schedule_id>(row["schedule_id"]);
  s.what.name = row["name"].c_str();
  s.what.job = row["job"].c_str();
  s.what.parameters = row["parameters"].c_str();
  s.what.identity = row["identity"].c_str();
  s.what.trigger = row["trigger"].c_str();
  s.what.zone = row["zone"].c_str();
  s.what.overlap = state_of<overlap_policy>(row["overlap"]);
  s.what.catch_up = milliseconds{row["catch_up_ms"].as<std::int64_t>()};
  s.owner = id_of<node_id>(row["owner"]);
  s.next_tick = optional_time_of(row["next_tick"]);
  s.last_tick = optional_time_of(row["last_tick"]);
  s.last_run = id_of<run_id>(row["last_run"]);
  s.missed = row["missed"].as<std::int64_t>();
  s.created_at = time_of(row["created_at"]);
  if (const auto since = optional_time_of(row["paused_at"]))
    s.paused = {*since, row["paused_by"].c_str(), row["paused_note"].c_str()};
  s.declared = row["declared"].as<bool>();
  return s;
}

template <class Rows, class Get>
std::string moments(const Rows& rows, Get get) {
  array values;
  for (const auto& row : rows)
    if (const auto at = micros_of(get(row)))
      values.add(*at);
    else
      values.add_null();
  return values.text();
}

}  // namespace

db_time postgres_transaction::now() {
  if (!now_) now_ = time_of(query("SELECT partita.micros(partita.clock())").front()[0]);
  return *now_;
}

bool postgres_transaction::is_balanced(row_lock lock) {
  if (PARTITA_BUG(postgres_balance_without_the_lock)) lock = row_lock::none;
  return query(sql::is_balanced(lock)).front()[0].as<bool>();
}

std::int64_t postgres_transaction::set_balanced(bool balanced) {
  return change(sql::set_balanced, balanced);
}

bool postgres_transaction::owns_over(node_id owner) {
  return query(sql::owns_over("$1"), owner.value).front()[0].as<bool>();
}

std::vector<token_node> postgres_transaction::token_nodes() {
  std::vector<token_node> nodes;
  for (const auto& row : query_planned_anew(sql::token_nodes)) {
    token_node node{id_of<node_id>(row["node_id"]), row["tokens"].as<std::size_t>(), {}, false};
    for (const auto& job : elements_of(row["jobs"])) node.jobs.push_back(job_of(job).name);
    nodes.push_back(std::move(node));
  }
  return nodes;
}

std::vector<token_schedule> postgres_transaction::token_schedules() {
  std::vector<token_schedule> all;
  for (const auto& row : query_planned_anew(sql::token_schedules))
    all.push_back({id_of<schedule_id>(row["schedule_id"]), row["job"].c_str(),
                   id_of<node_id>(row["owner"]), row["rests"].as<bool>()});
  return all;
}

std::int64_t postgres_transaction::move_schedules(std::span<const token_move> moves) {
  if (moves.empty()) return 0;
  return change(sql::move_schedules, column(moves, [](const auto& m) { return m.schedule.value; }),
                column(moves, [](const auto& m) { return m.from.value; }),
                column(moves, [](const auto& m) { return m.to.value; }));
}

std::int64_t postgres_transaction::disown_schedules(node_id owner) {
  return change(sql::disown_schedules, owner.value);
}

std::optional<schedule_id> postgres_transaction::insert_schedule(
    const new_schedule& s, const std::optional<db_time>& next, bool declared,
    const std::optional<pause_mark>& paused) {
  const auto pause = paused.value_or(pause_mark{});
  const auto made = query(sql::insert_schedule, s.name, s.job, s.parameters, s.identity, s.trigger,
                          s.zone, std::string{to_string(s.overlap)}, s.catch_up.count(),
                          micros_of(next), paused.has_value(), pause.by, pause.note, declared);
  if (made.empty()) return std::nullopt;
  return id_of<schedule_id>(made.front()[0]);
}

std::int64_t postgres_transaction::redefine_schedule(schedule_id schedule, const new_schedule& s,
                                                     const std::optional<db_time>& next) {
  return change(sql::redefine_schedule, schedule.value, s.job, s.parameters, s.identity, s.trigger,
                s.zone, std::string{to_string(s.overlap)}, s.catch_up.count(), micros_of(next));
}

std::optional<schedule_row> postgres_transaction::find_schedule(const std::string& name,
                                                                row_lock lock) {
  const auto rows = query(sql::find_schedule(lock), name);
  if (rows.empty()) return std::nullopt;
  return schedule_of(rows.front());
}

std::int64_t postgres_transaction::delete_schedule(schedule_id schedule) {
  return change(sql::delete_schedule, schedule.value);
}

std::int64_t postgres_transaction::pause_schedule(schedule_id schedule, const std::string& by,
                                                  const std::string& note) {
  return change(sql::pause_schedule, schedule.value, by, note);
}

std::int64_t postgres_transaction::resume_schedule(schedule_id schedule,
                                                   const std::optional<db_time>& next) {
  return change(sql::resume_schedule, schedule.value, micros_of(next));
}

std::vector<due_schedule> postgres_transaction::due_schedules(node_id owner, int most) {
  std::vector<due_schedule> due;
  for (const auto& row : query(sql::due_schedules, owner.value, most)) {
    schedule_runs runs;
    runs.live = !row["live_run"].is_null();
    if (const auto ended = optional_time_of(row["run_ended"]))
      runs.last = {time_of(row["run_began"]), *ended};
    due.push_back({schedule_of(row), runs});
  }
  return due;
}

std::optional<db_time> postgres_transaction::next_due(node_id owner) {
  return optional_time_of(query(sql::next_due, owner.value).front()[0]);
}

std::optional<run_row> postgres_transaction::find_run_of_tick(schedule_id schedule, db_time tick) {
  const auto rows = query(sql::find_run_of_tick, schedule.value, tick.time_since_epoch().count());
  if (rows.empty()) return std::nullopt;
  return run_of(rows.front());
}

std::vector<std::optional<run_id>> postgres_transaction::fire_ticks(std::span<const run_row> runs,
                                                                    node_id owner) {
  std::vector<std::optional<run_id>> made;
  if (runs.empty()) return made;
  const auto rows =
      query(sql::fire_ticks, column(runs, [](const auto& r) { return r.schedule.value; }),
            column(runs, [](const auto& r) { return std::int64_t{r.job.version}; }),
            moments(
                runs, [](const auto& r) -> const auto& { return r.tick; }),
            owner.value);
  for (const auto& row : rows)
    made.push_back(row[0].is_null() ? std::nullopt : std::optional{id_of<run_id>(row[0])});
  return made;
}

std::int64_t postgres_transaction::advance_schedules(std::span<const advanced_schedule> all) {
  if (all.empty()) return 0;
  return change(sql::advance_schedules, column(all, [](const auto& a) { return a.id.value; }),
                moments(
                    all, [](const auto& a) -> const auto& { return a.next; }),
                moments(
                    all, [](const auto& a) -> const auto& { return a.tick; }),
                column(all, [](const auto& a) { return a.run.value; }),
                column(all, [](const auto& a) { return a.missed; }));
}

std::vector<schedule_row> postgres_transaction::list_schedules(const std::string& after,
                                                               int limit) {
  std::vector<schedule_row> rows;
  for (const auto& row : query_planned_anew(sql::list_schedules, after, limit))
    rows.push_back(schedule_of(row));
  return rows;
}

std::vector<schedule_row> postgres_transaction::list_doubtful_schedules(int limit) {
  std::vector<schedule_row> rows;
  for (const auto& row : query_planned_anew(sql::list_doubtful_schedules, limit))
    rows.push_back(schedule_of(row));
  return rows;
}

}  // namespace partita::postgres
