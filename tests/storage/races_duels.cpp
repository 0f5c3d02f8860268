#include "storage/audit/violations.hpp"
#include "tests/support/contract.hpp"
#include "tests/support/threads.hpp"

using namespace partita;
using namespace partita::test;

namespace {

using sentences = std::vector<std::string>;

constexpr int rounds = 40;

/// Judges everybody as silent for too long: what the other side meets in the middle of its verb.
constexpr liveness_limits merciless{milliseconds{0}, milliseconds{0}};

/// Two verbs at once, many times; whatever the order, every invariant holds after it.
struct arena : contract {
  std::mt19937_64 random = printed_random("duel");
  node_id master = join("master");

  void fight(const std::function<opponents(int)>& set_up) {
    CHECK(duel(*on, rounds, random, set_up) == sentences{});
  }
  driven_run fresh(int round) { return drive(master, "round " + std::to_string(round)); }
};

}  // namespace

TEST_CASE_METHOD(arena, "a claim against the loss of its node") {
  fight([this](int round) {
    auto id = split(fresh(round), 6);
    auto node = join();
    return opponents{[=](store& s) { s.claim(node, id, 4, 4); },
                     [=](store& s) { sweep_all(s, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "a claim against the end of its step") {
  fight([this](int round) {
    auto r = fresh(round);
    auto id = split(r, 6);
    return opponents{[=, this](store& s) { s.claim(master, id, 4, 4); },
                     [=](store& s) {
                       s.end_step(id, r.master, r.term, step_state::failed, "", "", std::nullopt);
                     }};
  });
}

TEST_CASE_METHOD(arena, "a report that ends the last lease against the end of the step") {
  fight([this](int round) {
    auto r = fresh(round);
    auto id = split(r, 3);
    auto grant = take(master, id);
    std::vector<attempt_report> items;
    for (const auto& p : grant.partitions) items.push_back(ended(grant.lease, p.no));
    items.back().outcome = round % 2 == 0 ? attempt_outcome::completed : attempt_outcome::retry;
    return opponents{[=, this](store& s) { s.report(master, items); },
                     [=](store& s) {
                       s.end_step(id, r.master, r.term, step_state::completed, "", "",
                                  std::nullopt);
                     }};
  });
}

TEST_CASE_METHOD(arena, "a report against the loss of its node") {
  fight([this](int round) {
    auto s = spec();
    s.transferable = round % 2 == 0;
    auto id = split(fresh(round), 6, s);
    auto node = join();
    auto grant = take(node, id);
    std::vector<attempt_report> items;
    for (const auto& p : grant.partitions) items.push_back(ended(grant.lease, p.no));
    return opponents{[=](store& session) { session.report(node, items); },
                     [=](store& session) { sweep_all(session, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "a checkpoint against the loss of its node") {
  fight([this](int round) {
    auto id = split(fresh(round), 2);
    auto node = join();
    auto grant = take(node, id);
    return opponents{[=](store& s) {
                       s.commit_checkpoint(grant.lease, 0, {1, "1", {}});
                     },
                     [=](store& s) { s.leave(node); }};
  });
}

TEST_CASE_METHOD(arena, "a report against giving back the rest of the lease") {
  fight([this](int round) {
    auto id = split(fresh(round), 6);
    auto grant = take(master, id);
    std::vector<attempt_report> items;
    for (partition_no no = 0; no < 3; ++no) items.push_back(ended(grant.lease, no));
    return opponents{[=, this](store& s) { s.report(master, items); },
                     [=, this](store& s) { s.give_back(master, grant.lease, 3); }};
  });
}

TEST_CASE_METHOD(arena, "giving back against the loss of the node") {
  fight([this](int round) {
    auto id = split(fresh(round), 6);
    auto node = join();
    auto grant = take(node, id);
    return opponents{[=](store& s) { s.give_back(node, grant.lease, 2); },
                     [=](store& s) { sweep_all(s, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "a release against the loss of the node") {
  fight([this](int round) {
    auto id = split(fresh(round), 6);
    auto node = join();
    const std::vector<lease_id> both{take(node, id, 2).lease, take(node, id, 2).lease};
    return opponents{[=](store& s) { s.release(node, both); },
                     [=](store& s) { sweep_all(s, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "the seal of a split against the end of a node that ranges are bound to") {
  fight([this](int round) {
    auto r = fresh(round);
    auto node = join();
    auto s = spec();
    s.transferable = round % 2 == 0;
    auto id = begin(r, s);
    append(r, id, 0, 6);
    return opponents{[=](store& session) {
                       const std::vector<ready_range> bound{{{0, 2}, node, 0}, {{3, 5}, {}, 0}};
                       session.seal_split(id, r.master, r.term, 6, {}, bound);
                     },
                     [=](store& session) { sweep_all(session, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "an adoption against the loss of the node that adopts") {
  fight([this](int round) {
    auto made = db->submit(launch("round " + std::to_string(round)));
    auto node = join();
    return opponents{[=](store& s) { s.adopt_run(made.id, node, term{0}); },
                     [=](store& s) { sweep_all(s, node, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "an adoption against a stop of the run") {
  fight([this](int round) {
    auto made = db->submit(launch("round " + std::to_string(round)));
    return opponents{[=, this](store& s) { s.adopt_run(made.id, master, term{0}); },
                     [=](store& s) { s.request_stop(made.id, stop_mode::stop); }};
  });
}

TEST_CASE_METHOD(arena, "an append under the old term against the takeover") {
  std::vector<step_id> steps;
  fight([&, this](int round) {
    auto old = join();
    auto r = drive(old, "round " + std::to_string(round));
    auto id = begin(r, spec());
    steps.push_back(id);
    const std::vector<new_partition> rows(5, {"old", "0"});
    const std::vector<new_partition> others(3, {"new", "0"});
    return opponents{[=](store& s) { s.append_partitions(id, r.master, r.term, 0, rows); },
                     [=, this](store& s) {
                       sweep_all(s, old, merciless);
                       auto won = s.adopt_run(r.run, master, r.term);
                       s.reset_split(id, master, won.value());
                       s.append_partitions(id, master, won.value(), 0, others);
                     }};
  });
  for (auto id : steps)
    for (const auto& p : db->list_partitions(id, -1, 10)) CHECK(p.key == "new");
}

TEST_CASE_METHOD(arena, "the end of a run against the loss of its master") {
  fight([this](int round) {
    auto old = join();
    auto r = drive(old, "round " + std::to_string(round));
    return opponents{[=](store& s) { s.end_run(r.run, old, r.term, run_state::completed, ""); },
                     [=](store& s) { sweep_all(s, old, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "a step begins against the end of the run") {
  fight([this](int round) {
    auto r = fresh(round);
    return opponents{
        [=, this](store& s) { s.begin_step(r.run, r.master, r.term, spec()); },
        [=](store& s) { s.end_run(r.run, r.master, r.term, run_state::completed, ""); }};
  });
}

TEST_CASE_METHOD(arena, "a heartbeat against a sweep: renewed in time, or fenced") {
  fight([this](int) {
    auto node = join();
    pass_deregistered();
    db->heartbeat(master, 0, false, limits);
    return opponents{[=, this](store& s) { s.heartbeat(node, 0, false, limits); },
                     [=, this](store& s) {
                       if (sweep_all(s, node, limits) != sweep_verdict::deregistered) return;
                       for (const auto& n : s.list_nodes(true))
                         if (n.id == node && n.state != node_state::deregistered)
                           throw std::runtime_error("a node given up is back");
                     }};
  });
}

TEST_CASE_METHOD(arena, "two nodes that sweep each other") {
  fight([this](int round) {
    auto id = split(fresh(round), 6);
    auto a = join();
    auto b = join();
    take(a, id, 2);
    take(b, id, 2);
    return opponents{[=](store& s) { sweep_all(s, b, merciless); },
                     [=](store& s) { sweep_all(s, a, merciless); }};
  });
}

TEST_CASE_METHOD(arena, "a continuation against a new run with the same identity") {
  fight([this](int round) {
    auto r = fresh(round);
    end(r, split(r, 4), step_state::stopped);
    end(r, run_state::stopped);
    auto other = launch("round " + std::to_string(round));
    auto key = "continue " + std::to_string(round);
    return opponents{[=](store& s) { s.restart(r.run, key); }, [=](store& s) { s.submit(other); }};
  });
}
