#include "storage/verbs/sharing.hpp"

#include "protocol/mutation.hpp"
#include "storage/event_detail.hpp"
#include "storage/text.hpp"
#include "storage/verbs/parts.hpp"

namespace partita::verbs {

namespace {

run_row require_live(transaction& tx, run_id run) {
  auto row = require_run(tx, run, row_lock::no_key_update);
  if (is_terminal(row.state))
    throw store_error(errc::wrong_state,
                      named(run) + " is " + std::string{to_string(row.state)} + " already");
  return row;
}

}  // namespace

void require_priority(int priority) {
  if (priority < lowest_priority || priority > highest_priority)
    throw store_error(errc::bad_request,
                      "a priority is between " + std::to_string(lowest_priority) + " and " +
                          std::to_string(highest_priority) + ", not " + std::to_string(priority));
}

run_row pause_run(transaction& tx, run_id run, const std::string& note, const std::string& by) {
  require_text("the note", note);
  require_text("who asks", by);
  require_live(tx, run);
  expect_rows("pausing a run", tx.pause_run(run, by, note));
  tx.log(event::run_paused, {run, {}, {}, {}}, event::asked({{"note", note}}, by));
  return require_run(tx, run, row_lock::none);
}

run_row resume_run(transaction& tx, run_id run, const std::string& by) {
  require_text("who asks", by);
  auto row = require_live(tx, run);
  if (!row.paused) return row;
  if (!PARTITA_BUG(a_pause_never_ends)) expect_rows("resuming a run", tx.resume_run(run));
  tx.log(event::run_resumed, {run, {}, {}, {}}, event::asked(nlohmann::json::object(), by));
  tx.tell_of_work();
  return require_run(tx, run, row_lock::none);
}

void pause_job(transaction& tx, const std::string& job, const std::string& note,
               const std::string& by) {
  require_text("the name of the job", job);
  require_text("the note", note);
  require_text("who asks", by);
  require_known_job(tx, job);
  tx.pause_job(job, by, note);
  tx.log(event::job_paused, {}, event::asked({{"job", job}, {"note", note}}, by));
}

bool resume_job(transaction& tx, const std::string& job, const std::string& by) {
  require_text("the name of the job", job);
  require_text("who asks", by);
  if (tx.resume_job(job) == 0) return false;
  tx.log(event::job_resumed, {}, event::asked({{"job", job}}, by));
  tx.tell_of_work();
  return true;
}

run_row set_priority(transaction& tx, run_id run, int priority, const std::string& by) {
  require_text("who asks", by);
  require_priority(priority);
  auto row = require_live(tx, run);
  if (row.priority == priority) return row;
  expect_rows("the priority of a run", tx.set_priority(run, priority));
  tx.log(event::run_prioritized, {run, {}, {}, {}}, event::asked({{"priority", priority}}, by));
  return require_run(tx, run, row_lock::none);
}

void set_limit(transaction& tx, const std::string& name, const std::optional<int>& slots,
               const std::string& by) {
  // One of another name may have been set by an older program: it can be removed.
  slots ? require_name("the name of the limit", name) : require_text("the name of the limit", name);
  require_text("who asks", by);
  if (slots && *slots < 0)
    throw store_error(errc::bad_request, "a limit of " + std::to_string(*slots) +
                                             " partitions is none: it is 0 or more");
  tx.insert_limits({&name, 1});
  expect_rows("a limit", tx.set_limit(name, slots));
  auto detail = nlohmann::json{{"limit", name}};
  if (slots) detail["slots"] = *slots;
  tx.log(event::limit_set, {}, event::asked(std::move(detail), by));
  tx.tell_of_work();
}

}  // namespace partita::verbs
