#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "a submitted run is CREATED, without master, under term 0") {
  auto asked = launch("{\"year\":2024}");
  auto made = db->submit(asked);
  auto row = run(made.id);
  CHECK(row.job == job);
  CHECK(row.parameters == asked.parameters);
  CHECK(row.identity == asked.identity);
  CHECK(row.launch_key == asked.launch_key);
  CHECK(row.state == run_state::created);
  CHECK_FALSE(row.master);
  CHECK(row.term == term{0});
  CHECK(row.stop == stop_mode::none);
  CHECK_FALSE(row.restart_of);
  CHECK(row.result.empty());
  CHECK_FALSE(row.started_at);
  CHECK_FALSE(row.ended_at);
  CHECK(events(event::run_submitted).at(0).run == made.id);
}

TEST_CASE_METHOD(contract, "parameters come back byte for byte") {
  auto asked = launch();
  asked.parameters = "{ \"b\" : 1,\n\"a\": [1.0, \"\\u00e9 ü 𝄞\", null], \"b\":2 }";
  CHECK(run(db->submit(asked).id).parameters == asked.parameters);
}

TEST_CASE_METHOD(contract, "submitting the same launch key again finds the first run") {
  auto asked = launch("one");
  auto first = db->submit(asked);
  CHECK(db->submit(asked).id == first.id);
  asked.identity = "another";
  CHECK(db->submit(asked).identity == "one");
  CHECK(db->list_runs(10, {}).size() == 1);
  CHECK(events(event::run_submitted).size() == 1);
}

TEST_CASE_METHOD(contract, "a launch key finds its run after the run has ended") {
  auto asked = launch();
  auto first = db->submit(asked);
  db->request_stop(first.id, stop_mode::stop);
  auto again = db->submit(asked);
  CHECK(again.id == first.id);
  CHECK(again.state == run_state::stopped);
}

TEST_CASE_METHOD(contract, "a second live run with the same identity is refused by its number") {
  for (int i = 0; i < 11; ++i) db->submit(launch("filler " + std::to_string(i)));
  auto first = db->submit(launch("same"));
  auto refused = [&] { db->submit(launch("same")); };
  CHECK(error_of(refused) == errc::already_running);
  CHECK_THAT(sentence_of(refused), Catch::Contains(std::to_string(first.id.value)));
  CHECK(db->list_runs(100, {}).size() == 12);
  auto other = launch("same");
  other.job.name = "tax";
  CHECK_FALSE(error_of([&] { db->submit(other); }));
}

TEST_CASE_METHOD(contract, "an identity is taken while its run is RUNNING and free when it ended") {
  auto r = drive(join(), "same");
  CHECK(error_of([&] { db->submit(launch("same")); }) == errc::already_running);
  end(r, run_state::completed);
  CHECK_FALSE(error_of([&] { db->submit(launch("same")); }));
}

TEST_CASE_METHOD(contract, "runs are listed newest first, page by page") {
  std::vector<run_id> ids;
  for (int i = 0; i < 5; ++i) ids.push_back(db->submit(launch(std::to_string(i))).id);
  auto page = [&](int limit, run_id before) {
    std::vector<run_id> found;
    for (const auto& r : db->list_runs(limit, before)) found.push_back(r.id);
    return found;
  };
  CHECK(page(2, {}) == std::vector<run_id>{ids[4], ids[3]});
  CHECK(page(2, ids[3]) == std::vector<run_id>{ids[2], ids[1]});
  CHECK(page(9, ids[1]) == std::vector<run_id>{ids[0]});
  CHECK(page(9, ids[0]).empty());
  CHECK_FALSE(db->find_run(run_id{99}));
}

TEST_CASE_METHOD(contract, "a run that nobody drove yet is stopped at once") {
  auto made = db->submit(launch());
  auto row = db->request_stop(made.id, stop_mode::stop);
  CHECK(row.state == run_state::stopped);
  CHECK(row.ended_at);
  CHECK(run(made.id).state == run_state::stopped);
  CHECK(events(event::run_ended).at(0).run == made.id);
  CHECK_FALSE(db->adopt_run(made.id, join(), term{0}));
}

TEST_CASE_METHOD(contract, "NOW outranks STOP, never the other way") {
  auto r = drive(join());
  CHECK(db->request_stop(r.run, stop_mode::stop).stop == stop_mode::stop);
  CHECK(db->request_stop(r.run, stop_mode::stop).state == run_state::running);
  CHECK(db->request_stop(r.run, stop_mode::now).stop == stop_mode::now);
  CHECK(db->request_stop(r.run, stop_mode::stop).stop == stop_mode::now);
  CHECK(run(r.run).stop == stop_mode::now);
  CHECK(events(event::stop_requested).size() == 2);
}

TEST_CASE_METHOD(contract, "a masterless RUNNING run waits for a master to stop it") {
  auto node = join();
  auto r = drive(node);
  db->step_down(r.run, node, r.term);
  CHECK(db->request_stop(r.run, stop_mode::now).state == run_state::running);
}

TEST_CASE_METHOD(contract, "only a live run that exists can be asked to stop") {
  auto r = drive(join());
  end(r, run_state::failed);
  CHECK(error_of([&] { db->request_stop(r.run, stop_mode::stop); }) == errc::wrong_state);
  CHECK(error_of([&] { db->request_stop(run_id{99}, stop_mode::stop); }) == errc::not_found);
}

TEST_CASE_METHOD(contract, "a launch key does not answer a request for something else") {
  auto asked = launch("one");
  auto first = db->submit(asked);
  auto other = asked;
  other.parameters = "{\"year\":2025}";
  CHECK(error_of([&] { db->submit(other); }) == errc::launch_key_taken);
  CHECK_THAT(sentence_of([&] { db->submit(other); }),
             Catch::Contains("run " + std::to_string(first.id.value)));
  other = asked;
  other.job.name = "tax";
  CHECK(error_of([&] { db->submit(other); }) == errc::launch_key_taken);
  CHECK(db->list_runs(10, {}).size() == 1);
  CHECK(db->submit(asked).id == first.id);
}

TEST_CASE_METHOD(contract, "a launch key has 255 bytes at most") {
  auto asked = launch();
  asked.launch_key = std::string(256, 'x');
  CHECK(error_of([&] { db->submit(asked); }) == errc::bad_request);
  CHECK(error_of([&] { db->restart(run_id{1}, asked.launch_key); }) == errc::bad_request);
  asked.launch_key.pop_back();
  CHECK(run(db->submit(asked).id).launch_key == asked.launch_key);
}

TEST_CASE_METHOD(contract, "the launch key of a restart belongs to the continuation of that run") {
  auto stopped = [&](const std::string& identity) {
    auto made = db->submit(launch(identity));
    return db->request_stop(made.id, stop_mode::stop).id;
  };
  auto one = stopped("one"), two = stopped("two");
  auto again = db->restart(one, "again");
  CHECK(db->restart(one, "again").id == again.id);
  CHECK(error_of([&] { db->restart(two, "again"); }) == errc::launch_key_taken);
  CHECK(error_of([&] { db->restart(two, run(one).launch_key); }) == errc::launch_key_taken);
  auto asked = launch("one");
  asked.launch_key = "again";
  CHECK(error_of([&] { db->submit(asked); }) == errc::launch_key_taken);
  CHECK(db->list_runs(10, {}).size() == 3);
}
