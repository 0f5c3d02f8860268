#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "a node that joins is ACTIVE and listed as it described itself") {
  auto id = db->register_node({"alpha-1", "alpha", 17, 4, "0.1.0", {{"census", 1}, {"tax", 3}}});
  auto rows = db->list_nodes(false);
  REQUIRE(rows.size() == 1);
  const auto& n = rows.front();
  CHECK(n.id == id);
  CHECK(n.info.name == "alpha-1");
  CHECK(n.info.host == "alpha");
  CHECK(n.info.pid == 17);
  CHECK(n.info.slots == 4);
  CHECK(n.info.version == "0.1.0");
  CHECK(n.info.jobs == std::vector<job_ref>{{"census", 1}, {"tax", 3}});
  CHECK(n.state == node_state::active);
  CHECK(n.load == 0);
  CHECK(n.heartbeat_at == n.joined_at);
  CHECK_FALSE(n.left_at);
  CHECK(events(event::node_joined).at(0).node == id);
}

TEST_CASE_METHOD(contract, "joining again makes another incarnation") {
  CHECK(join("same") != join("same"));
  CHECK(db->list_nodes(false).size() == 2);
}

TEST_CASE_METHOD(contract, "a job of a node may have any characters in its name") {
  auto odd = job_ref{"a/b, {\"c\"} 'd' \\ ü", 12};
  auto id = db->register_node({"n", "h", 1, 1, "v", {odd, {"", 2}}});
  CHECK(node(id).info.jobs == std::vector<job_ref>{odd, {"", 2}});
  CHECK(db->live_nodes(odd).size() == 1);
}

TEST_CASE_METHOD(contract, "a heartbeat renews the node and tells what it runs") {
  auto id = join();
  auto before = node(id).heartbeat_at;
  pass(milliseconds{100});
  auto aged = node(id).heartbeat_at;
  db->heartbeat(id, 2, false, limits);
  CHECK(node(id).heartbeat_at > aged);
  CHECK(node(id).heartbeat_at > before);
  CHECK(node(id).load == 2);
  CHECK(node(id).state == node_state::active);
}

TEST_CASE_METHOD(contract,
                 "a heartbeat tells how many executors are stuck, and when they are not") {
  auto id = join();
  db->heartbeat(id, {2, 1}, false, limits);
  CHECK(node(id).load == node_load{2, 1});
  db->heartbeat(id, {2, 2}, false, std::nullopt);
  CHECK(node(id).load == node_load{2, 2});
  db->heartbeat(id, {1, 1}, true, limits);
  CHECK(node(id).load == node_load{1, 1});
  db->heartbeat(id, 0, true, limits);
  CHECK(node(id).load == 0);
}

TEST_CASE_METHOD(contract, "a heartbeat counts the ACTIVE nodes of the cluster") {
  auto a = join("a", 2);
  auto b = join("b", 3);
  auto c = join("c", 5);
  db->heartbeat(b, 3, false, limits);
  db->heartbeat(c, 1, true, limits);
  auto view = db->heartbeat(a, 1, false, limits);
  CHECK(view.nodes == 2);
  CHECK(view.slots == 5);
  CHECK(view.running == 4);
  CHECK(view.overdue.empty());
}

TEST_CASE_METHOD(contract, "a heartbeat that does not look at the nodes renews all the same") {
  auto a = join("a");
  auto b = join("b");
  pass_unreachable();
  auto before = node(a).heartbeat_at;
  auto view = db->heartbeat(a, 1, false, std::nullopt);
  CHECK(node(a).heartbeat_at > before);
  CHECK(node(a).load == 1);
  CHECK(view.nodes == 0);
  CHECK(view.overdue.empty());
  CHECK_FALSE(view.live_runs);
  db->submit(launch());
  CHECK(db->heartbeat(a, 1, false, std::nullopt).live_runs);
  CHECK(db->sweep(a, limits) == sweep_verdict::alive);
  db->leave(b);
  CHECK(error_of([&] { db->heartbeat(b, 0, false, std::nullopt); }) == errc::fenced);
}

TEST_CASE_METHOD(contract, "a heartbeat names the nodes that are overdue, never its own") {
  auto a = join("a");
  auto b = join("b");
  auto c = join("c");
  db->heartbeat(c, 0, true, limits);
  pass_unreachable();
  CHECK(db->heartbeat(a, 0, false, limits).overdue == std::vector<node_id>{b, c});
}

TEST_CASE_METHOD(contract, "an UNREACHABLE node is overdue again only when it is to be given up") {
  auto a = join("a");
  auto b = join("b");
  pass_unreachable();
  REQUIRE(db->sweep(b, limits) == sweep_verdict::unreachable);
  CHECK(db->heartbeat(a, 0, false, limits).overdue.empty());
  pass_unreachable();
  CHECK(db->heartbeat(a, 0, false, limits).overdue == std::vector<node_id>{b});
}

TEST_CASE_METHOD(contract, "nodes that are gone are not overdue") {
  auto a = join("a");
  auto b = join("b");
  auto c = join("c");
  db->leave(b);
  lose(c);
  pass_deregistered();
  auto view = db->heartbeat(a, 0, false, limits);
  CHECK(view.overdue.empty());
  CHECK(view.nodes == 1);
}

TEST_CASE_METHOD(contract, "a draining node says so, and its log entry is written once") {
  auto id = join();
  db->heartbeat(id, 1, true, limits);
  db->heartbeat(id, 0, true, limits);
  db->heartbeat(id, 0, false, limits);  // one that arrives late
  CHECK(node(id).state == node_state::draining);
  CHECK(events(event::node_draining).size() == 1);
}

TEST_CASE_METHOD(contract, "one good heartbeat brings an UNREACHABLE node back") {
  auto id = join();
  pass_unreachable();
  REQUIRE(db->sweep(id, limits) == sweep_verdict::unreachable);
  REQUIRE(node(id).state == node_state::unreachable);
  db->heartbeat(id, 0, false, limits);
  CHECK(node(id).state == node_state::active);
  CHECK(events(event::node_overdue).at(0).node == id);
  CHECK(events(event::node_recovered).at(0).node == id);
  CHECK(db->sweep(id, limits) == sweep_verdict::alive);
}

TEST_CASE_METHOD(contract, "an UNREACHABLE node that renews while it drains is DRAINING") {
  auto id = join();
  pass_unreachable();
  db->sweep(id, limits);
  db->heartbeat(id, 0, true, limits);
  CHECK(node(id).state == node_state::draining);
}

TEST_CASE_METHOD(contract, "a node that was given up, has left, or never was, is fenced") {
  auto lost = join("lost");
  auto left = join("left");
  db->leave(left);
  lose(lost);
  for (auto id : {lost, left, node_id{4711}, node_id{}})
    CHECK(error_of([&] { db->heartbeat(id, 0, false, limits); }) == errc::fenced);
  CHECK(node(lost).state == node_state::deregistered);
  CHECK(node(left).state == node_state::left);
}

TEST_CASE_METHOD(contract, "a sweep acquits a node that renewed in time") {
  auto id = join();
  pass_deregistered();
  db->heartbeat(id, 0, false, limits);
  CHECK(db->sweep(id, limits) == sweep_verdict::alive);
  CHECK(node(id).state == node_state::active);
}

TEST_CASE_METHOD(contract, "a DRAINING node that falls silent is UNREACHABLE too") {
  auto id = join();
  db->heartbeat(id, 0, true, limits);
  pass_unreachable();
  CHECK(db->sweep(id, limits) == sweep_verdict::unreachable);
  CHECK(node(id).state == node_state::unreachable);
}

TEST_CASE_METHOD(contract, "sweeping twice is sweeping once") {
  auto id = join();
  pass_unreachable();
  CHECK(db->sweep(id, limits) == sweep_verdict::unreachable);
  CHECK(db->sweep(id, limits) == sweep_verdict::unreachable);
  CHECK(events(event::node_overdue).size() == 1);
  pass_unreachable();
  CHECK(sweep_all(*db, id, limits) == sweep_verdict::deregistered);
  auto first = node(id);
  CHECK(db->sweep(id, limits) == sweep_verdict::deregistered);
  CHECK(events(event::node_deregistered).size() == 1);
  CHECK(node(id).left_at == first.left_at);
}

TEST_CASE_METHOD(contract, "the first sweep may find a node past both limits") {
  auto id = join();
  pass_deregistered();
  CHECK(db->sweep(id, limits) == sweep_verdict::condemned);
  CHECK(sweep_all(*db, id, limits) == sweep_verdict::deregistered);
  CHECK(node(id).state == node_state::deregistered);
  CHECK(node(id).left_at);
}

TEST_CASE_METHOD(contract,
                 "an absent node counts as deregistered, and a sweep of it does nothing") {
  CHECK(db->sweep(node_id{99}, limits) == sweep_verdict::deregistered);
  CHECK(db->list_events({}, 0, 10).empty());
}

TEST_CASE_METHOD(contract, "leaving twice is leaving once, and it is no news of a gone node") {
  auto id = join();
  auto lost = join();
  db->leave(id);
  auto first = node(id);
  db->leave(id);
  CHECK(first.state == node_state::left);
  CHECK(node(id).left_at == first.left_at);
  CHECK(events(event::node_left).size() == 1);
  lose(lost);
  db->leave(lost);
  CHECK(node(lost).state == node_state::deregistered);
  db->leave(node_id{99});
  CHECK(db->sweep(id, limits) == sweep_verdict::deregistered);
  CHECK(node(id).state == node_state::left);
}

TEST_CASE_METHOD(contract, "gone nodes are listed only on request, all by id") {
  auto a = join("a");
  auto b = join("b");
  auto c = join("c");
  db->leave(b);
  auto ids = [](const std::vector<node_row>& rows) {
    std::vector<node_id> all;
    for (const auto& row : rows) all.push_back(row.id);
    return all;
  };
  CHECK(ids(db->list_nodes(false)) == std::vector<node_id>{a, c});
  CHECK(ids(db->list_nodes(true)) == std::vector<node_id>{a, b, c});
}

TEST_CASE_METHOD(contract, "a split sees the ACTIVE nodes that know this version of the job") {
  auto a = join("a", 3);
  auto b = db->register_node({"b", "h", 1, 2, "v", {{"census", 2}, {"other", 1}}});
  auto c = join("c", 1);
  auto d = join("d", 1);
  db->heartbeat(a, 2, false, limits);
  db->heartbeat(c, 0, true, limits);
  db->leave(d);
  CHECK(db->live_nodes({"census", 1}) == std::vector<live_node>{{a, 3, 2}});
  CHECK(db->live_nodes({"census", 2}) == std::vector<live_node>{{b, 2, 0}});
  CHECK(db->live_nodes({"censu", 1}).empty());
}

TEST_CASE_METHOD(contract, "a heartbeat tells whether a run is live") {
  const auto a = join();
  const auto live = [&] { return db->heartbeat(a, 0, false, limits).live_runs; };
  CHECK_FALSE(live());
  const auto run = db->submit(launch()).id;
  CHECK(live());
  const auto driven = drive(a, "{\"other\":1}");
  db->request_stop(run, stop_mode::stop);
  CHECK(live());
  end(driven, run_state::completed);
  CHECK_FALSE(live());
}

TEST_CASE_METHOD(contract, "who listens is told of runs and of partitions, where one can listen") {
  const auto receiver = on->db().listen("test");
  if (!receiver) {
    CHECK(on->name() != "postgres");
    return;
  }
  const milliseconds moment{50}, enough{5'000};
  CHECK_FALSE(receiver->wait(moment));
  const auto a = join();
  CHECK_FALSE(receiver->wait(moment));
  const auto driven = drive(a);
  CHECK(receiver->wait(enough));
  CHECK_FALSE(receiver->wait(moment));
  split(driven, 3);
  CHECK(receiver->wait(enough));
  CHECK_FALSE(receiver->wait(moment));
  tamper("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test'");
  CHECK(error_of([&] {
          for (int i = 0; i < 100; ++i) receiver->wait(moment);
        }) == errc::unavailable);
}

TEST_CASE_METHOD(contract, "the catalogue holds what nodes told last of each job and version") {
  CHECK(db->list_known_jobs().empty());
  auto tell = [&](std::vector<job_description> jobs) {
    node_info info;
    info.name = "node";
    info.catalogue = std::move(jobs);
    for (const auto& described : info.catalogue) info.jobs.push_back(described.job);
    return db->register_node(info);
  };
  tell({{{"census", 1}, R"({"about":"counts"})"}, {{"audit", 1}, "{}"}});
  const auto first = db->list_known_jobs();
  REQUIRE(first.size() == 2);
  CHECK(first[0].latest.job == job_ref{"audit", 1});
  CHECK(first[1].latest.description == R"({"about":"counts"})");
  CHECK(first[1].first_seen == first[1].last_seen);

  pass(milliseconds{1000});
  tell({{{"census", 2}, "{}"}, {{"census", 1}, R"({"about":"counts all"})"}});
  const auto second = db->list_known_jobs();
  REQUIRE(second.size() == 3);
  CHECK(second[0].latest.job == job_ref{"audit", 1});
  CHECK(second[1].latest.job == job_ref{"census", 1});
  CHECK(second[1].latest.description == R"({"about":"counts all"})");
  CHECK(second[1].first_seen == first[1].first_seen);
  CHECK(second[1].last_seen > first[1].last_seen);
  CHECK(second[2].latest.job == job_ref{"census", 2});
  CHECK(error_of([&] { tell({{{"census", 1}, std::string("a\0b", 3)}}); }) == errc::bad_request);
}

TEST_CASE_METHOD(contract, "a node with other timers than a living one is refused") {
  auto info = [&](milliseconds unreachable, milliseconds deregister) {
    node_info n{"node", "host", 4711, 2, "0.1.0", {job}};
    n.unreachable_after = unreachable;
    n.deregister_after = deregister;
    return n;
  };
  const auto slow = info(milliseconds{4000}, milliseconds{8000});
  const auto fast = info(milliseconds{800}, milliseconds{1600});
  auto first = db->register_node(fast);
  CHECK(node(first).info.deregister_after == milliseconds{1600});
  auto join_slow = [&] { db->register_node(slow); };
  CHECK(error_of(join_slow) == errc::wrong_state);
  CHECK_THAT(sentence_of(join_slow), Catch::Contains("node " + std::to_string(first.value)) &&
                                         Catch::Contains("1600 ms") && Catch::Contains("--fast"));
  CHECK(db->list_nodes(true).size() == 1);
  db->register_node(fast);
  join();  // a program that tells none
  // Nodes that are silent for long enough, by their own timers, are gone.
  pass(milliseconds{1700});
  CHECK_FALSE(error_of(join_slow));
}

TEST_CASE_METHOD(contract, "nodes are counted as they are shown, without those that left") {
  const auto a = join("a"), b = join("b"), c = join("c");
  join("silent");
  db->leave(c, 1'000);
  pass_unreachable();
  db->heartbeat(a, {0, 0}, false, std::nullopt);
  db->heartbeat(b, {0, 0}, true, std::nullopt);
  const std::map<node_state, std::int64_t> counts{
      {node_state::active, 1}, {node_state::draining, 1}, {node_state::unreachable, 1}};
  CHECK(db->count_nodes() == counts);
}

TEST_CASE_METHOD(contract, "a listing tells how long a node is silent") {
  auto id = join();
  CHECK(node(id).silence < milliseconds{1000});
  pass(milliseconds{5000});
  CHECK(node(id).silence >= milliseconds{5000});
  CHECK(node(id).silence < milliseconds{8000});
}

TEST_CASE_METHOD(contract, "a node that is asked to drain is DRAINING, and learns it") {
  auto a = join("a");
  auto r = drive(join("b"));
  auto id = split(r, 2);
  CHECK_FALSE(db->heartbeat(a, 0, false, limits).draining);
  pass(milliseconds{100});
  const auto renewed = node(a).heartbeat_at;
  db->request_drain(a);
  CHECK(node(a).state == node_state::draining);
  CHECK(node(a).heartbeat_at == renewed);  // it was the user who spoke, not the node
  CHECK_FALSE(db->claim(a, id, 1, 1));
  db->request_drain(a);
  CHECK(events(event::node_draining).size() == 1);
  CHECK(db->heartbeat(a, 0, false, limits).draining);
  CHECK(db->heartbeat(a, 0, false, {}).draining);
  CHECK(node(a).state == node_state::draining);
  CHECK(events(event::node_draining).size() == 1);
}

TEST_CASE_METHOD(contract, "only a node that is at work can be asked to drain") {
  auto id = join();
  CHECK(error_of([&] { db->request_drain(node_id{99}); }) == errc::not_found);
  lose(id);
  CHECK(error_of([&] { db->request_drain(id); }) == errc::wrong_state);
  auto left = join();
  while (!db->leave(left)) continue;
  CHECK(error_of([&] { db->request_drain(left); }) == errc::wrong_state);
}
