#include "actors/reporter.hpp"

#include <utility>

#include "protocol/mutation.hpp"
#include "storage/text.hpp"

namespace partita {

/// A full report goes at once, unless the database does not answer.
void reporter_state::take(result_batch& batch) {
  origins[batch.from.lease] = batch.from;
  for (const auto& report : batch.late) drop(report);
  for (auto& report : batch.to_report) pending.add(std::move(report));
  while (pending.has_full_batch() && !tries->failing())
    if (!report_next()) return;
  if (pending.empty())
    origins.clear();
  else
    wait(deps->limits.report_delay / (batch.more_soon ? 1 : 10));
}

void reporter_state::flush() {
  while (id && !pending.empty())
    if (!report_next()) return;
}

/// One transaction. Returns whether it was answered; if not, the timer tries again.
bool reporter_state::report_next() {
  const auto begun = deps->now();
  const auto batch = pending.send(begun);
  std::vector<report_verdict> verdicts;
  try {
    verdicts = report(batch);
  } catch (const store_error& e) {
    if (PARTITA_BUG(results_are_forgotten_in_an_outage)) pending.clear();
    wait(tries->failed("report_failed", id, e));
    return false;
  }
  if (tries->succeeded()) log::info("reports_resumed", {.node = id});
  deps->counters->reports.add(deps->since(begun));
  const auto reported = pending.answered(batch.size());
  report_answers answers;
  publication files{true};  // results wait behind it
  for (std::size_t i = 0; i < reported.size(); ++i) {
    settle(reported[i], verdicts[i], files);
    if (answers.leases.empty() || answers.leases.back().lease != reported[i].lease)
      answers.leases.push_back({reported[i].lease});
    auto& of_lease = answers.leases.back();
    ++(verdicts[i] == report_verdict::rejected ? of_lease.refused : of_lease.recorded);
    if (deps->traces) of_lease.tally.add(reported[i], verdicts[i]);
  }
  try {
    files.finish();
  } catch (const std::exception& e) {
    publish_failed(reported.front(), e);
  }
  self->send(claimer, std::move(answers));
  if (pending.empty()) origins.clear();
  return true;
}

/// What the database cannot take (a text it refuses) fails its own partition, and no other.
std::vector<report_verdict> reporter_state::report(std::span<const attempt_report> items) {
  const bool few = items.size() <= static_cast<std::size_t>(deps->limits.few_results);
  auto& db = few ? *of_claims : *own;
  try {
    return db.verbs()->report(id, items);
  } catch (const store_error& e) {
    if (e.code() != errc::bad_request) throw;
    if (items.size() == 1) {
      auto item = items.front();
      item.outcome = attempt_outcome::failed;
      item.output = "null";
      item.files.clear();
      item.error = std::string{"its result cannot be stored: "} + e.what();
      return db.verbs()->report(id, {&item, 1});
    }
  }
  std::vector<report_verdict> verdicts;
  for (const auto& item : items) verdicts.push_back(report({&item, 1}).front());
  return verdicts;
}

void reporter_state::settle(const attempt_report& r, report_verdict verdict, publication& files) {
  if (verdict == report_verdict::rejected) {
    deps->counters->results_refused.add();
    return drop(r);
  }
  deps->counters->results.add();
  if (verdict == report_verdict::name_taken) {
    for (const auto& file : parse_files(r.files)) discard(file);
    return log::warn("partition_failed", about(r),
                     {{"why", "another partition of the run has a file of the same name"}});
  }
  for (const auto& file : parse_files(r.files)) {
    try {
      files.add(file);
    } catch (const std::exception& e) {
      publish_failed(r, e);
    }
  }
  if (r.outcome == attempt_outcome::failed)
    log::warn("partition_failed", about(r), {{"why", r.error}});
  if (r.outcome == attempt_outcome::retry)
    log::warn("partition_retried", about(r), {{"why", r.error}});
}

/// The master publishes again before it aggregates.
void reporter_state::publish_failed(const attempt_report& attempt, const std::exception& why) {
  log::warn("publish_failed", about(attempt), {{"why", why.what()}});
}

void reporter_state::drop(const attempt_report& attempt) {
  log::warn("late_result_dropped", about(attempt));
  for (const auto& file : parse_files(attempt.files)) discard(file);
}

log::subject reporter_state::about(const attempt_report& attempt) const {
  return log::about(origins.at(attempt.lease), attempt.no);
}

void reporter_state::forget() {
  for (const auto& report : pending.clear()) drop(report);
  origins.clear();
  id = {};
}

void reporter_state::become(node_id new_id) {
  if (id == new_id) return;
  forget();
  id = new_id;
  tries->succeeded();  // a node that has joined has an answer from the database
}

/// One timer at a time.
void reporter_state::wait(milliseconds in) {
  if (std::exchange(timer_runs, true)) return;
  self->delayed_send(self, in, tick_atom::value);
}

reporter_actor::behavior_type reporter(reporter_actor::stateful_pointer<reporter_state> self,
                                       deps_ptr deps, node_id first, claimer_actor claimer,
                                       std::shared_ptr<worker_session> of_claims) {
  auto& s = self->state;
  s.self = self;
  s.deps = deps;
  s.claimer = std::move(claimer);
  s.id = first;
  s.of_claims = std::move(of_claims);
  s.own = std::make_unique<worker_session>(deps, "reporter", deps->limits.database_timeout);
  s.tries = std::make_unique<retries>(retry_wait{deps->limits, deps->seed + 4});
  s.pending = report_queue{deps->limits};
  return {[self](result_batch& batch) { self->state.take(batch); },
          [self](tick_atom) {
            self->state.timer_runs = false;
            self->state.flush();
          },
          [self](flush_atom) { self->state.flush(); },
          [self](const joined& j) { self->state.become(j.node); },
          [self](fence_atom) { self->state.forget(); }};
}

}  // namespace partita
