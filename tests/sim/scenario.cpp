#include "tests/sim/scenario.hpp"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <numeric>

#include "batch/batch.hpp"
#include "tests/support/invariants.hpp"

namespace partita::sim {

namespace {

/// What is known from outside of the engine about what must be in its tables.
struct oracle {
  struct told {
    lease_id lease;
    partition_no no;
    bool completed;
  };
  std::vector<told> acknowledged;
  std::map<std::tuple<run_id, step_id, partition_no>, int> single_starts;
  std::map<std::pair<run_id, partition_no>, std::int64_t> position;  // of committed checkpoints
  std::vector<std::string> broken;
};

enum class work_kind { sum, once, chunks, stream, two };
constexpr int work_kinds = 5;
const char* const names[work_kinds] = {"sum", "once", "chunks", "stream", "two"};

std::int64_t value_of(partition_no no) { return no * no + 1; }

std::int64_t expected_sum(std::int64_t count) {
  std::int64_t sum = 0;
  for (partition_no no = 0; no < count; ++no) sum += value_of(no);
  return sum;
}

/// Everything drawn from a seed before anything happens.
struct script {
  explicit script(std::uint64_t seed);

  struct launch {
    milliseconds at;
    work_kind kind;
    int count;
  };

  settings limits;
  odds chances;
  std::vector<int> executors;  // of each first node
  std::vector<launch> launches;
  std::vector<planned> plan;
  milliseconds faults_end;
  int longest_ms;   // a partition's work
  int failing = 0;  // of 10,000 attempts
  assignment strategy;
  milliseconds bound;  // of the recovery: of the engine, and of all the work on one executor
};

settings draw_settings(dice& d) {
  settings s;
  auto ms = [&](std::int64_t lo, std::int64_t hi) { return milliseconds{d.between(lo, hi)}; };
  s.heartbeat = ms(50, 400);
  s.heartbeat_timeout = ms(50, 400);
  s.heartbeat_retry = ms(20, 200);
  s.unreachable_after = 3 * s.heartbeat + s.heartbeat_retry + s.heartbeat_timeout + ms(0, 1000);
  s.deregister_after = 2 * s.unreachable_after + ms(0, 2000);
  s.poll = ms(20, 400);
  s.master_poll = ms(10, 200);
  s.lease_hold = ms(10, 1000);
  s.max_lease_width = static_cast<int>(d.skewed(1, 64));
  s.report_delay = ms(0, 100);
  s.max_report_batch = static_cast<int>(d.skewed(1, 64));
  s.loss_piece = static_cast<int>(d.skewed(1, 30));
  s.max_masterships = static_cast<int>(d.between(1, 4));
  s.split_batch = static_cast<int>(d.skewed(1, 30));
  s.drain_grace = ms(0, 4000);
  s.stop_grace = ms(0, 1000);
  s.database_timeout = ms(500, 3000);
  s.retry_first = ms(10, 100);
  s.retry_max = ms(100, 1000);
  return s;
}

script::script(std::uint64_t seed) {
  dice d{mix(seed, 10)};
  limits = draw_settings(d);
  const auto most_nodes = d.skewed(1, 7);
  for (auto n = d.between(0, most_nodes); n >= 0; --n)
    executors.push_back(static_cast<int>(d.skewed(1, 4)));
  faults_end = milliseconds{d.skewed(1'000, 15'000)};
  longest_ms = static_cast<int>(d.skewed(0, 3000));
  if (d.hits(3000)) failing = static_cast<int>(d.skewed(1, 2000));
  const assignment strategies[] = {shared{}, shared{}, round_robin{},
                                   fixed_node_count{static_cast<int>(d.between(0, 3))},
                                   least_loaded{}};
  strategy = strategies[d.next() % std::size(strategies)];
  // Each kind of fault is there or not; where it is, rare or frequent.
  for (int f = 1; f < fates; ++f)
    if (d.hits(4000)) chances.of[f] = static_cast<int>(d.skewed(1, 1500));
  for (auto deadly : {fate::dies_before, fate::dies_after}) {
    auto& chance = chances.of[static_cast<int>(deadly)];
    chance = (chance + 39) / 40;
  }
  if (d.hits(3000)) chances.stall = static_cast<int>(d.skewed(1, 200));
  // In some worlds every living node can do its work in time.
  const bool calm = d.hits(1500);
  if (calm) chances = odds{};
  for (auto n = d.skewed(1, 4); n > 0; --n)
    launches.push_back({milliseconds{d.skewed(0, faults_end.count())},
                        static_cast<work_kind>(d.next() % work_kinds),
                        static_cast<int>(d.skewed(0, 60))});
  bound = recovery_bound;
  for (const auto& l : launches) bound += 2 * l.count * milliseconds{longest_ms};
  for (int b = 0; b < blows; ++b) {
    const bool hits = d.hits(4000);
    const auto what = static_cast<blow>(b);
    if (!hits || (calm && (what == blow::pause || what == blow::clock_step))) continue;
    for (auto n = d.skewed(1, 4); n > 0; --n) {
      planned p{what, milliseconds{d.between(0, faults_end.count())},
                static_cast<int>(d.between(0, 999)), milliseconds{0}};
      if (p.what == blow::pause || p.what == blow::outage)
        p.lasts = milliseconds{d.skewed(10, 3 * limits.deregister_after.count())};
      if (p.what == blow::clock_step)
        p.lasts = milliseconds{d.hits(5000) ? d.skewed(1, 3'600'000) : -d.skewed(1, 30'000)};
      // A dead node's last heartbeat lies in the future when the clock has gone back.
      if (p.what == blow::clock_step) bound += std::max(milliseconds{0}, -p.lasts);
      plan.push_back(p);
    }
  }
}

/// A folder in memory, gone with it.
struct scratch_folder {
  scratch_folder() { std::filesystem::create_directory(path); }
  ~scratch_folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path = "/dev/shm/partita-simulation-" + std::to_string(::getpid());
};

/// The jobs, as they run in this world.
class jobs_of {
 public:
  jobs_of(const script& s, std::uint64_t seed, oracle& o) : script_(s), seed_(seed), oracle_(o) {}

  world* where = nullptr;  // set before anything runs

  std::vector<job> all() {
    auto count = [](split_context& c) { return c.get<int>("count"); };
    auto listed = [count](split_context& c) {
      std::vector<partition> parts;
      for (int i = 0; i < count(c); ++i) parts.push_back({"p" + std::to_string(i), i});
      return parts;
    };
    auto sum = [](const results& all, run_context& run) {
      std::int64_t total = 0;
      all.for_each([&](const partition_result& one) {
        if (one.output.is_number()) total += one.output.get<std::int64_t>();
      });
      run.result({{"sum", total}, {"count", all.count()}});
    };
    auto named = [](work_kind kind) {
      return job{names[static_cast<int>(kind)]}
          .parameter<int>("count", required)
          .parameter<int>("launch", required);
    };
    auto step = [&](const std::string& name) {
      return partitioned{name}
          .split(listed)
          .assign(script_.strategy)
          .retry(attempts{1000}, {milliseconds{10}, 2.0, milliseconds{500}})
          .each([this](partition_context& p) { plain(p); })
          .aggregate(sum);
    };
    auto with_files = [&](partitioned s) {
      return s.each([this](partition_context& p) { filed(p); })
          .aggregate([this, sum](const results& all, run_context& run) {
            all.for_each([&](const partition_result& one) { check_file(one, run); });
            sum(all, run);
          });
    };
    auto streamed =
        partitioned{"work"}
            .stream([this, count](split_context& c, const std::function<void(partition)>& yield) {
              for (int i = 0; i < count(c); ++i) {
                if (i % 7 == 6) where->work(milliseconds{i % 3 * 20});
                yield({"p" + std::to_string(i), i});
              }
            })
            .retry(attempts{1000}, {milliseconds{10}, 2.0, milliseconds{500}})
            .each([this](partition_context& p) { plain(p); })
            .aggregate(sum);
    return {
        named(work_kind::sum).step(with_files(step("work"))),
        named(work_kind::once)
            .step(step("work").transferable(false).each([this](partition_context& p) { once(p); })),
        named(work_kind::chunks).step(step("work").each([this](partition_context& p) {
          chunks(p);
        })),
        named(work_kind::stream).step(streamed),
        named(work_kind::two)
            .step(with_files(step("first")))
            .step(tasklet{"between", [this](run_context&) { where->work(duration(7, 0)); }})
            .step(step("second"))};
  }

 private:
  milliseconds duration(std::int64_t no, int attempt) {
    dice d{mix(seed_, 20, no, attempt)};
    return milliseconds{d.skewed(0, script_.longest_ms)};
  }

  void maybe_fail(const partition_context& p) {
    dice d{mix(seed_, 21, p.no(), p.attempt(), p.run().value)};
    if (d.hits(script_.failing)) throw std::runtime_error("simulated: the author's code failed");
  }

  void plain(partition_context& p) {
    where->work(duration(p.no(), p.attempt()));
    p.stop_if_requested();
    maybe_fail(p);
    p.output(value_of(p.input<int>()));
  }

  void filed(partition_context& p) {
    plain(p);
    std::ofstream{p.output_file(folder_.path / (std::to_string(p.run().value) + "-{}"))}
        << value_of(p.no());
  }

  void check_file(const partition_result& one, const run_context& run) {
    std::int64_t found = 0;
    for (const auto& file : one.files) std::ifstream{file} >> found;
    if (found != value_of(one.no))
      oracle_.broken.push_back("the file of partition " + std::to_string(one.no) + " of run " +
                               std::to_string(run.run().value) + " is not there");
  }

  void once(partition_context& p) {
    auto step = std::stoll(p.idempotency_key().substr(p.idempotency_key().find(':') + 1));
    if (++oracle_.single_starts[{p.run(), step_id{step}, p.no()}] > 1)
      oracle_.broken.push_back("partition " + std::to_string(p.no()) + " of run " +
                               std::to_string(p.run().value) +
                               " must start at most once, and was started again");
    plain(p);
  }

  void chunks(partition_context& p) {
    constexpr std::int64_t last = 4;
    auto from = p.resume_position() ? p.resume_position()->get<std::int64_t>() : 0;
    auto& known = oracle_.position[{p.run(), p.no()}];
    auto committed = [&](std::int64_t position) {
      if (position <= known)
        oracle_.broken.push_back(
            "partition " + std::to_string(p.no()) + " of run " + std::to_string(p.run().value) +
            " commits " + std::to_string(position) + " again: it resumed at " +
            std::to_string(from) + ", but " + std::to_string(known) + " was acknowledged");
      known = position;
    };
    for (auto at = from; at < last; ++at) {
      where->work(duration(p.no() * 10 + at, p.attempt()) / last);
      maybe_fail(p);
      try {
        p.checkpoint(at + 1);
      } catch (const stop_requested_error&) {  // thrown after the commit
        committed(at + 1);
        throw;
      }
      committed(at + 1);
    }
    p.output(value_of(p.input<int>()));
  }

  const script& script_;
  std::uint64_t seed_;
  oracle& oracle_;
  scratch_folder folder_;
};

/// Launches, stops and restarts runs, and calls again when a call fails, as a user would.
class users {
 public:
  users(world& w, const script& s) : world_(w), script_(s) {
    for (std::size_t i = 0; i < s.launches.size(); ++i)
      w.at(w.now() + s.launches[i].at, [this, i] { launch(i); });
  }

  struct known {
    run_id id;
    work_kind kind;
    int count;
    bool stop_asked = false;
  };

  void stop(int which, stop_mode mode) {
    if (runs_.empty()) return;
    auto& run = runs_[static_cast<std::size_t>(which) % runs_.size()];
    run.stop_asked = true;
    insist([id = run.id, mode, this] { world_.user().request_stop(id, mode); });
  }

  void restart(int which) {
    if (runs_.empty()) return;
    auto run = runs_[static_cast<std::size_t>(which) % runs_.size()];
    auto key = "restart-" + std::to_string(++restarts_);
    insist([run, key, this] {
      auto made = world_.user().restart(run.id, key);
      remember({made.id, run.kind, run.count, false});
    });
  }

  bool busy() const { return waiting_ > 0; }
  const std::vector<known>& runs() const { return runs_; }

 private:
  void launch(std::size_t i) {
    const auto& l = script_.launches[i];
    const auto& definition = *world_.jobs().find(names[static_cast<int>(l.kind)]);
    json parameters{{"count", l.count}, {"launch", i}};
    submission s{definition.ref(), parameters.dump(),
                 identity_of(definition.parameter_specs(), parameters),
                 "launch-" + std::to_string(i)};
    insist([s, l, this] { remember({world_.user().submit(s).id, l.kind, l.count, false}); });
  }

  void remember(known run) {
    for (const auto& r : runs_)
      if (r.id == run.id) return;
    runs_.push_back(run);
  }

  /// Tries until the database has answered; a refusal is an answer.
  void insist(std::function<void()> call) {
    ++waiting_;
    try {
      call();
      --waiting_;
    } catch (const store_error& e) {
      --waiting_;
      if (e.code() != errc::unavailable) return;
      ++waiting_;
      world_.at(world_.now() + milliseconds{200}, [call, this] {
        --waiting_;
        insist(call);
      });
    }
  }

  world& world_;
  const script& script_;
  std::vector<known> runs_;
  int waiting_ = 0;
  int restarts_ = 0;
};

void schedule(world& w, const planned& p, std::size_t number, users& people, fault_book& faults) {
  w.at(w.now() + p.at, [&w, p, number, &people, &faults] {
    auto name =
        to_string(p.what) + "@" + std::to_string(p.at.count()) + "#" + std::to_string(number);
    if (!faults.happens(name, to_string(p.what))) return;
    const auto node = static_cast<std::size_t>(p.target) % std::max<std::size_t>(1, w.nodes());
    switch (p.what) {
      case blow::crash:
        return w.crash(node);
      case blow::pause:
        return w.pause(node, p.lasts);
      case blow::drain:
        return w.drain(node);
      case blow::release:
        return w.release(node);
      case blow::join:
        w.add_node(1 + p.target % 4);
        return;
      case blow::outage:
        return w.outage(p.lasts);
      case blow::clock_step:
        return w.step_clock(p.lasts);
      case blow::stop_run:
        return people.stop(p.target, stop_mode::stop);
      case blow::stop_run_now:
        return people.stop(p.target, stop_mode::now);
      case blow::restart_run:
        return people.restart(p.target);
    }
  });
}

void check_runs(const users& people, const tables& rows, milliseconds bound, outcome& o) {
  std::map<run_id, const run_row*> by_id;
  for (const auto& r : rows.runs) by_id[r.id] = &r;
  for (const auto& known : people.runs()) {
    auto found = by_id.find(known.id);
    auto name =
        "run " + std::to_string(known.id.value) + " (" + names[static_cast<int>(known.kind)] + ")";
    if (found == by_id.end()) {
      o.violations.push_back(name + " was acknowledged and is gone");
      continue;
    }
    const auto& row = *found->second;
    ++o.ended[std::string{to_string(row.state)}];
    if (!is_terminal(row.state)) {
      o.violations.push_back(name + " is " + std::string{to_string(row.state)} + " " +
                             std::to_string(bound.count() / 1000) + " s after the last fault");
      continue;
    }
    json expected{{"sum", expected_sum(known.count)}, {"count", known.count}};
    if (row.state == run_state::completed && json::parse(row.result, nullptr, false) != expected)
      o.violations.push_back(name + " is COMPLETED with " + row.result + ", not " +
                             expected.dump());
    if (row.state == run_state::failed && known.kind != work_kind::once)
      o.violations.push_back(name + " FAILED: " + row.error);
    if (row.state == run_state::stopped && !known.stop_asked)
      o.violations.push_back(name + " is STOPPED, and nobody asked for it");
  }
}

void check_acknowledged(const oracle& o, const tables& rows, outcome& out) {
  std::map<std::pair<lease_id, partition_no>, bool> results;
  for (const auto& r : rows.results) results[{r.row.lease, r.row.no}] = r.row.completed;
  for (const auto& told : o.acknowledged) {
    auto found = results.find({told.lease, told.no});
    if (found == results.end() || found->second != told.completed)
      out.violations.push_back("the acknowledged result of partition " + std::to_string(told.no) +
                               " under lease " + std::to_string(told.lease.value) + " is lost");
  }
  out.violations.insert(out.violations.end(), o.broken.begin(), o.broken.end());
}

/// A node that is up when all is over takes part in the cluster. And where nothing happened that
/// may keep a living node from renewing in time, none was given up.
void check_nodes(const world& w, const tables& rows, const fault_book& faults, outcome& o) {
  std::map<std::string, int> taking_part;
  for (const auto& n : rows.nodes) taking_part[n.info.name] += !is_terminal(n.state);
  for (std::size_t i = 0; i < w.nodes(); ++i)
    if (w.is_up(i) && taking_part["node-" + std::to_string(i)] < 1)
      o.violations.push_back("node-" + std::to_string(i) +
                             " is up and takes no part in the cluster");
  for (const auto& excuse :
       {"refused", "lost_answer", "late", "slow", "stall", "pause", "clock_step"})
    if (faults.count().contains(excuse)) return;
  for (const auto& name : w.convicted_alive)
    o.violations.push_back(name + " was given up although it lives");
}

void count_rows(const tables& rows, outcome& o) {
  for (const auto& r : rows.runs)
    o.takeovers += std::max<int>(0, static_cast<int>(r.term.value) - 1);
  for (const auto& n : rows.nodes) o.deregistered += n.state == node_state::deregistered;
  for (const auto& l : rows.leases) o.revoked += l.state == lease_state::revoked;
}

}  // namespace

outcome play(std::uint64_t seed, backing kind, std::optional<std::set<std::string>> only) {
  const script s{seed};
  oracle told;
  fault_book faults{std::move(only)};
  jobs_of jobs{s, seed, told};
  world w{seed, kind, jobs.all(), s.limits, s.chances, faults};
  jobs.where = &w;
  w.on_acknowledged = [&](const attempt_report& r) {
    if (r.outcome == attempt_outcome::completed || r.outcome == attempt_outcome::failed)
      told.acknowledged.push_back({r.lease, r.no, r.outcome == attempt_outcome::completed});
  };
  users people{w, s};
  const auto begun = w.now();
  outcome o;
  try {
    for (auto executors : s.executors) w.add_node(executors);
    for (std::size_t i = 0; i < s.plan.size(); ++i) schedule(w, s.plan[i], i, people, faults);

    // Safety: whatever happens, no invariant breaks.
    w.run_until([&] { return w.now() >= begun + s.faults_end; }, s.faults_end);

    // Liveness: nothing fails any more, and somebody is there; every run ends.
    w.heal();
    w.add_node(2);
    const auto healed = w.now();
    w.run_until(
        [&] {
          if (people.busy()) return false;
          for (const auto& r : w.eye().list_runs(1000, {}))
            if (!is_terminal(r.state)) return false;
          return true;
        },
        s.bound);
    o.recovery = std::chrono::duration_cast<milliseconds>(w.now() - healed);
    // What was under way comes to rest: late calls, the end of drains.
    w.run_until(w.now() + milliseconds{11'000});
  } catch (const std::exception& e) {
    o.violations.push_back(std::string{"the simulation broke: "} + e.what());
  }
  const auto rows = w.rows();
  o.simulated = std::chrono::duration_cast<milliseconds>(w.now() - begun);
  o.runs = static_cast<int>(rows.runs.size());
  o.violations.insert(o.violations.end(), w.violations.begin(), w.violations.end());
  for (auto& v : test::violations_with_log(rows)) o.violations.push_back(v);
  check_runs(people, rows, s.bound, o);
  check_acknowledged(told, rows, o);
  check_nodes(w, rows, faults, o);
  count_rows(rows, o);
  o.faults = faults.happened();
  o.fault_count = faults.count();
  o.facts = w.facts();
  return o;
}

std::set<std::string> shorten(std::uint64_t seed, backing kind, std::set<std::string> faults) {
  auto fails = [&](const std::set<std::string>& with) {
    return !play(seed, kind, with).violations.empty();
  };
  // Leave out halves, then quarters, … as long as it still fails.
  for (auto size = (faults.size() + 1) / 2; size >= 1;) {
    bool shorter = false;
    std::vector<std::string> all(faults.begin(), faults.end());
    for (std::size_t from = 0; from < all.size(); from += size) {
      auto fewer = faults;
      for (auto i = from; i < std::min(all.size(), from + size); ++i) fewer.erase(all[i]);
      if (fewer.size() == faults.size() || !fails(fewer)) continue;
      faults = fewer;
      shorter = true;
    }
    if (size == 1 && !shorter) break;
    size = std::max<std::size_t>(1, size / 2);
  }
  return faults;
}

}  // namespace partita::sim
