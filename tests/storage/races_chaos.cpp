#include <atomic>
#include <iostream>
#include <map>
#include <mutex>

#include "storage/audit/violations.hpp"
#include "tests/support/contract.hpp"
#include "tests/support/threads.hpp"

using namespace partita;
using namespace partita::test;

namespace {

constexpr int workers = 4;
constexpr std::int64_t listed = 1200;
constexpr std::int64_t streamed = 1200;
constexpr int stream_batch = 100;
constexpr int max_turns = 200'000;  // of one worker: far more than all the work needs
constexpr liveness_limits merciless{milliseconds{0}, milliseconds{0}};
constexpr liveness_limits suspicious{milliseconds{0}, std::chrono::hours{1}};

struct acknowledged {
  lease_id lease;
  step_id step;
  partition_no no;
};

/// What all threads share.
struct arena {
  backend& on;
  job_ref job;
  node_id master;
  std::vector<step_id> steps;
  std::atomic<bool> over{false};

  std::mutex guard{};
  tables last{};
  std::vector<std::string> broken{};
  std::vector<acknowledged> acks{};
  std::vector<node_id> nodes{};

  /// The rows of one moment, checked, also against those of the moment before.
  void inspect() {
    std::lock_guard lock{guard};
    auto now = on.dump();
    for (const auto& sentence : audit::violations_with_log(now)) broken.push_back(sentence);
    for (const auto& sentence : audit::violations_between(last, now)) broken.push_back(sentence);
    last = std::move(now);
    if (!broken.empty()) over = true;
  }

  node_id some_node(std::uint64_t dice) {
    std::lock_guard lock{guard};
    return nodes[dice % nodes.size()];
  }
};

/// One node of the cluster, with the manners of a bad one: it forgets leases, works on after it was
/// given up, sweeps nodes that live, and asks for everything twice.
class worker {
 public:
  worker(arena& a, store& session, std::uint64_t seed) : a_(a), db_(session), random_(seed) {
    join();
  }

  void turn() {
    try {
      act();
    } catch (const store_error& e) {
      if (e.code() == errc::fenced)
        join();
      else if (e.code() == errc::unavailable)
        ++unavailable;
      else if (e.code() == errc::damaged || e.code() == errc::bad_request)
        throw;
    }
  }

  static inline std::atomic<int> unavailable{0};

 private:
  std::uint64_t dice(std::uint64_t sides) { return random_() % sides; }

  void join() {
    self_ = db_.register_node({"worker", "host", 1, 2, "v", {a_.job}});
    std::lock_guard lock{a_.guard};
    a_.nodes.push_back(self_);
  }

  void act() {
    auto d = dice(1000);
    if (d < 350) return claim();
    if (d < 800) return report();
    if (d < 840) return checkpoint();
    if (d < 900) return give_back();
    if (d < 940) return void(db_.heartbeat(self_, 1, false, liveness_limits{}));
    if (d < 955) return release();
    if (d < 970) return void(sweep_all(db_, a_.some_node(random_()), suspicious));
    if (d < 976) return void(sweep_all(db_, a_.some_node(random_()), merciless));
    if (d < 978) return join();  // a crash: nobody renews the old one
    if (d < 990) return side_run();
    a_.inspect();
  }

  void claim() {
    auto view = db_.look(self_);
    if (view.ready.empty()) return find_out_whether_it_is_over();
    const auto& from = view.ready[dice(view.ready.size())];
    auto width = static_cast<std::int64_t>(1 + dice(40));
    if (auto grant = db_.claim(self_, from.step, width, 1 + width / 4))
      held_.push_back({self_, *grant});
  }

  /// With nothing left to claim, what is missing may be held by a node that crashed: it is looked
  /// for among those that remain.
  void find_out_whether_it_is_over() {
    db_.heartbeat(self_, 1, false, liveness_limits{});
    auto remaining = db_.list_nodes(false);
    std::erase_if(remaining, [this](const node_row& n) { return n.id == a_.master; });
    if (!remaining.empty() && dice(3) == 0)
      sweep_all(db_, remaining[dice(remaining.size())].id, merciless);
    for (auto step : a_.steps)
      if (db_.progress(step).open) return;
    a_.over = true;
  }

  /// Some, or all, of one lease; perhaps one of an earlier life; perhaps twice.
  void report() {
    if (held_.empty()) return claim();
    auto which = dice(held_.size());
    const auto [owner, grant] = held_[which];
    std::vector<attempt_report> items;
    for (const auto& p : grant.partitions) {
      if (dice(10) == 0) continue;
      attempt_report item;
      item.lease = grant.lease;
      item.no = p.no;
      item.outcome = fate(item);
      items.push_back(item);
    }
    auto verdicts = db_.report(owner, items);
    remember(grant.step, items, verdicts);
    if (dice(4) == 0) db_.report(owner, items);
    if (dice(3) != 0) held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(which));
  }

  /// How this try ends: always the same way, however often it is reported.
  static attempt_outcome fate(const attempt_report& item) {
    auto d = (item.lease.value * 31 + item.no * 17) % 100;
    if (d < 85) return attempt_outcome::completed;
    if (d < 94) return attempt_outcome::retry;
    return d < 99 ? attempt_outcome::released : attempt_outcome::failed;
  }

  void remember(step_id step, const std::vector<attempt_report>& items,
                const std::vector<report_verdict>& verdicts) {
    std::lock_guard lock{a_.guard};
    for (std::size_t i = 0; i < items.size(); ++i)
      if (verdicts[i] == report_verdict::recorded && items[i].outcome == attempt_outcome::completed)
        a_.acks.push_back({items[i].lease, step, items[i].no});
  }

  void checkpoint() {
    if (held_.empty()) return;
    const auto& grant = held_[dice(held_.size())].grant;
    const auto& p = grant.partitions[dice(grant.partitions.size())];
    auto seq = (p.resume ? p.resume->seq : 0) + 1;
    db_.commit_checkpoint(grant.lease, p.no, {seq, std::to_string(seq), {seq, 0, 0, 0}});
  }

  /// Nothing of this lease was reported yet: that is what the verb requires.
  void give_back() {
    auto view = db_.look(self_);
    if (view.ready.empty()) return;
    auto grant = db_.claim(self_, view.ready[dice(view.ready.size())].step, 20, 5);
    if (!grant) return;
    auto from = grant->span.lo + static_cast<partition_no>(dice(20));
    db_.give_back(self_, grant->lease, from);
    if (dice(2) == 0) db_.give_back(self_, grant->lease, from);
    held_.push_back({self_, *grant});
  }

  void release() {
    std::vector<lease_id> strays;
    for (const auto& h : held_)
      if (dice(4) == 0) strays.push_back(h.grant.lease);
    db_.release(self_, strays);
  }

  void side_run() {
    auto key = "side " + std::to_string(dice(50));
    auto made = db_.submit({a_.job, "{}", "side", key});
    if (dice(2) == 0) made = db_.request_stop(made.id, stop_mode::stop);
    if (is_terminal(made.state)) db_.restart(made.id, "again " + key);
  }

  struct holding {
    node_id owner;
    lease_grant grant;
  };

  arena& a_;
  store& db_;
  std::mt19937_64 random_;
  node_id self_;
  std::vector<holding> held_;
};

/// Streams its step while the workers are at it.
void stream(arena& a, store& db, const driven_run& r) {
  const std::vector<new_partition> rows(stream_batch, {"k", "1"});
  partition_no first = 0;
  for (; first < streamed && !a.over; first += stream_batch)
    db.append_partitions(a.steps[1], r.master, r.term, first, rows);
  db.seal_split(a.steps[1], r.master, r.term, first, {}, {});
}

}  // namespace

TEST_CASE_METHOD(contract, "whatever many bad nodes do at once, each partition ends once") {
  auto random = printed_random("chaos on " + on->name());
  auto master = join("master");
  auto r = drive(master);
  auto s = spec();
  s.retry.max_attempts = 5;
  arena a{*on, job, master, {split(r, listed, s)}};
  s.ordinal = 1;
  s.streamed = true;
  a.steps.push_back(begin(r, s));
  std::vector<std::uint64_t> seeds;
  for (int i = 0; i < workers; ++i) seeds.push_back(random());
  worker::unavailable = 0;

  auto complaints = at_once(*on, workers + 1, [&](int i, store& session) {
    try {
      if (i == workers) return stream(a, session, r);
      worker w{a, session, seeds[static_cast<std::size_t>(i)]};
      for (int turns = 0; turns < max_turns && !a.over; ++turns) w.turn();
    } catch (...) {
      a.over = true;
      throw;
    }
  });
  a.inspect();
  CHECK(complaints == std::vector<std::string>{});
  CHECK(a.broken == std::vector<std::string>{});

  std::map<std::pair<step_id, partition_no>, lease_id> results;
  for (const auto& row : a.last.results)
    if (row.row.completed) results[{row.step, row.row.no}] = row.row.lease;
  for (const auto& ack : a.acks)
    if (results[{ack.step, ack.no}] != ack.lease)
      FAIL_CHECK("an acknowledged result was lost: partition " << ack.no);
  for (auto step : a.steps) {
    CHECK_FALSE(db->progress(step).open);
    end(r, step, db->progress(step).any_failed ? step_state::failed : step_state::completed);
  }
  end(r, run_state::failed);
  std::cout << "chaos on " << on->name() << ": " << a.last.leases.size() << " leases, "
            << a.acks.size() << " acknowledged results, " << a.nodes.size() << " nodes, "
            << worker::unavailable << " unavailable" << std::endl;
}
