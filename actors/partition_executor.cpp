#include "actors/partition_executor.hpp"

#include <chrono>
#include <utility>

#include "actors/text.hpp"

namespace partita {

namespace {

/// How long the session for checkpoints stays open without a batch.
constexpr std::chrono::seconds idle_session{10};

void discard_all(const std::vector<output_file>& files) {
  for (const auto& file : files) discard(file);
}

}  // namespace

void executor_state::commit(lease_id lease, partition_no no, const checkpoint& c) {
  if (!checkpoints)
    checkpoints = std::make_unique<lazy_session<worker_store>>(deps, "executor",
                                                               deps->limits.database_timeout);
  try {
    (*checkpoints)->commit_chunk(lease, no, c);
  } catch (const store_error& e) {
    if (e.code() == errc::lease_lost) throw lease_lost_error{};
    throw;
  }
}

/// Finds the step and the parameters of the batch, once. If that fails, throws permanent_error,
/// again for each partition of the batch.
void executor_state::prepare(const work_batch& work, common& all) const {
  if (all.step) return;
  const auto* job = deps->jobs->find(work.job);
  const auto* step = job ? job->partitioned_step(work.from.step) : nullptr;
  if (!step)
    throw permanent_error("this program knows no partitioned step " + work.from.step + " of job " +
                          work.job.name);
  all.given = parameters{parse_document("the run's parameters", work.parameters)};
  all.step = step;
}

void executor_state::run(const work_batch& work, const granted_partition& part, const common& all,
                         std::stop_token stop, finished_attempt& ended) {
  partition_setup setup;
  setup.run = work.from.run;
  setup.first_run = work.first_run;
  setup.step_name = work.from.step;
  setup.step = work.step;
  setup.lease = work.from.lease;
  setup.no = part.no;
  setup.key = part.key;
  setup.attempt = work.from.attempt;
  setup.resume = part.resume;
  setup.stop = stop;
  setup.given = all.given;
  setup.input = parse_document("the partition's input", part.input);
  setup.commit = [&](const checkpoint& c) { commit(work.from.lease, part.no, c); };
  control->begin_partition(part.no, setup.progress);

  partition_context context{std::move(setup)};
  try {
    all.step->body()(context);
    for (const auto& file : context.files()) sync_file(file.staged_path);
    const auto most = deps->limits.max_output_bytes;
    ended.report.output = storable(context.output().dump(), most);
    ended.report.files = storable(to_text(context.files()), most);
    ended.report.counts = context.counts();
  } catch (...) {
    ended.report.counts = context.counts();
    discard_all(context.files());
    throw;
  }
}

finished_attempt executor_state::attempt(const work_batch& work, const granted_partition& part,
                                         common& all, std::stop_token stop) {
  finished_attempt ended;
  auto& report = ended.report;
  report.lease = work.from.lease;
  report.no = part.no;
  if (stop.stop_requested()) {
    report.outcome = attempt_outcome::released;
    report.error = "not begun: a stop was requested";
    report.ended = deps->now();
    return ended;
  }
  const auto begun = deps->now();
  ended.begun = true;
  auto failed = [&](const std::string& why, bool may_retry) {
    report.error = readable(why);
    report.outcome = may_retry ? after_failure(work.retry, work.transferable, work.from.attempt)
                               : attempt_outcome::failed;
    if (report.outcome == attempt_outcome::retry)
      report.retry_after = backoff(work.retry, work.from.attempt);
  };
  try {
    prepare(work, all);
    run(work, part, all, stop, ended);
  } catch (const stop_requested_error& e) {
    report.outcome = attempt_outcome::released;
    report.error = e.what();
  } catch (const lease_lost_error& e) {
    report.outcome = attempt_outcome::released;  // the report is rejected: the lease is not live
    report.error = e.what();
  } catch (const store_error& e) {
    // A checkpoint that the database did not take is no failure of the author's code.
    if (e.code() == errc::unavailable) {
      report.outcome = attempt_outcome::released;
      report.error = e.what();
      report.retry_after = deps->limits.retry_max;
    } else {
      failed(e.what(), true);
    }
  } catch (const permanent_error& e) {
    failed(e.what(), false);
  } catch (const definition_error& e) {
    failed(e.what(), false);
  } catch (const std::exception& e) {
    failed(e.what(), true);
  } catch (...) {
    failed("an exception that is not a std::exception", true);
  }
  report.ended = deps->now();
  report.took = std::chrono::duration_cast<microseconds>(report.ended - begun);
  return ended;
}

finished_batch executor_state::execute(const work_batch& work) {
  used = true;
  finished_batch done{index, work.from, {}};
  done.attempts.reserve(work.partitions.size());
  auto stop = control->begin();
  common all;
  for (const auto& part : work.partitions) done.attempts.push_back(attempt(work, part, all, stop));
  control->end();
  return done;
}

bool executor_state::close_when_idle() {
  ticks = std::exchange(used, false) && checkpoints;
  if (!ticks) checkpoints.reset();
  return ticks;
}

executor_actor::behavior_type partition_executor(
    executor_actor::stateful_pointer<executor_state> self, deps_ptr deps,
    std::shared_ptr<executor_control> control, int index, claimer_actor claimer) {
  self->state.deps = std::move(deps);
  self->state.control = std::move(control);
  self->state.index = index;
  return {[self, claimer](const work_batch& work) {
            self->send(claimer, self->state.execute(work));
            if (!self->state.checkpoints || std::exchange(self->state.ticks, true)) return;
            self->delayed_send(self, idle_session, tick_atom::value);
          },
          [self](tick_atom) {
            if (self->state.close_when_idle())
              self->delayed_send(self, idle_session, tick_atom::value);
          }};
}

}  // namespace partita
