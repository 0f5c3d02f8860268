#include "tests/sim/faulty_store.hpp"

#include <type_traits>

#include "tests/sim/member.hpp"

namespace partita::sim {

namespace {

[[noreturn]] void fail(const std::string& why) { throw store_error(errc::unavailable, why); }

}  // namespace

faulty_store::faulty_store(world& w, world::member* m, const session_options& options)
    : world_(w),
      member_(m),
      timeout_(options.statement_timeout),
      may_wait_(m != nullptr && !options.application.ends_with(" master")),
      inner_(w.db_->connect(options)) {}

/// What happens in the database, and in the books of the world.
template <class F>
auto faulty_store::happen(world& w, world::member* m, store& inner, const char* verb, bool changes,
                          F& f) {
  auto done = [&](int outcome) {
    w.note(m, verb, outcome);
    if (changes) w.check();
  };
  try {
    if constexpr (std::is_void_v<decltype(f(inner))>) {
      f(inner);
      done(0);
    } else {
      auto answer = f(inner);
      done(0);
      return answer;
    }
  } catch (const store_error& e) {
    auto code = e.code();
    if (code == errc::fenced || code == errc::lease_lost || code == errc::term_lost)
      ++w.facts_.late_writes;
    done(1 + static_cast<int>(code));
    throw;
  }
}

template <class F>
auto faulty_store::call(const char* verb, bool changes, F f) {
  if (member_ && member_->gone()) fail("the process is gone");
  auto fate = world_.draw(member_, verb);
  auto& m = member_;
  switch (fate) {
    case fate::refused:
      if (may_wait_ && world_.order_.hits(3000)) world_.pass(*m, timeout_);
      fail("simulated: refused");
    case fate::dies_before:
      if (m) m->dead = true;
      fail("simulated: the process died");
    case fate::slow:
      if (may_wait_) world_.pass(*m, milliseconds{world_.order_.skewed(1, timeout_.count())});
      if (m && m->gone()) fail("the process is gone");
      break;
    case fate::late: {
      auto later = [&w = world_, m = member_, inner = inner_, verb, changes, f]() mutable {
        try {
          happen(w, m, *inner, verb, changes, f);
        } catch (const store_error&) {  // nobody waits for the answer any more
        }
      };
      ++world_.facts_.in_doubt;
      world_.at(world_.now() + milliseconds{world_.order_.skewed(1, 10'000)}, later);
      fail("simulated: no answer, and it happens later");
    }
    default:
      break;
  }
  auto lost = [&] {
    if (fate == fate::dies_after && m) m->dead = true;
    if (fate != fate::dies_after && fate != fate::lost_answer) return;
    ++world_.facts_.in_doubt;
    fail("simulated: no answer");
  };
  if constexpr (std::is_void_v<decltype(f(*inner_))>) {
    happen(world_, member_, *inner_, verb, changes, f);
    lost();
  } else {
    auto answer = happen(world_, member_, *inner_, verb, changes, f);
    lost();
    return answer;
  }
}

// --- every verb, with its arguments copied -------------------------------------------------------

node_id faulty_store::register_node(const node_info& info) {
  return call("register_node", true, [info](store& s) { return s.register_node(info); });
}

cluster_view faulty_store::heartbeat(node_id node, int running, bool draining,
                                     const std::optional<liveness_limits>& limits) {
  return call("heartbeat", false,
              [=](store& s) { return s.heartbeat(node, running, draining, limits); });
}

sweep_verdict faulty_store::sweep(node_id suspect, const liveness_limits& limits) {
  return call("sweep", true, [=](store& s) { return s.sweep(suspect, limits); });
}

void faulty_store::leave(node_id node) {
  call("leave", true, [=](store& s) { s.leave(node); });
}

std::vector<node_row> faulty_store::list_nodes(bool all) {
  return call("list_nodes", false, [=](store& s) { return s.list_nodes(all); });
}

std::vector<live_node> faulty_store::live_nodes(const job_ref& job) {
  return call("live_nodes", false, [=](store& s) { return s.live_nodes(job); });
}

run_row faulty_store::submit(const submission& s) {
  return call("submit", true, [given = s](store& db) { return db.submit(given); });
}

run_row faulty_store::restart(run_id ended, const std::string& launch_key) {
  return call("restart", true, [=](store& s) { return s.restart(ended, launch_key); });
}

run_row faulty_store::request_stop(run_id run, stop_mode mode) {
  return call("request_stop", true, [=](store& s) { return s.request_stop(run, mode); });
}

std::optional<run_row> faulty_store::find_run(run_id run) {
  return call("find_run", false, [=](store& s) { return s.find_run(run); });
}

std::vector<run_row> faulty_store::list_runs(int limit, run_id before) {
  return call("list_runs", false, [=](store& s) { return s.list_runs(limit, before); });
}

std::optional<term> faulty_store::adopt_run(run_id run, node_id node, term seen) {
  return call("adopt_run", true, [=](store& s) { return s.adopt_run(run, node, seen); });
}

void faulty_store::step_down(run_id run, node_id node, term t) {
  call("step_down", true, [=](store& s) { s.step_down(run, node, t); });
}

step_row faulty_store::begin_step(run_id run, node_id node, term t, const step_spec& spec) {
  return call("begin_step", true, [=, &w = world_](store& s) {
    auto row = s.begin_step(run, node, t, spec);
    w.expect_master("begin_step", run, {}, node, t);
    return row;
  });
}

void faulty_store::reset_split(step_id step, node_id node, term t) {
  call("reset_split", true, [=, &w = world_](store& s) {
    s.reset_split(step, node, t);
    w.expect_master("reset_split", {}, step, node, t);
  });
}

void faulty_store::append_partitions(step_id step, node_id node, term t, partition_no first_no,
                                     std::span<const new_partition> rows) {
  call("append_partitions", true,
       [=, &w = world_, all = std::vector<new_partition>(rows.begin(), rows.end())](store& s) {
         s.append_partitions(step, node, t, first_no, all);
         w.expect_master("append_partitions", {}, step, node, t);
       });
}

void faulty_store::seal_split(step_id step, node_id node, term t, partition_no first_no,
                              std::span<const new_partition> last,
                              std::span<const ready_range> ranges) {
  call("seal_split", true,
       [=, &w = world_, rows = std::vector<new_partition>(last.begin(), last.end()),
        all = std::vector<ready_range>(ranges.begin(), ranges.end())](store& s) {
         s.seal_split(step, node, t, first_no, rows, all);
         w.expect_master("seal_split", {}, step, node, t);
       });
}

std::vector<step_row> faulty_store::list_steps(run_id run) {
  return call("list_steps", false, [=](store& s) { return s.list_steps(run); });
}

step_progress faulty_store::progress(step_id step) {
  return call("progress", false, [=](store& s) { return s.progress(step); });
}

void faulty_store::end_step(step_id step, node_id node, term t, step_state state,
                            const json_text& result, const std::string& error,
                            const std::optional<json_text>& run_result) {
  call("end_step", true, [=, &w = world_](store& s) {
    s.end_step(step, node, t, state, result, error, run_result);
    w.expect_master("end_step", {}, step, node, t);
  });
}

void faulty_store::end_run(run_id run, node_id node, term t, run_state state,
                           const std::string& error) {
  call("end_run", true, [=, &w = world_](store& s) {
    s.end_run(run, node, t, state, error);
    w.expect_master("end_run", run, {}, node, t);
  });
}

std::vector<result_row> faulty_store::list_results(step_id step, partition_no after, int limit,
                                                   result_kind kind) {
  return call("list_results", false,
              [=](store& s) { return s.list_results(step, after, limit, kind); });
}

work_view faulty_store::look(node_id node) {
  return call("look", false, [=](store& s) { return s.look(node); });
}

std::optional<lease_grant> faulty_store::claim(node_id node, step_id step, std::int64_t width,
                                               std::int64_t narrow) {
  return call("claim", true, [=](store& s) { return s.claim(node, step, width, narrow); });
}

int faulty_store::release(node_id node, std::span<const lease_id> leases) {
  return call("release", true,
              [=, all = std::vector<lease_id>(leases.begin(), leases.end())](store& s) {
                return s.release(node, all);
              });
}

void faulty_store::give_back(node_id node, lease_id lease, partition_no from) {
  call("give_back", true, [=](store& s) { s.give_back(node, lease, from); });
}

std::vector<report_verdict> faulty_store::report(node_id node,
                                                 std::span<const attempt_report> items) {
  std::vector<attempt_report> all(items.begin(), items.end());
  auto verdicts = call("report", true, [=](store& s) { return s.report(node, all); });
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (verdicts[i] == report_verdict::recorded)
      world_.on_acknowledged(all[i]);
    else
      ++world_.facts_.late_writes;
  }
  return verdicts;
}

void faulty_store::commit_chunk(lease_id lease, partition_no no, const checkpoint& c) {
  call("commit_chunk", true, [=](store& s) { s.commit_chunk(lease, no, c); });
}

void faulty_store::record_progress(std::span<const progress_report> items) {
  call("record_progress", false,
       [all = std::vector<progress_report>(items.begin(), items.end())](store& s) {
         s.record_progress(all);
       });
}

std::vector<step_summary> faulty_store::summarize(run_id run) {
  return call("summarize", false, [=](store& s) { return s.summarize(run); });
}

std::vector<partition_row> faulty_store::list_partitions(step_id step, partition_no after,
                                                         int limit) {
  return call("list_partitions", false,
              [=](store& s) { return s.list_partitions(step, after, limit); });
}

std::vector<failure_row> faulty_store::list_failures(run_id run, int limit) {
  return call("list_failures", false, [=](store& s) { return s.list_failures(run, limit); });
}

std::vector<event_row> faulty_store::list_events(run_id run, std::int64_t after, int limit) {
  return call("list_events", false, [=](store& s) { return s.list_events(run, after, limit); });
}

}  // namespace partita::sim
