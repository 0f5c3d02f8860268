#include "actors/partition_executor.hpp"

#include <chrono>
#include <system_error>
#include <utility>

#include "actors/log_event.hpp"
#include "actors/text.hpp"
#include "actors/waiting_lines.hpp"
#include "protocol/mutation.hpp"

namespace partita {

namespace {

/// How long a session for checkpoints, or a process for bodies, stays without a batch.
constexpr std::chrono::seconds idle_time{10};

}  // namespace

worker_session& executor_state::opened(std::unique_ptr<worker_session>& session,
                                       bool of_authors) const {
  if (!session)
    session = std::make_unique<worker_session>(deps, of_authors ? "author" : "executor",
                                               deps->limits.database_timeout, of_authors);
  return *session;
}

void executor_state::commit(lease_id lease, partition_no no, const checkpoint& c) {
  try {
    opened(checkpoints, false).verbs()->commit_checkpoint(lease, no, c);
  } catch (const store_error& e) {
    if (e.code() == errc::lease_lost) throw lease_lost_error{};
    throw;
  }
}

chunk executor_state::commit_chunk(lease_id lease, partition_no no, const chunk& c,
                                   const author_work& write) {
  if (write && deps->author_db) {
    const auto written = opened(author, true).verbs()->write_elsewhere(lease, no, c, write);
    return commit_chunk(lease, no, written, {});
  }
  auto& session = write ? opened(author, true) : opened(checkpoints, false);
  try {
    return session.verbs()->commit_chunk(lease, no, c, write);
  } catch (const store_error& e) {
    if (e.code() == errc::lease_lost) throw lease_lost_error{};
    if (e.code() == errc::unavailable && PARTITA_BUG(a_doubtful_chunk_counts_as_stored)) return c;
    throw;
  }
}

chunk executor_state::commit_counted(const work_batch& work, partition_no no, const chunk& c,
                                     const author_work& write) {
  const auto begun = deps->now();
  auto stored = commit_chunk(work.from.lease, no, c, write);
  deps->counters->steps.of({work.from.job, work.from.step}).chunks.add(deps->since(begun));
  return stored;
}

std::unique_ptr<attempt_queries> executor_state::queries_of(lease_id lease, partition_no no) {
  const auto here = [this]() -> worker_session& { return opened(author, true); };
  const auto beside = [this]() -> worker_session& { return opened(ahead, true); };
  return std::make_unique<attempt_queries>(
      lease, no, here, deps->reads_ahead ? attempt_queries::opener{beside} : nullptr);
}

/// Finds the step and the parameters of the batch, once. If that fails, throws permanent_error,
/// again for each partition of the batch.
void executor_state::prepare(const work_batch& work, common& all) {
  if (all.step) return;
  const auto* job = deps->jobs->find(work.job);
  const auto* step = job ? job->partitioned_step(work.from.step) : nullptr;
  if (!step)
    throw permanent_error("this program knows no partitioned step " + work.from.step + " of job " +
                          work.job.name);
  all.given = parameters{parse_document("the run's parameters", work.parameters)};
  try {
    all.crash_suspects = step->crash_suspects(all.given);
  } catch (const std::exception& e) {
    throw permanent_error(e.what());
  }
  all.job = job;
  all.step = step;
  resources.turn_to(work.from.run, work.first_run);
}

body_end executor_state::run_here(const work_batch& work, const granted_partition& part,
                                  const common& all, std::shared_ptr<progress_cell> progress,
                                  std::stop_token stop) {
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
  setup.stop = std::move(stop);
  setup.files_expire = all.job->do_files_expire();
  setup.given = all.given;
  setup.input = parse_document("the partition's input", part.input);
  setup.commit = [&](const checkpoint& c) { commit(work.from.lease, part.no, c); };
  setup.commit_chunk = [&](const chunk& c, const author_work& write) {
    return commit_counted(work, part.no, c, write);
  };
  setup.queries = queries_of(work.from.lease, part.no);
  setup.resource = [this, &all, queries = setup.queries](std::type_index type) {
    return resources.get(*deps->resources, *all.job, type, all.given, queries);
  };
  setup.progress = std::move(progress);
  setup.rest = deps->rest;
  return run_body(*all.step, std::move(setup), deps->limits.max_output_bytes);
}

/// In the process of this executor, which is started when there is none, and again when an item
/// that may be let go has crashed it.
body_end executor_state::run_isolated(const work_batch& work, const granted_partition& part,
                                      const common& all, std::shared_ptr<progress_cell> progress,
                                      std::stop_token stop) {
  const auto memory = all.step->isolated_how().value_or(isolation{}).memory_bytes;
  body_work order{work.from.run,
                  work.first_run,
                  work.step,
                  work.job,
                  work.from.step,
                  work.parameters,
                  work.from.lease,
                  work.from.attempt,
                  part,
                  deps->limits.max_output_bytes,
                  memory,
                  {}};
  bool in_doubt = false;  // what is stored
  const auto stored = [&](auto&& store) {
    try {
      return store();
    } catch (const store_error&) {
      in_doubt = true;
      throw;
    }
  };
  body_link link{std::move(stop),
                 all.step->time_limit(),
                 deps->limits.stop_grace,
                 deps->now,
                 [this] { return control->trusted_until(); },
                 [&](const checkpoint& c) {
                   order.partition.resume =
                       stored([&] { return commit(work.from.lease, part.no, c), c; });
                 },
                 [&](const chunk& c, const author_work& write) {
                   auto done = stored([&] { return commit_counted(work, part.no, c, write); });
                   order.partition.resume = done.to;
                   return done;
                 },
                 nullptr,
                 std::move(progress)};
  const auto begun = deps->now();
  for (crash_search search{all.crash_suspects};;) {
    try {
      if (!child || child->spent()) child = std::make_unique<body_process>(deps->body_command);
    } catch (const std::system_error& e) {
      return end_with(body_end::kind::unavailable, e.what());
    }
    const auto queries = queries_of(work.from.lease, part.no);
    link.queries = queries.get();
    order.crashes = search.hint();
    order.trusted_until = control->trusted_until();
    auto end = child->execute(order, link);
    const auto& resume = order.partition.resume;
    if (link.timeout.count() > 0) {  // it is the attempt's, whatever number of processes it has
      const auto gone = std::chrono::duration_cast<milliseconds>(deps->now() - begun);
      link.timeout = std::max(milliseconds{1}, all.step->time_limit() - gone);
    }
    if (!end.crashed || in_doubt || link.stop.stop_requested() ||
        !search.crashed(resume ? resume->counts.read : 0, end.error))
      return end;
  }
}

/// What the claimer has not stored yet (claimer_state::show_progress).
void executor_state::store_log(const lease_origin& from, partition_no no,
                               const std::shared_ptr<progress_cell>& said) {
  const waiting_lines left{{from.lease, no, said}};
  if (left.lines().empty()) return;
  try {
    opened(checkpoints, false).verbs()->record_log(left.lines());
  } catch (const store_error& e) {
    log::warn("partition_log_lost", log::about(from, no),
              {{"lines", left.lines().size()}, {"why", e.what()}});
  }
}

body_end executor_state::run(const work_batch& work, const granted_partition& part,
                             const common& all, const std::shared_ptr<progress_cell>& progress) {
  const bool isolated = work.isolated && !deps->body_command.empty();
  const auto timeout = all.step->time_limit();
  // The timeout of an isolated body is judged where its process can be killed.
  auto stop = control->begin_partition(part.no, progress, deps->now(),
                                       isolated ? milliseconds{0} : timeout);
  auto end = isolated ? run_isolated(work, part, all, progress, std::move(stop))
                      : run_here(work, part, all, progress, std::move(stop));
  if (!control->end_partition()) return end;
  for (const auto& file : parse_files(end.files)) discard(file);
  end.files.clear();
  end.output = "null";
  end.how = body_end::kind::failed;
  end.error = "it ran longer than its timeout of " + std::to_string(timeout.count()) + " ms";
  return end;
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
  const auto progress = std::make_shared<progress_cell>(deps->now);
  ended.begun = true;
  body_end end;
  try {
    prepare(work, all);
    end = run(work, part, all, progress);
  } catch (const permanent_error& e) {
    end = end_with(body_end::kind::failed_for_good, readable(e.what()));
  }
  report.error = std::move(end.error);
  report.output = std::move(end.output);
  report.files = std::move(end.files);
  report.counts = end.counts;
  switch (end.how) {
    case body_end::kind::completed:
      break;
    case body_end::kind::unavailable:
      // A checkpoint that the database did not take is no failure of the author's code.
      report.retry_after = deps->limits.retry_max;
      [[fallthrough]];
    case body_end::kind::stopped:
    case body_end::kind::lease_lost:  // the report is rejected: the lease is not live
      report.outcome = attempt_outcome::released;
      break;
    case body_end::kind::failed:
      report.outcome = after_failure(work.retry, work.transferable, work.from.attempt);
      if (report.outcome == attempt_outcome::retry)
        report.retry_after = backoff(work.retry, work.from.attempt);
      break;
    case body_end::kind::failed_for_good:
      report.outcome = attempt_outcome::failed;
      break;
  }
  report.ended = deps->now();
  report.took = std::chrono::duration_cast<microseconds>(report.ended - begun);
  store_log(work.from, part.no, progress);
  return ended;
}

finished_batch executor_state::execute(const work_batch& work) {
  used = true;
  finished_batch done{index, work.from, {}};
  done.attempts.reserve(work.partitions.size());
  auto stop = control->begin();
  common all;
  auto& counters = deps->counters->steps.of({work.from.job, work.from.step});
  for (const auto& part : work.partitions) {
    done.attempts.push_back(attempt(work, part, all, stop));
    if (done.attempts.back().begun) counters.add(done.attempts.back().report);
  }
  control->end();
  return done;
}

bool executor_state::close_when_idle() {
  ticks = std::exchange(used, false) && holds_something();
  if (!ticks) {
    checkpoints.reset();
    author.reset();
    ahead.reset();
    child.reset();
    resources.clear();
  }
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
            if (!self->state.holds_something() || std::exchange(self->state.ticks, true)) return;
            self->delayed_send(self, idle_time, tick_atom::value);
          },
          [self](tick_atom) {
            if (self->state.close_when_idle())
              self->delayed_send(self, idle_time, tick_atom::value);
          }};
}

}  // namespace partita
