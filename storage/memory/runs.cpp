#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/memory/memory_store.hpp"
#include "storage/memory/transaction.hpp"
#include "storage/text.hpp"

namespace partita::memory {

namespace {

run_row* launched_with(state& db, const std::string& launch_key) {
  for (auto& [id, run] : db.runs)
    if (run.launch_key == launch_key) return &run;
  return nullptr;
}

/// Two live runs of a job never have the same identifying parameters.
void require_alone(const state& db, const job_ref& job, const std::string& identity) {
  for (const auto& [id, run] : db.runs)
    if (run.job.name == job.name && run.identity == identity && !is_terminal(run.state))
      throw store_error(errc::already_running, named(id) + " of job " + job.name +
                                                   " with the same identifying parameters is " +
                                                   std::string{to_string(run.state)});
}

void require_continuable(const state& db, const run_row& ended) {
  auto name = named(ended.id);
  if (ended.state != run_state::failed && ended.state != run_state::stopped)
    throw store_error(errc::wrong_state, name + " is " + std::string{to_string(ended.state)} +
                                             "; only a FAILED or STOPPED run can be continued");
  for (const auto& [id, run] : db.runs)
    if (run.restart_of == ended.id)
      throw store_error(errc::wrong_state, name + " is continued already, by " + named(id));
}

run_row& insert_run(transaction& tx, run_row row) {
  row.id = next_id(tx.db.runs);
  row.created_at = tx.now;
  nlohmann::json detail{{"job", row.job.name}};
  if (row.restart_of) detail["restart_of"] = row.restart_of.value;
  tx.log(event::run_submitted, {row.id, {}, {}, {}}, detail);
  return tx.db.runs[row.id] = row;
}

/// Copies partitions, COMPLETED results and the checkpoints of the others. What has no result
/// becomes ready. Returns how many results were carried over.
std::int64_t copy_partitions(transaction& tx, const step_row& from, step_id to) {
  std::vector<partition_no> carried;
  for (partition_no no = 0; no < from.count; ++no) {
    auto copy = tx.db.partitions.at({from.id, no});
    copy.step = to;
    tx.db.partitions[{to, no}] = copy;
    if (const auto* result = find(tx.db.results, {from.id, no}); result && result->row.completed) {
      tx.db.results[{to, no}] = {to, result->row};
      carried.push_back(no);
    } else if (const auto* checkpoint = find(tx.db.checkpoints, {from.id, no})) {
      tx.db.checkpoints[{to, no}] = *checkpoint;
      tx.db.checkpoints[{to, no}].step = to;
    }
  }
  auto count = static_cast<std::int64_t>(carried.size());
  if (from.count > 0)
    for (auto span : gaps({0, from.count - 1}, std::move(carried)))
      tx.make_ready(to, span, node_id{}, 0, tx.now);
  return count;
}

void copy_step(transaction& tx, const step_row& from, run_id to) {
  auto id = next_id(tx.db.steps);
  step_row row = from;
  row.id = id;
  row.run = to;
  if (from.state != step_state::completed) {
    row.state = step_state::running;
    row.result.clear();
    row.error.clear();
    row.started_at = tx.now;
    row.ended_at.reset();
  }
  tx.db.steps[id] = {row, 0};
  tx.db.steps[id].carried = copy_partitions(tx, from, id);
  tx.log(event::step_begun, {to, id, {}, {}}, event::continued_detail(row.spec, from.id));
  tx.log(event::split_sealed, {to, id, {}, {}}, {{"count", row.count}});
  if (row.state == step_state::completed)
    tx.log(event::step_ended, {to, id, {}, {}}, {{"state", "COMPLETED"}});
}

/// Nobody drives the run, so nobody else would end it, nor the steps that `restart` copied.
void stop_at_once(transaction& tx, run_row& run) {
  for (auto& [id, step] : tx.db.steps) {
    if (step.row.run != run.id || is_terminal(step.row.state)) continue;
    step.row.state = step_state::stopped;
    step.row.ended_at = tx.now;
    tx.log(event::step_ended, {run.id, id, {}, {}}, {{"state", "STOPPED"}});
  }
  run.state = run_state::stopped;
  run.ended_at = tx.now;
  tx.log(event::run_ended, {run.id, {}, {}, {}}, {{"state", "STOPPED"}});
}

}  // namespace

run_row memory_store::submit(const submission& s) {
  require_text("the name of the job", s.job.name);
  require_text("the parameters", s.parameters);
  require_text("the identifying parameters", s.identity);
  require_text("the launch key", s.launch_key);
  transaction tx{*state_};
  if (const auto* run = launched_with(tx.db, s.launch_key)) return *run;
  require_alone(tx.db, s.job, s.identity);
  run_row row;
  row.job = s.job;
  row.parameters = s.parameters;
  row.identity = s.identity;
  row.launch_key = s.launch_key;
  return insert_run(tx, row);
}

run_row memory_store::restart(run_id ended, const std::string& launch_key) {
  require_text("the launch key", launch_key);
  transaction tx{*state_};
  if (const auto* run = launched_with(tx.db, launch_key)) return *run;
  const auto& old = tx.run(ended);
  require_continuable(tx.db, old);
  require_alone(tx.db, old.job, old.identity);

  run_row row;
  row.job = old.job;
  row.parameters = old.parameters;
  row.identity = old.identity;
  row.launch_key = launch_key;
  row.restart_of = ended;
  row.result = old.result;  // a step that is not run again may have set it
  const auto& made = insert_run(tx, row);
  for (const auto& step : tx.steps_of(ended))
    if (step.state == step_state::completed ||
        (step.sealed && step.spec.kind == step_kind::partitioned))
      copy_step(tx, step, made.id);
  return made;
}

run_row memory_store::request_stop(run_id run, stop_mode mode) {
  if (mode == stop_mode::none)
    throw store_error(errc::bad_request, "a stop request must be STOP or NOW");
  transaction tx{*state_};
  auto& row = tx.run(run);
  if (row.state == run_state::stopped && row.stop >= mode) return row;  // a repeat
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(run) + " is " + std::string{to_string(row.state)} + " already");
  if (mode > row.stop) {
    row.stop = mode;
    tx.log(event::stop_requested, {run, {}, {}, {}}, {{"mode", to_string(mode)}});
  }
  if (row.state == run_state::created || PARTITA_BUG(stop_ends_what_runs)) stop_at_once(tx, row);
  return row;
}

std::optional<run_row> memory_store::find_run(run_id run) {
  transaction tx{*state_};
  if (const auto* row = find(tx.db.runs, run)) return *row;
  return std::nullopt;
}

std::vector<run_row> memory_store::list_runs(int limit, run_id before) {
  transaction tx{*state_};
  std::vector<run_row> rows;
  auto end = before ? tx.db.runs.lower_bound(before) : tx.db.runs.end();
  for (auto run = std::make_reverse_iterator(end);
       run != tx.db.runs.rend() && static_cast<int>(rows.size()) < limit; ++run)
    rows.push_back(run->second);
  return rows;
}

}  // namespace partita::memory
