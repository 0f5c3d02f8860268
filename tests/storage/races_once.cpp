#include <atomic>
#include <mutex>
#include <set>

#include "tests/support/contract.hpp"
#include "tests/support/threads.hpp"

using namespace partita;
using namespace partita::test;

namespace {

using sentences = std::vector<std::string>;
constexpr int crowd = 50;
constexpr int group = 8;

/// What threads found, for the thread that may assert.
template <class T>
struct collected {
  std::mutex guard;
  std::multiset<T> all;
  void add(const T& value) {
    std::lock_guard lock{guard};
    all.insert(value);
  }
  std::size_t distinct() const { return std::set<T>(all.begin(), all.end()).size(); }
};

}  // namespace

TEST_CASE_METHOD(contract, "50 simultaneous submissions with the same identity give one run") {
  collected<run_id> made;
  std::atomic<int> refused{0};
  CHECK(at_once(*on, crowd, [&](int i, store& s) {
          try {
            made.add(s.submit({job, "{}", "same", "launch " + std::to_string(i)}).id);
          } catch (const store_error& e) {
            if (e.code() != errc::already_running) throw;
            ++refused;
          }
        }) == sentences{});
  CHECK(made.all.size() == 1);
  CHECK(refused == crowd - 1);
  CHECK(db->list_runs(100, {}).size() == 1);
}

TEST_CASE_METHOD(contract, "50 simultaneous submissions with one launch key find one run") {
  collected<run_id> made;
  CHECK(at_once(*on, crowd, [&](int, store& s) {
          made.add(s.submit({job, "{}", "same", "one launch"}).id);
        }) == sentences{});
  CHECK(made.all.size() == crowd);
  CHECK(made.distinct() == 1);
  CHECK(events(event::run_submitted).size() == 1);
}

TEST_CASE_METHOD(contract, "a run that ended is continued once, however many try at once") {
  auto r = drive(join());
  end(r, split(r, 50), step_state::stopped);
  end(r, run_state::stopped);
  collected<run_id> made;
  std::atomic<int> refused{0};
  CHECK(at_once(*on, group, [&](int i, store& s) {
          try {
            made.add(s.restart(r.run, "again " + std::to_string(i % 4)).id);
          } catch (const store_error& e) {
            if (e.code() != errc::wrong_state && e.code() != errc::already_running) throw;
            ++refused;
          }
        }) == sentences{});
  CHECK(made.distinct() == 1);
  CHECK(refused == group - static_cast<int>(made.all.size()));
  CHECK(db->list_runs(100, {}).size() == 2);
  CHECK(db->list_steps(*made.all.begin()).size() == 1);
}

TEST_CASE_METHOD(contract, "one of many nodes becomes master, and one term is given") {
  auto made = db->submit(launch());
  std::vector<node_id> nodes;
  for (int i = 0; i < group; ++i) nodes.push_back(join());
  collected<node_id> winners;
  CHECK(at_once(*on, group, [&](int i, store& s) {
          auto node = nodes[static_cast<std::size_t>(i)];
          if (s.adopt_run(made.id, node, term{0})) winners.add(node);
        }) == sentences{});
  REQUIRE(winners.all.size() == 1);
  CHECK(run(made.id).master == *winners.all.begin());
  CHECK(run(made.id).term == term{1});
}

TEST_CASE_METHOD(contract, "one step, one split and one seal come of many identical attempts") {
  auto r = drive(join());
  collected<step_id> begun;
  CHECK(at_once(*on, group, [&](int, store& s) {
          auto id = s.begin_step(r.run, r.master, r.term, spec()).id;
          begun.add(id);
          const std::vector<new_partition> rows(20, {"k", "1"});
          const std::vector<ready_range> all{{{0, 19}, {}, 0}};
          try {
            s.append_partitions(id, r.master, r.term, 0, rows);
            s.seal_split(id, r.master, r.term, 20, {}, all);
          } catch (const store_error& e) {
            if (e.code() != errc::wrong_state) throw;  // sealed already
          }
        }) == sentences{});
  CHECK(begun.distinct() == 1);
  auto id = *begun.all.begin();
  CHECK(step(r, id).count == 20);
  CHECK(step(r, id).sealed);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 19}, {}, 0}});
}

TEST_CASE_METHOD(contract, "claims at once never overlap and leave nothing over") {
  auto r = drive(join());
  auto id = split(r, 400);
  std::vector<node_id> nodes;
  for (int i = 0; i < group; ++i) nodes.push_back(join());
  collected<partition_no> claimed;
  CHECK(at_once(*on, group, [&](int i, store& s) {
          auto node = nodes[static_cast<std::size_t>(i)];
          while (auto grant = s.claim(node, id, 3, 3))
            for (const auto& p : grant->partitions) claimed.add(p.no);
        }) == sentences{});
  // A claim may answer "nothing" while another one holds the range: then nobody came for the rest.
  auto left = waiting(id);
  CHECK(claimed.distinct() == claimed.all.size());
  std::int64_t waits = 0;
  for (const auto& w : left) waits += w.span.size();
  CHECK(static_cast<std::int64_t>(claimed.all.size()) + waits == 400);
}

TEST_CASE_METHOD(contract, "the same report from many sessions at once is recorded once") {
  auto node = join();
  auto r = drive(node);
  auto id = split(r, 30);
  auto grant = take(node, id);
  std::vector<attempt_report> items;
  for (const auto& p : grant.partitions)
    items.push_back(ended(grant.lease, p.no,
                          p.no % 3 == 0 ? attempt_outcome::retry : attempt_outcome::completed));
  CHECK(at_once(*on, group, [&](int, store& s) {
          for (auto verdict : s.report(node, items))
            if (verdict != report_verdict::recorded) throw std::runtime_error("rejected");
        }) == sentences{});
  CHECK(lease(grant.lease).completed == 20);
  CHECK(lease(grant.lease).returned == 10);
  CHECK(waiting(id).size() == 10);
}

TEST_CASE_METHOD(contract, "many sweepers at once give a node up once") {
  auto master = join();
  auto r = drive(master);
  auto id = split(r, 30);
  auto victim = join();
  for (int i = 0; i < 5; ++i) take(victim, id, 4);
  pass_deregistered();
  db->heartbeat(master, 0, false, limits);
  CHECK(at_once(*on, group, [&](int, store& s) { sweep_all(s, victim, limits); }) == sentences{});
  CHECK(events(event::node_deregistered).size() == 1);
  CHECK(events(event::lease_ended).size() == 5);
}

TEST_CASE_METHOD(contract, "many processes may migrate at once") {
  CHECK(at_once(*on, group, [&](int, store&) { on->db().migrate(); }) == sentences{});
  CHECK(on->db().schema().fits());
  CHECK(on->db().migrate() == 0);
}
