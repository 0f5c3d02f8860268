#include "storage/sqlite/statements/steps.hpp"
#include "storage/sqlite/rows.hpp"
#include "storage/sqlite/sqlite_transaction.hpp"

namespace partita::sqlite {

std::optional<driven_step_row> sqlite_transaction::find_driven_step(step_id step, row_lock) {
  auto found = find_step(step);
  if (!found) return std::nullopt;
  auto run = find_run(found->run, row_lock::key_share);
  if (!run) return std::nullopt;
  return driven_step_row{std::move(*found), std::move(*run)};
}

std::optional<step_row> sqlite_transaction::find_step(step_id step) {
  auto s = db_.query(sql::find_step, step);
  if (!s.next()) return std::nullopt;
  return to_step(s);
}

std::optional<step_row> sqlite_transaction::find_step_at(run_id run, int ordinal) {
  auto s = db_.query(sql::step_at, run, ordinal);
  if (!s.next()) return std::nullopt;
  return find_step(s.get<step_id>(0));
}

std::vector<step_row> sqlite_transaction::list_steps(run_id run) {
  std::vector<step_row> steps;
  for (auto s = db_.query(sql::list_steps, run); s.next();) steps.push_back(to_step(s));
  return steps;
}

std::optional<step_standing> sqlite_transaction::standing_of(step_id step) {
  auto s = db_.query(sql::standing_of_step, step);
  if (!s.next()) return std::nullopt;
  return step_standing{s.get<stop_mode>(0), s.get<bool>(1), s.get<bool>(2), s.get<bool>(3),
                       s.get<bool>(4)};
}

std::optional<step_id> sqlite_transaction::insert_step(run_id run, const step_spec& spec) {
  const auto inserted = db_.run(
      sql::insert_step, run, spec.name, spec.ordinal, spec.kind, spec.streamed, spec.transferable,
      spec.retry.max_attempts, spec.retry.first_delay, spec.retry.factor, spec.retry.max_delay,
      spec.split_context, spec.kind == step_kind::tasklet, spec.after_failure, spec.at_most,
      nlohmann::json(spec.limits).dump(), nlohmann::json(spec.tags).dump());
  if (inserted == 0) return std::nullopt;
  return step_id{db_.last_id()};
}

step_id sqlite_transaction::copy_step(const step_row& from, run_id to, bool completed) {
  return step_id{completed ? db_.insert(sql::copy_completed_step, to, from.id)
                           : db_.insert(sql::copy_unfinished_step, to, from.id)};
}

std::int64_t sqlite_transaction::set_decision(step_id step, const decision& chosen) {
  return db_.run(sql::set_decision, step, to_string(chosen.how), chosen.text);
}

std::int64_t sqlite_transaction::set_count(step_id step, std::int64_t count) {
  return db_.run(sql::set_count, step, count);
}

std::int64_t sqlite_transaction::set_carried(step_id step, std::int64_t carried) {
  return db_.run(sql::set_carried, step, carried);
}

std::int64_t sqlite_transaction::seal_step(step_id step) { return db_.run(sql::seal_step, step); }

std::int64_t sqlite_transaction::set_failing(step_id step, const std::string& error) {
  return db_.run(sql::set_failing, step, error);
}

std::int64_t sqlite_transaction::end_step(step_id step, step_state state, const json_text& result,
                                          const std::string& error) {
  return db_.run(sql::end_step, step, state, result, error);
}

void sqlite_transaction::insert_partitions(step_id step, partition_no first,
                                           std::span<const new_partition> rows) {
  auto insert = db_.prepare(sql::insert_partition);
  for (const auto& p : rows) insert.run(step, first++, p.key, p.input);
}

void sqlite_transaction::delete_partitions(step_id step, range span) {
  db_.run(sql::delete_partitions, step, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_partitions(step_id from, step_id to, range span) {
  return db_.run(sql::copy_partitions, to, from, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_repeats(step_id from, step_id to, range span) {
  return db_.run(sql::copy_repeats, to, from, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_completed_results(step_id from, step_id to, range span) {
  return db_.run(sql::copy_completed_results, to, from, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_names(step_id from, step_id to, range span) {
  return db_.run(sql::copy_names, to, from, span.lo, span.hi);
}

void sqlite_transaction::count_results(step_id to, range span) {
  db_.run(sql::count_results.c_str(), to, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_skipped(step_id from, step_id to, range span) {
  return db_.run(sql::copy_skipped, to, from, span.lo, span.hi);
}

std::int64_t sqlite_transaction::copy_checkpoints(step_id from, step_id to, range span) {
  return db_.run(sql::copy_checkpoints, to, from, span.lo, span.hi);
}

}  // namespace partita::sqlite
