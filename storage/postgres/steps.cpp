#include "storage/postgres/statements/steps.hpp"
#include "protocol/mutation.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/rows.hpp"

namespace partita::postgres {

namespace {

std::optional<step_row> step_in(const pqxx::result& rows) {
  if (rows.empty()) return std::nullopt;
  return step_of(rows.front());
}

}  // namespace

std::optional<driven_step_row> postgres_transaction::find_driven_step(step_id step,
                                                                      row_lock of_step) {
  if (of_step == row_lock::update && PARTITA_BUG(postgres_step_ends_without_waiting_for_claims))
    of_step = row_lock::no_key_update;
  const auto rows = query(sql::find_driven_step(of_step), step.value);
  if (rows.empty()) return std::nullopt;
  const auto row = rows.front();
  driven_step_row found;
  found.step = step_of(row);
  found.run.id = found.step.run;
  found.run.state = state_of<run_state>(row["run_state"]);
  found.run.master = id_of<node_id>(row["master"]);
  found.run.term = id_of<term>(row["term"]);
  found.run.stop = state_of<stop_mode>(row["stop"]);
  return found;
}

std::optional<step_row> postgres_transaction::find_step_at(run_id run, int ordinal) {
  return step_in(query(sql::find_step_at, run.value, ordinal));
}

std::vector<step_row> postgres_transaction::list_steps(run_id run) {
  std::vector<step_row> steps;
  for (const auto& row : query(sql::list_steps, run.value)) steps.push_back(step_of(row));
  return steps;
}

std::optional<step_standing> postgres_transaction::standing_of(step_id step) {
  const auto rows = query(sql::standing_of, step.value);
  if (rows.empty()) return std::nullopt;
  const auto row = rows.front();
  step_standing now;
  now.stop = state_of<stop_mode>(row["stop"]);
  now.sealed = row["sealed"].as<bool>();
  now.ready = row["ready"].as<bool>();
  now.live = row["live"].as<bool>();
  now.failed = row["failed"].as<bool>();
  return now;
}

std::optional<step_id> postgres_transaction::insert_step(run_id run, const step_spec& spec) {
  const auto& retry = spec.retry;
  const auto made = query(
      sql::insert_step, run.value, spec.name, spec.ordinal, std::string{to_string(spec.kind)},
      spec.streamed, spec.transferable, retry.max_attempts, retry.first_delay.count(), retry.factor,
      retry.max_delay.count(), spec.split_context, spec.kind == step_kind::tasklet,
      spec.after_failure, spec.at_most, text_column(spec.limits), text_column(spec.tags));
  if (made.empty()) return std::nullopt;
  return id_of<step_id>(made.front()[0]);
}

step_id postgres_transaction::copy_step(const step_row& from, run_id to, bool completed) {
  return id_of<step_id>(query(sql::copy_step, from.id.value, to.value, completed).front()[0]);
}

std::int64_t postgres_transaction::set_decision(step_id step, const decision& chosen) {
  return change(sql::set_decision, step.value, std::string{to_string(chosen.how)}, chosen.text);
}

std::int64_t postgres_transaction::set_count(step_id step, std::int64_t count) {
  return change(sql::set_count, step.value, count);
}

std::int64_t postgres_transaction::set_carried(step_id step, std::int64_t carried) {
  return change(sql::set_carried, step.value, carried);
}

std::int64_t postgres_transaction::seal_step(step_id step) {
  return change(sql::seal_step, step.value);
}

std::int64_t postgres_transaction::set_failing(step_id step, const std::string& error) {
  return change(sql::set_failing, step.value, error);
}

std::int64_t postgres_transaction::end_step(step_id step, step_state state, const json_text& result,
                                            const std::string& error) {
  return change(sql::end_step, step.value, std::string{to_string(state)}, result, error);
}

void postgres_transaction::insert_partitions(step_id step, partition_no first,
                                             std::span<const new_partition> rows) {
  if (rows.empty()) return;
  query(sql::insert_partitions, step.value, first,
        column(rows, [](const auto& p) { return std::string_view{p.key}; }),
        column(rows, [](const auto& p) { return std::string_view{p.input}; }));
}

void postgres_transaction::delete_partitions(step_id step, range span) {
  query_planned_anew(sql::delete_partitions, step.value, span.lo, span.hi);
}

std::int64_t postgres_transaction::copy_partitions(step_id from, step_id to, range span) {
  return copy(sql::copy_partitions, from, to, span);
}

std::int64_t postgres_transaction::copy_repeats(step_id from, step_id to, range span) {
  return copy(sql::copy_repeats, from, to, span);
}

std::int64_t postgres_transaction::copy_completed_results(step_id from, step_id to, range span) {
  return copy(sql::copy_completed_results, from, to, span);
}

std::int64_t postgres_transaction::copy_names(step_id from, step_id to, range span) {
  return copy(sql::copy_names, from, to, span);
}

void postgres_transaction::count_results(step_id to, range span) {
  query_planned_anew(sql::count_results, to.value, span.lo, span.hi);
}

std::int64_t postgres_transaction::copy_checkpoints(step_id from, step_id to, range span) {
  return copy(sql::copy_checkpoints, from, to, span);
}

std::int64_t postgres_transaction::copy_skipped(step_id from, step_id to, range span) {
  return copy(sql::copy_skipped, from, to, span);
}

std::int64_t postgres_transaction::copy(const std::string& statement, step_id from, step_id to,
                                        range span) {
  return static_cast<std::int64_t>(
      query_planned_anew(statement, from.value, to.value, span.lo, span.hi).affected_rows());
}

}  // namespace partita::postgres
