#include "storage/verbs/runs.hpp"

#include "protocol/mutation.hpp"
#include "protocol/ranges.hpp"
#include "protocol/trace.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"
#include "storage/verbs/sharing.hpp"

namespace partita::verbs {

namespace {

/// Partitions that one statement copies: a large step must not meet the statement timeout.
constexpr std::int64_t copy_piece = 100'000;

constexpr std::size_t longest_launch_key = 255;  // bytes

void require_launch_key(const std::string& key) {
  require_text("the launch key", key);
  if (key.size() > longest_launch_key)
    throw store_error(errc::bad_request, "the launch key is " + std::to_string(key.size()) +
                                             " bytes long; it may have " +
                                             std::to_string(longest_launch_key));
}

/// Two live runs of a job never have the same identifying parameters.
void require_alone(transaction& tx, const job_ref& job, const std::string& identity) {
  if (const auto live = tx.find_live_run(job.name, identity))
    throw store_error(errc::already_running, named(live->id) + " of job " + job.name +
                                                 " with the same identifying parameters is " +
                                                 std::string{to_string(live->state)});
}

/// Who asks with a launch key again asks for the same: else the first run would be taken for one
/// that it is not.
run_row require_same_launch(const run_row& found, const run_row& wanted) {
  const auto refuse = [&](const std::string& how) {
    throw store_error(errc::launch_key_taken, "the launch key " + wanted.launch_key +
                                                  " belongs to " + named(found.id) + ", " + how +
                                                  ": nothing was started; choose another key");
  };
  if (found.job.name != wanted.job.name) refuse("which is of job " + found.job.name);
  if (found.restart_of != wanted.restart_of)
    refuse(found.restart_of ? "which continues " + named(found.restart_of)
                            : "which continues no other run");
  if (found.restart_of && found.job.version != wanted.job.version)
    refuse("with version " + std::to_string(found.job.version) + " of the job");
  if (found.parameters != wanted.parameters) refuse("which has other parameters");
  return found;
}

void require_continuable(transaction& tx, const run_row& ended,
                         restart_scope scope = restart_scope::unfinished) {
  if (ended.purged_at && !PARTITA_BUG(purged_runs_are_continued))
    throw store_error(errc::wrong_state,
                      named(ended.id) + " was purged; submit its job again instead");
  const bool completed = ended.state == run_state::completed && scope == restart_scope::skipped;
  if (ended.state != run_state::failed && ended.state != run_state::stopped && !completed)
    throw store_error(
        errc::wrong_state,
        named(ended.id) + " is " + std::string{to_string(ended.state)} +
            "; only a FAILED or STOPPED run can be continued" +
            (ended.state == run_state::completed ? ", or with its skipped items (--skipped)" : ""));
  if (ended.abandoned)
    throw store_error(errc::wrong_state,
                      named(ended.id) + " was abandoned; submit its job again instead");
  if (const auto next = tx.find_continuation(ended.id))
    throw store_error(errc::wrong_state,
                      named(ended.id) + " is continued already, by " + named(next->id));
}

/// The unique indexes decide between requests that arrive together. Nothing: one of them refused.
std::optional<run_row> insert_run(transaction& tx, const run_row& wanted, const std::string& by) {
  const auto id = tx.insert_run(wanted);
  if (!id) return std::nullopt;
  nlohmann::json detail{{"job", wanted.job.name}};
  if (wanted.restart_of) detail["restart_of"] = wanted.restart_of.value;
  if (wanted.priority != 0) detail["priority"] = wanted.priority;
  tx.log(event::run_submitted, {*id, {}, {}, {}}, event::asked(std::move(detail), by));
  tx.tell_of_work();
  return require_run(tx, *id, row_lock::none);
}

[[noreturn]] void try_again() { throw lost_race("a run that was in the way has just ended"); }

/// Collects the partitions without a result, piece by piece, and makes them ready. Ranges that meet
/// at the border of two pieces are joined.
class waiting_ranges {
 public:
  waiting_ranges(transaction& tx, step_id step) : tx_(tx), step_(step) {}

  void add(range piece) {
    for (auto gap : gaps(piece, tx_.result_numbers(step_, piece))) {
      if (!ranges_.empty() && ranges_.back().span.hi + 1 == gap.lo)
        ranges_.back().span.hi = gap.hi;
      else
        ranges_.push_back({step_, gap, node_id{}, 0, milliseconds{0}});
    }
  }

  void make_ready() {
    for (std::span<const new_ready> left{ranges_}; !left.empty();) {
      const auto piece = left.first(std::min<std::size_t>(left.size(), copy_piece));
      tx_.insert_ready(piece);
      left = left.subspan(piece.size());
    }
  }

 private:
  transaction& tx_;
  const step_id step_;
  std::vector<new_ready> ranges_;
};

/// Copies partitions, COMPLETED results and the checkpoints of the others. What has no result
/// becomes ready. Returns how many results were carried over.
std::int64_t copy_partitions(transaction& tx, const step_row& from, step_id to,
                             restart_scope scope) {
  std::int64_t carried = 0;
  waiting_ranges waiting{tx, to};
  for (partition_no lo = 0; lo < from.count; lo += copy_piece) {
    const range piece{lo, std::min(lo + copy_piece, from.count) - 1};
    expect_rows("copying partitions", tx.copy_partitions(from.id, to, piece), piece.size());
    if (scope == restart_scope::skipped) tx.copy_repeats(from.id, to, piece);
    const auto results = tx.copy_completed_results(from.id, to, piece);
    if (results > 0) {
      tx.copy_names(from.id, to, piece);
      tx.count_results(to, piece);
    }
    carried += results;
    if (!PARTITA_BUG(restart_forgets_skipped_items)) tx.copy_skipped(from.id, to, piece);
    if (!PARTITA_BUG(restart_forgets_checkpoints)) tx.copy_checkpoints(from.id, to, piece);
    waiting.add(piece);
  }
  waiting.make_ready();
  return carried;
}

/// Whether a run that continues this one keeps what the step has. What began after a failure did so
/// for that run only.
bool is_kept(const step_row& step) {
  return !step.spec.after_failure || PARTITA_BUG(handling_of_failures_is_kept);
}

/// A COMPLETED step stays so, unless the run FAILED by what was decided after it, or items that it
/// has let go are tried again.
void copy_step(transaction& tx, step_row from, run_id to, restart_scope scope) {
  const auto completed = from.state == step_state::completed &&
                         scope == restart_scope::unfinished &&
                         (!from.decided || stays(*from.decided));
  const auto id = tx.copy_step(from, to, completed);
  if (!from.sealed && !from.spec.streamed) from.count = 0;
  expect_rows("counting what was carried over",
              tx.set_carried(id, copy_partitions(tx, from, id, scope)));
  tx.log(event::step_begun, {to, id, {}, {}}, event::continued_detail(from.spec, from.id, scope));
  if (from.sealed)
    tx.log(event::split_sealed, {to, id, {}, {}}, {{"count", from.count}});
  else if (from.count > 0)
    tx.log(event::split_appended, {to, id, {}, {}}, {{"lo", 0}, {"hi", from.count - 1}});
  if (!completed) return;
  tx.log(event::step_ended, {to, id, {}, {}}, {{"state", "COMPLETED"}});
  if (from.decided)
    tx.log(event::step_decided, {to, id, {}, {}}, event::decided_detail(*from.decided));
}

/// The first step that has let items go; none, in a run that goes on anyway. What comes after it
/// must be over: it could begin before these items are there.
step_id first_lossy(transaction& tx, const run_row& ended, const std::vector<step_row>& steps) {
  step_id lossy;
  for (const auto& step : steps) {
    if (!is_kept(step)) continue;
    const bool is_over = step.state == step_state::completed;
    if (!is_over && (lossy || ended.state == run_state::completed))
      throw store_error(
          errc::wrong_state,
          named(ended.id) + " has step " + step.spec.name + ", which is " +
              std::string{to_string(step.state)} +
              ": items that were skipped before it cannot be tried again" +
              (ended.state == run_state::completed ? "" : "; continue the run first"));
    if (!lossy && !tx.list_skipped({step.id}, 1).empty()) lossy = step.id;
  }
  if (!lossy && ended.state == run_state::completed)
    throw store_error(errc::wrong_state, named(ended.id) + " is COMPLETED and has let no item go");
  return lossy;
}

/// What the steps that are kept have set last as the result of their run.
json_text result_of(const run_row& ended, const std::vector<step_row>& steps) {
  if (std::all_of(steps.begin(), steps.end(), is_kept)) return ended.result;
  const step_row* last = nullptr;
  for (const auto& s : steps)
    if (is_kept(s) && s.state == step_state::completed && !s.result.empty() &&
        (last == nullptr || s.ended_at > last->ended_at))
      last = &s;
  return last == nullptr ? json_text{} : last->result;
}

/// The run has no master, so this must end it, and the steps that `restart` copied.
void stop_at_once(transaction& tx, const run_row& run) {
  for (const auto& step : tx.list_steps(run.id)) {
    if (is_terminal(step.state)) continue;
    expect_rows("stopping a step",
                tx.end_step(step.id, step_state::stopped, step.result, step.error));
    tx.log(event::step_ended, {run.id, step.id, {}, {}}, {{"state", "STOPPED"}});
  }
  expect_rows("stopping a run", tx.end_run(run.id, run_state::stopped, run.error));
  tx.log(event::run_ended, {run.id, {}, {}, {}}, {{"state", "STOPPED"}});
}

}  // namespace

run_row submit(transaction& tx, const submission& s) {
  require_text("the name of the job", s.job.name);
  require_text("the parameters", s.parameters);
  require_text("the identifying parameters", s.identity);
  require_launch_key(s.launch_key);
  run_row wanted;
  wanted.job = s.job;
  wanted.parameters = s.parameters;
  wanted.identity = s.identity;
  wanted.launch_key = s.launch_key;
  wanted.trace_parent = kept_trace_parent(s.trace_parent);
  wanted.priority = s.priority;
  require_priority(s.priority);
  require_text("who asks", s.by);
  if (const auto made = insert_run(tx, wanted, s.by)) return *made;
  if (const auto same = tx.find_launch(s.launch_key)) return require_same_launch(*same, wanted);
  require_alone(tx, s.job, s.identity);
  try_again();
}

run_row restart(transaction& tx, run_id ended, const std::string& launch_key, int version,
                const std::string& by, restart_scope scope) {
  require_launch_key(launch_key);
  require_text("who asks", by);
  // What has ended stays as it is, but for `abandon`.
  const auto old = require_run(tx, ended, row_lock::key_share);
  run_row wanted;
  wanted.job = old.job;
  if (version != 0) wanted.job.version = version;
  wanted.parameters = old.parameters;
  wanted.identity = old.identity;
  wanted.launch_key = launch_key;
  wanted.restart_of = ended;
  wanted.trace_parent = old.trace_parent;
  wanted.schedule = old.schedule;
  wanted.tick = old.tick;
  wanted.priority = old.priority;
  const auto steps = tx.list_steps(ended);
  wanted.result = result_of(old, steps);
  if (const auto same = tx.find_launch(launch_key)) return require_same_launch(*same, wanted);
  require_continuable(tx, old, scope);
  const auto lossy = scope == restart_scope::skipped ? first_lossy(tx, old, steps) : step_id{};
  const auto made = insert_run(tx, wanted, by);
  if (!made) {
    if (const auto same = tx.find_launch(launch_key)) return require_same_launch(*same, wanted);
    require_continuable(tx, old, scope);
    require_alone(tx, old.job, old.identity);
    try_again();
  }
  for (const auto& step : steps)
    if (is_kept(step))
      copy_step(tx, step, made->id,
                step.id == lossy ? restart_scope::skipped : restart_scope::unfinished);
  return *made;
}

run_row abandon(transaction& tx, run_id ended, const std::string& by) {
  require_text("who asks", by);
  auto row = require_run(tx, ended, row_lock::update);
  if (row.abandoned) return row;  // a repeat
  if (row.state != run_state::failed && row.state != run_state::stopped)
    throw store_error(errc::wrong_state, named(ended) + " is " + std::string{to_string(row.state)} +
                                             "; only a FAILED or STOPPED run can be abandoned");
  require_continuable(tx, row);
  expect_rows("abandoning a run", tx.set_abandoned(ended));
  tx.log(event::run_abandoned, {ended, {}, {}, {}}, event::asked(nlohmann::json::object(), by));
  return require_run(tx, ended, row_lock::none);
}

run_row request_stop(transaction& tx, run_id run, stop_mode mode, const std::string& by) {
  require_text("who asks", by);
  if (mode == stop_mode::none)
    throw store_error(errc::bad_request, "a stop request must be STOP or NOW");
  auto row = require_run(tx, run, row_lock::update);
  if (row.state == run_state::stopped && row.stop >= mode) return row;  // a repeat
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(run) + " is " + std::string{to_string(row.state)} + " already");
  if (mode > row.stop) {
    expect_rows("asking a run to stop", tx.set_stop(run, mode));
    tx.log(event::stop_requested, {run, {}, {}, {}}, event::asked({{"mode", to_string(mode)}}, by));
  }
  if (row.state == run_state::created || PARTITA_BUG(stop_ends_what_runs)) stop_at_once(tx, row);
  return require_run(tx, run, row_lock::none);
}

}  // namespace partita::verbs
