#include <algorithm>
#include <numeric>

#include "storage/transaction.hpp"
#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

constexpr milliseconds second{1000};

/// Schedules of the job that the nodes of these tests know.
struct scheduled : contract {
  node_id join_with(int tokens, const std::string& name = "node") {
    return db->register_node({.name = name,
                              .host = "host",
                              .pid = 1,
                              .slots = 2,
                              .version = "0",
                              .jobs = {job, {job.name, 3}},
                              .tokens = tokens});
  }

  schedule_row add(const std::string& name, const std::string& trigger = "every 10s",
                   overlap_policy overlap = overlap_policy::skip) {
    new_schedule s;
    s.name = name;
    s.job = job.name;
    s.trigger = trigger;
    s.overlap = overlap;
    s.parameters = s.identity = R"({"of":")" + name + R"("})";
    return db->add_schedule(s, false, "ann");
  }

  schedule_row schedule(const std::string& name) { return db->find_schedule(name).value(); }

  node_id owner(const std::string& name) { return schedule(name).owner; }

  fired_ticks fire(node_id node, int most = 100) {
    const std::vector<job_ref> known{job, {job.name, 3}};
    return db->fire_schedules(node, known, most);
  }

  cluster_view beat(node_id node) { return db->heartbeat(node, 0, false, limits); }

  /// Until the next tick of what the node owns has come.
  void pass_to_tick(node_id node) {
    const auto in = beat(node).tick_in;
    REQUIRE(in);
    pass(std::chrono::ceil<milliseconds>(std::max(*in, microseconds{0})) + milliseconds{2});
  }

  /// Ends a run that nobody drives yet.
  void stop(run_id run) { db->request_stop(run, stop_mode::now); }

  std::size_t owned(node_id node) {
    const auto all = db->list_schedules("", 1000);
    return static_cast<std::size_t>(
        std::count_if(all.begin(), all.end(), [&](const auto& s) { return s.owner == node; }));
  }
};

}  // namespace

TEST_CASE_METHOD(scheduled, "a schedule is kept as it was asked for") {
  new_schedule s;
  s.name = "nightly.2-b_C";
  s.job = "census";
  s.parameters = R"({"year":2026})";
  s.identity = R"({"year":2026})";
  s.trigger = "@daily";
  s.zone = "Europe/Berlin";
  s.overlap = overlap_policy::queue_one;
  s.catch_up = milliseconds{3'600'000};
  const auto made = db->add_schedule(s, false, "ann");
  CHECK(made.id);
  const auto kept = schedule(s.name);
  CHECK(kept.id == made.id);
  CHECK(kept.what.name == s.name);
  CHECK(kept.what.job == s.job);
  CHECK(kept.what.parameters == s.parameters);
  CHECK(kept.what.identity == s.identity);
  CHECK(kept.what.trigger == to_text(*parse_trigger("@daily", "Europe/Berlin").value));
  CHECK(kept.what.zone == s.zone);
  CHECK(kept.what.overlap == s.overlap);
  CHECK(kept.what.catch_up == s.catch_up);
  CHECK_FALSE(kept.owner);
  CHECK_FALSE(kept.paused);
  CHECK_FALSE(kept.last_run);
  CHECK(kept.next_tick > kept.created_at);
  CHECK(events(event::schedule_added).size() == 1);
}

TEST_CASE_METHOD(scheduled, "what is no schedule is refused, and a name is given once") {
  add("a");
  CHECK(error_of([&] { add("a"); }) == errc::wrong_state);
  CHECK(sentence_of([&] { add("b", "every 3 moons"); }).find("every 3 moons") != std::string::npos);
  CHECK(error_of([&] { add("b", "61 * * * *"); }) == errc::bad_request);
  CHECK(error_of([&] { db->pause_schedule("b", "why", "ann"); }) == errc::not_found);
  CHECK(error_of([&] { db->resume_schedule("b", "ann"); }) == errc::not_found);
  CHECK(error_of([&] { db->remove_schedule("b", "ann"); }) == errc::not_found);
  CHECK(error_of([&] { db->run_schedule("b", {}, 1, "ann"); }) == errc::not_found);
  const auto first = schedule("a").id;
  db->remove_schedule("a", "ann");
  add("a");
  CHECK(schedule("a").id > first);
}

TEST_CASE_METHOD(scheduled, "schedules are listed by name, a page at a time") {
  for (const char* name : {"b", "c", "a", "D"}) add(name);
  const auto names = [&](const std::string& after, int most) {
    std::string all;
    for (const auto& s : db->list_schedules(after, most)) all += s.what.name;
    return all;
  };
  CHECK(names("", 10) == "Dabc");
  CHECK(names("", 2) == "Da");
  CHECK(names("a", 10) == "bc");
}

TEST_CASE_METHOD(scheduled, "a node with tokens owns schedules, and fires each tick once") {
  const auto node = join_with(2);
  add("a");
  CHECK_FALSE(beat(node).balanced);
  CHECK(db->balance_schedules(node) == 1);
  CHECK(beat(node).balanced);
  CHECK(owner("a") == node);
  CHECK(fire(node).runs.empty());  // its tick has not come

  pass_to_tick(node);
  const auto tick = *schedule("a").next_tick;
  const auto fired = fire(node);
  REQUIRE(fired.runs.size() == 1);
  const auto made = run(fired.runs.front());
  CHECK(made.job == job_ref{job.name, 3});
  CHECK(made.state == run_state::created);
  CHECK(made.schedule == schedule("a").id);
  CHECK(made.tick == tick);
  CHECK(made.parameters == R"({"of":"a","tick":")" + tick_text(tick) + R"("})");
  CHECK(made.identity == made.parameters);
  CHECK(made.launch_key == launch_key_of(made.schedule, tick));
  CHECK(schedule("a").last_run == made.id);
  CHECK(schedule("a").last_tick == tick);
  CHECK(*schedule("a").next_tick > tick);
  CHECK(fire(node).runs.empty());
}

TEST_CASE_METHOD(scheduled, "a schedule has a name that shells and addresses take") {
  for (const std::string name : {"", "../x", "a b", "ü", "a/b", "a\nb"}) {
    CAPTURE(name);
    CHECK(error_of([&] { add(name); }) == errc::bad_request);
  }
  CHECK(error_of([&] { add(std::string(101, 'a')); }) == errc::bad_request);
  CHECK(db->list_schedules("", 10).empty());
}

TEST_CASE_METHOD(scheduled, "a schedule without another tick gives its token back") {
  const auto node = join_with(1);
  const auto now = add("probe").created_at;
  db->remove_schedule("probe", "ann");
  add("once",
      "at " + tick_text(std::chrono::floor<std::chrono::seconds>(now) + std::chrono::seconds{60}));
  db->balance_schedules(node);
  add("b");
  db->balance_schedules(node);
  CHECK(owner("once") == node);
  CHECK_FALSE(owner("b"));
  CHECK(beat(node).balanced);
  pass_to_tick(node);
  CHECK(fire(node).runs.size() == 1);
  CHECK_FALSE(schedule("once").next_tick);
  CHECK_FALSE(beat(node).balanced);
  CHECK(db->balance_schedules(node) == 2);
  CHECK_FALSE(owner("once"));
  CHECK(owner("b") == node);
  CHECK(beat(node).balanced);
  CHECK(db->balance_schedules(node) == 0);
}

TEST_CASE_METHOD(scheduled, "schedules that can be in trouble are listed, and no others") {
  const auto doubtful = [&](int most = 10) {
    std::string all;
    for (const auto& s : db->list_doubtful_schedules(most)) all += s.what.name;
    return all;
  };
  const auto node = join_with(2);
  add("b", "every 10s at fixed rate");
  add("a", "every 10s at fixed rate");
  CHECK(doubtful() == "ab");
  CHECK(doubtful(1) == "a");
  db->balance_schedules(node);
  CHECK(doubtful().empty());
  pass(2 * std::chrono::milliseconds{std::chrono::minutes{1}});
  CHECK(doubtful() == "ab");
  fire(node);
  CHECK(schedule("a").missed > 0);  // all but the newest
  CHECK(doubtful() == "ab");
  db->pause_schedule("a", "why not", "ann");
  CHECK(doubtful() == "b");
  db->resume_schedule("a", "ann");
  CHECK(schedule("a").missed == 0);
  db->balance_schedules(node);
  CHECK(doubtful() == "b");
}

TEST_CASE_METHOD(scheduled, "the parameters of a schedule stand before its tick") {
  const auto node = join_with(2);
  new_schedule s;
  s.name = "a";
  s.job = job.name;
  s.trigger = "every 10s at fixed rate";
  s.parameters = R"({"a":"}","b":{"c":1}})";
  s.identity = R"({"a":"}"})";
  db->add_schedule(s, false);
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto made = run(fire(node).runs.at(0));
  const auto said = tick_text(*made.tick);
  CHECK(said.size() == std::string{"2026-03-01T10:20:00Z"}.size());
  CHECK(made.parameters == R"({"a":"}","b":{"c":1},"tick":")" + said + R"("})");
  CHECK(made.identity == R"({"a":"}","tick":")" + said + R"("})");
}

TEST_CASE_METHOD(scheduled, "only the owner fires, and only while it is ACTIVE") {
  const auto node = join_with(2);
  const auto other = join_with(0);
  add("a");
  db->balance_schedules(node);
  pass_to_tick(node);
  CHECK(fire(other).runs.empty());
  CHECK_FALSE(fire(other).tick_in);
  db->request_drain(node);
  CHECK(fire(node).runs.empty());
  CHECK_FALSE(owner("a"));
  CHECK_FALSE(beat(other).balanced);
}

TEST_CASE_METHOD(scheduled, "a tick is skipped while a run of its schedule is live") {
  const auto node = join_with(2);
  add("a", "every 10s at fixed rate");
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto first = fire(node).runs.at(0);
  pass_to_tick(node);
  CHECK(fire(node).missed == 1);
  CHECK(schedule("a").missed == 1);
  CHECK(events(event::ticks_missed).size() == 1);
  stop(first);
  pass_to_tick(node);
  CHECK(fire(node).runs.size() == 1);
}

TEST_CASE_METHOD(scheduled, "a tick that waits for a run is not due until that ends") {
  const auto node = join_with(2);
  add("a", "every 10s at fixed rate", overlap_policy::queue_one);
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto first = fire(node).runs.at(0);
  const auto waits = *schedule("a").next_tick;
  pass(11 * second);
  CHECK_FALSE(beat(node).tick_in);
  CHECK(fire(node).runs.empty());
  stop(first);
  REQUIRE(beat(node).tick_in);
  CHECK(*beat(node).tick_in <= microseconds{0});
  CHECK(run(fire(node).runs.at(0)).tick == waits);
}

TEST_CASE_METHOD(scheduled, "ticks overlap where that is allowed") {
  const auto node = join_with(2);
  add("a", "every 10s at fixed rate", overlap_policy::allow);
  db->balance_schedules(node);
  for (int i = 0; i < 3; ++i) {
    pass_to_tick(node);
    CHECK(fire(node).runs.size() == 1);
  }
  CHECK(db->list_runs(10, {}).size() == 3);
}

TEST_CASE_METHOD(scheduled, "a fixed delay goes by the end of the last run") {
  const auto node = join_with(2);
  add("a", "every 10s");
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto first = fire(node).runs.at(0);
  pass_to_tick(node);  // while it runs
  CHECK(fire(node).runs.empty());
  pass(3 * second);
  stop(first);
  const auto ended = *run(first).ended_at;
  pass(8 * second);
  CHECK(fire(node).runs.empty());
  pass_to_tick(node);
  CHECK(*run(fire(node).runs.at(0)).tick == ended + 10 * second);
}

TEST_CASE_METHOD(scheduled, "the same work for the same tick is done once") {
  const auto node = join_with(2);
  new_schedule s;
  s.job = job.name;
  s.trigger = "every 10s at fixed rate";
  s.overlap = overlap_policy::allow;
  for (const char* name : {"a", "b"}) {
    s.name = name;
    db->add_schedule(s, false);
  }
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto fired = fire(node);
  CHECK(fired.runs.size() == 1);
  CHECK(fired.missed == 1);
  CHECK(schedule("a").missed + schedule("b").missed == 1);
  CHECK(events(event::ticks_missed).size() == 1);
}

TEST_CASE_METHOD(scheduled, "several that are due fire longest ago first, so many at a time") {
  const auto node = join_with(10);
  for (const char* name : {"a", "b", "c"}) add(name, "every 10s at fixed rate");
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto first = fire(node, 2);
  CHECK(first.runs.size() == 2);
  REQUIRE(first.tick_in);
  CHECK(*first.tick_in <= microseconds{0});
  CHECK(fire(node, 2).runs.size() == 1);
}

TEST_CASE_METHOD(scheduled, "a lost node's schedules go to others, with the tick it did not fire") {
  const auto node = join_with(2);
  add("a");
  db->balance_schedules(node);
  const auto other = join_with(2);
  db->balance_schedules(other);
  CHECK(owner("a") == node);  // no need to move it
  lose(node);
  CHECK_FALSE(owner("a"));
  CHECK_FALSE(beat(other).balanced);
  CHECK(db->balance_schedules(other) == 1);
  CHECK(owner("a") == other);
  CHECK(db->balance_schedules(node) == 0);
  const auto tick = *schedule("a").next_tick;
  pass_to_tick(other);
  CHECK(fire(node).runs.empty());
  CHECK(run(fire(other).runs.at(0)).tick == tick);
}

TEST_CASE_METHOD(scheduled, "schedules are shared evenly, and no node has more than its tokens") {
  const auto a = join_with(3);
  for (int i = 0; i < 7; ++i) add("s" + std::to_string(i));
  db->balance_schedules(a);
  CHECK(owned(a) == 3);
  const auto b = join_with(10);
  db->balance_schedules(a);
  CHECK(owned(a) == 3);
  CHECK(owned(b) == 4);
  const auto c = join_with(10);
  db->balance_schedules(c);
  CHECK(owned(b) + owned(c) + owned(a) == 7);
  CHECK(owned(c) >= 2);
  CHECK(db->leave(c));
  db->balance_schedules(b);
  CHECK(owned(b) == 4);
  CHECK(owned(a) == 3);
}

TEST_CASE_METHOD(scheduled, "four schedules, one to three tokens a node, one to four nodes") {
  const int tokens = GENERATE(1, 2, 3);
  for (const char* name : {"monitoring", "publisher", "trade", "price"}) add(name);
  std::vector<node_id> nodes;
  for (int count = 1; count <= 4; ++count) {
    nodes.push_back(join_with(tokens));
    db->balance_schedules(nodes.front());
    std::vector<std::size_t> shares;
    for (const auto node : nodes) shares.push_back(owned(node));
    const auto [least, most] = std::minmax_element(shares.begin(), shares.end());
    const auto all = std::accumulate(shares.begin(), shares.end(), std::size_t{0});
    CHECK(all == static_cast<std::size_t>(std::min(4, count * tokens)));
    CHECK(*most <= static_cast<std::size_t>(tokens));
    CHECK(*most - *least <= 1);
  }
  lose(nodes.back());
  db->balance_schedules(nodes.front());
  CHECK(owned(nodes.back()) == 0);
  const auto all = owned(nodes[0]) + owned(nodes[1]) + owned(nodes[2]);
  CHECK(all == static_cast<std::size_t>(std::min(4, 3 * tokens)));
}

TEST_CASE_METHOD(scheduled, "what a program declares is added, changed, and left to people") {
  std::vector<new_schedule> declared(2);
  declared[0].name = "a";
  declared[1].name = "b";
  for (auto& s : declared) {
    s.job = job.name;
    s.trigger = "@daily";
  }
  add("b");  // by hand
  CHECK(db->declare_schedules(declared) == 1);
  CHECK(schedule("a").declared);
  CHECK(schedule("b").what.trigger == "every 10s");
  CHECK(db->declare_schedules(declared) == 0);
  db->pause_schedule("a", "why not", "ann");
  declared[0].trigger = "@hourly";
  CHECK(db->declare_schedules(declared) == 1);
  CHECK(schedule("a").paused);
  CHECK(schedule("a").what.trigger == to_text(*parse_trigger("@hourly").value));
  CHECK(*schedule("a").next_tick <= schedule("a").created_at + std::chrono::hours{1});
  CHECK(events(event::schedule_changed).size() == 1);
}

TEST_CASE_METHOD(scheduled, "a node that is overdue keeps its schedules, and gets no more") {
  const auto a = join_with(5);
  const auto b = join_with(5);
  for (const char* name : {"a", "b"}) add(name);
  db->balance_schedules(a);
  pass_unreachable();
  beat(b);
  db->sweep(a, limits);
  add("c");
  db->balance_schedules(b);
  CHECK(owned(a) == 1);
  CHECK(owned(b) == 2);
}

TEST_CASE_METHOD(scheduled, "a paused schedule rests, with who and why, and goes on from now") {
  const auto node = join_with(2);
  add("a", "every 10s at fixed rate");
  db->balance_schedules(node);
  auto paused = db->pause_schedule("a", "the mainframe is away", "ann");
  REQUIRE(paused.paused);
  CHECK(paused.paused->by == "ann");
  CHECK(paused.paused->note == "the mainframe is away");
  CHECK_FALSE(paused.owner);
  db->balance_schedules(node);
  CHECK_FALSE(owner("a"));
  pass(35 * second);
  CHECK(fire(node).runs.empty());
  const auto resumed = db->resume_schedule("a", "bob");
  CHECK_FALSE(resumed.paused);
  CHECK(db->resume_schedule("a", "bob").next_tick == resumed.next_tick);
  db->balance_schedules(node);
  CHECK(owner("a") == node);
  CHECK(fire(node).runs.empty());  // what came while it was paused is over
  CHECK(schedule("a").missed == 0);
  CHECK(events(event::schedule_paused).size() == 1);
  CHECK(events(event::schedule_resumed).size() == 1);
}

TEST_CASE_METHOD(scheduled, "a tick can be run by hand, once") {
  const auto node = join_with(2);
  add("a", "every 10s at fixed rate", overlap_policy::allow);
  db->balance_schedules(node);
  pass_to_tick(node);
  const auto tick = *schedule("a").next_tick;
  const auto by_hand = db->run_schedule("a", tick, 3, "ann");
  CHECK(by_hand.tick == tick);
  CHECK(db->run_schedule("a", tick, 3, "ann").id == by_hand.id);
  CHECK(fire(node).runs.empty());
  CHECK(*schedule("a").next_tick > tick);
  const auto now = db->run_schedule("a", {}, 3, "ann");
  CHECK(now.id != by_hand.id);
  CHECK(schedule("a").last_run == now.id);
  CHECK(error_of([&] { db->run_schedule("a", *now.tick + std::chrono::hours{1}, 3); }) ==
        errc::bad_request);
}

TEST_CASE_METHOD(scheduled, "a run that continues one of a tick is of this tick") {
  const auto node = join_with(2);
  add("a");
  const auto first = db->run_schedule("a", {}, 1);
  stop(first.id);
  const auto again = db->restart(first.id, "again");
  CHECK(again.schedule == first.schedule);
  CHECK(again.tick == first.tick);
  db->balance_schedules(node);
  pass_to_tick(node);
  CHECK(fire(node).runs.empty());  // it is live
}

TEST_CASE_METHOD(scheduled, "a trigger that is none any more rests, and the log tells") {
  const auto node = join_with(2);
  add("a");
  db->balance_schedules(node);
  if (on->name() == "memory") return;
  tamper("UPDATE @schedule SET zone = 'Atlantis/Poseidonis'");
  pass_to_tick(node);
  CHECK(fire(node).runs.empty());
  CHECK_FALSE(schedule("a").next_tick);
  CHECK(events(event::trigger_unknown).size() == 1);
}
