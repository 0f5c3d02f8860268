#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

TEST_CASE_METHOD(contract, "partitions are kept as they were listed") {
  auto r = drive(join());
  auto id = begin(r, spec());
  const std::vector<new_partition> rows{{"a 'key'", "{ \"x\" : \"\\\\,{}\tü\" }"}, {"", "null"}};
  db->append_partitions(id, r.master, r.term, 0, rows);
  CHECK(partition(id, 0).key == rows[0].key);
  CHECK(partition(id, 0).input == rows[0].input);
  CHECK(partition(id, 1).key.empty());
  CHECK(partition(id, 1).state == partition_state::pending);
  CHECK(step(r, id).count == 2);
}

TEST_CASE_METHOD(contract, "appending twice is appending once") {
  auto r = drive(join());
  auto id = begin(r, spec());
  append(r, id, 0, 3);
  append(r, id, 0, 3);
  CHECK(step(r, id).count == 3);
  append(r, id, 3, 2);
  append(r, id, 3, 2);
  CHECK(step(r, id).count == 5);
  CHECK(db->list_partitions(id, -1, 10).size() == 5);
}

TEST_CASE_METHOD(contract, "partitions are numbered without gap or overlap") {
  auto r = drive(join());
  auto id = begin(r, spec());
  append(r, id, 0, 3);
  CHECK(error_of([&] { append(r, id, 4, 1); }) == errc::wrong_state);
  CHECK(error_of([&] { append(r, id, 2, 2); }) == errc::wrong_state);
  CHECK(error_of([&] { append(r, id, 0, 2); }) == errc::wrong_state);
  CHECK(step(r, id).count == 3);
}

TEST_CASE_METHOD(contract, "nothing is appended to a sealed step") {
  auto r = drive(join());
  auto id = split(r, 2);
  CHECK(error_of([&] { append(r, id, 2, 1); }) == errc::wrong_state);
  CHECK(step(r, id).count == 2);
}

TEST_CASE_METHOD(contract, "a listed split shows nothing to workers before it is sealed") {
  auto node = join();
  auto r = drive(node);
  auto id = begin(r, spec());
  append(r, id, 0, 3);
  CHECK(db->look(node).ready.empty());
  CHECK_FALSE(db->claim(node, id, 1, 1));
  seal(r, id, {{{0, 2}, {}, 0}});
  CHECK(db->look(node).ready.size() == 1);
  CHECK(step(r, id).sealed);
  auto told = events(event::split_sealed);
  REQUIRE(told.size() == 1);
  CHECK(told[0].run == r.run);
  CHECK(told[0].step == id);
}

TEST_CASE_METHOD(contract, "the last partitions go in with the seal, or not at all") {
  auto r = drive(join());
  const std::vector<new_partition> last{{"c", "2"}, {"d", "3"}};
  const std::vector<ready_range> all{{{0, 3}, {}, 0}};
  auto finish = [&](step_id id, partition_no first, const std::vector<ready_range>& ranges) {
    db->seal_split(id, r.master, r.term, first, last, ranges);
  };

  auto id = begin(r, spec());
  append(r, id, 0, 2);
  CHECK(error_of([&] { finish(id, 1, all); }) == errc::wrong_state);
  CHECK(error_of([&] { finish(id, 3, all); }) == errc::wrong_state);
  CHECK(error_of([&] { finish(id, 2, {{{0, 1}, {}, 0}}); }) == errc::bad_request);
  CHECK(step(r, id).count == 2);
  CHECK_FALSE(step(r, id).sealed);
  CHECK(db->list_partitions(id, -1, 10).size() == 2);
  finish(id, 2, all);
  finish(id, 2, all);  // a repeat
  CHECK(step(r, id).count == 4);
  CHECK(partition(id, 3).key == "d");
  CHECK(waiting(id) == all);
  CHECK(events(event::split_appended).size() == 2);

  auto stream = spec("stream", 1);
  stream.streamed = true;
  auto other = begin(r, stream);
  finish(other, 0, {});
  CHECK(step(r, other).sealed);
  CHECK(waiting(other) == std::vector<ready_range>{{{0, 1}, {}, 0}});
}

TEST_CASE_METHOD(contract, "sealing twice is sealing once") {
  auto r = drive(join());
  auto id = split(r, 4);
  seal(r, id, {{{0, 3}, {}, 0}});
  seal(r, id, {{{0, 1}, {}, 0}, {{2, 3}, {}, 0}});
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 3}, {}, 0}});
  CHECK(events(event::split_sealed).size() == 1);
}

TEST_CASE_METHOD(contract, "a range for a node that is not ACTIVE is sealed as shared") {
  auto here = join();
  auto r = drive(here);
  auto left = join();
  db->leave(left);
  auto draining = join();
  db->heartbeat(draining, 0, true, limits);
  auto id = begin(r, spec());
  append(r, id, 0, 8);
  seal(r, id,
       {{{0, 1}, here, 0}, {{2, 3}, left, 0}, {{4, 5}, draining, 0}, {{6, 7}, node_id{99}, 0}});
  CHECK(waiting(id) == std::vector<ready_range>{
                           {{0, 1}, here, 0}, {{2, 3}, {}, 0}, {{4, 5}, {}, 0}, {{6, 7}, {}, 0}});
}

TEST_CASE_METHOD(contract,
                 "streamed partitions are ready at once, those of one call as one range") {
  auto node = join();
  auto r = drive(node);
  auto s = spec();
  s.streamed = true;
  auto id = begin(r, s);
  append(r, id, 0, 3);
  append(r, id, 0, 3);
  CHECK(waiting(id) == std::vector<ready_range>{{{0, 2}, {}, 0}});
  auto grant = take(node, id);
  CHECK(grant.span == range{0, 2});
  complete_all(node, grant);
  CHECK(db->progress(id).open);
  append(r, id, 3, 2);
  seal(r, id);
  seal(r, id);
  CHECK(waiting(id) == std::vector<ready_range>{{{3, 4}, {}, 0}});
  complete_all(node, take(node, id));
  end(r, id, step_state::completed);
}

TEST_CASE_METHOD(contract, "a listed split that was cut off is split anew") {
  auto r = drive(join());
  auto id = begin(r, spec());
  append(r, id, 0, 5);
  db->reset_split(id, r.master, r.term);
  db->reset_split(id, r.master, r.term);
  CHECK(step(r, id).count == 0);
  CHECK(db->list_partitions(id, -1, 10).empty());
  CHECK(events(event::split_reset).at(0).step == id);
  append(r, id, 0, 2);
  seal(r, id, {{{0, 1}, {}, 0}});
  CHECK(step(r, id).count == 2);
}

TEST_CASE_METHOD(contract, "a split that is sealed or streamed is never reset") {
  auto r = drive(join());
  auto sealed = split(r, 2);
  auto s = spec("streamed", 1);
  s.streamed = true;
  auto streamed = begin(r, s);
  append(r, streamed, 0, 2);
  for (auto id : {sealed, streamed}) {
    CHECK(error_of([&] { db->reset_split(id, r.master, r.term); }));
    CHECK(step(r, id).count == 2);
    CHECK(db->list_partitions(id, -1, 10).size() == 2);
  }
}
