#include <catch2/catch.hpp>

#include "tests/batch/chunk_engine.hpp"

// What went wrong in another engine's chunks: github.com/spring-projects/spring-batch, by the
// number of the issue. (#5158, an aggregator that gets nothing after a restart, is in
// tests/actors/master_test.cpp.)

using namespace partita;
using test::engine;
using test::numbers;

namespace {

chunked<int> copy(int count, int size, std::set<int> malformed = {}) {
  chunked<int> c{size};
  c.read([=](partition_context&) {
     return numbers{count, malformed};
   }).write([](partition_context&) {
    return [](std::span<const int> items, sql_transaction& tx) {
      for (const int i : items) tx.execute("INSERT", i);
    };
  });
  return c;
}

using rows = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("5182: the position of a chunk that failed is not stored, so no item is lost") {
  engine e;
  e.db.refused = {4};
  CHECK_THROWS_AS(e.run(copy(6, 3)), constraint_error);
  REQUIRE(e.stored.size() == 1);
  CHECK(e.stored.back().to.position == "3");
  e.db.refused.clear();
  CHECK(e.run(copy(6, 3)) == item_counts{6, 6, 0, 0});
  CHECK(e.db.rows == rows{0, 1, 2, 3, 4, 5});
}

TEST_CASE("4370: two bad items in a row are both let go, and only they") {
  engine e;
  e.db.refused = {1, 2};
  auto job = copy(4, 4);
  job.retry(on<constraint_error>(), attempts{2}, backoff_of{milliseconds{0}})
      .skip(on<constraint_error>(), at_most{2});
  CHECK(e.run(job) == item_counts{4, 2, 0, 2});
  CHECK(e.db.rows == rows{0, 3});
}

TEST_CASE("5084: an item that cannot be read does not end its chunk") {
  engine e;
  auto job = copy(3, 3, {1});
  job.skip(on<data_error>(), at_most{1});
  CHECK(e.run(job) == item_counts{3, 2, 0, 1});
  CHECK(e.stored.size() == 1);
  CHECK(e.db.rows == rows{0, 2});
}

TEST_CASE("5077: when the tries are used up and no policy lets the item go, the attempt fails") {
  engine e;
  auto job = copy(3, 3);
  job.process([](int n) {
       if (n == 1) throw transient_error("busy");
       return n;
     })
      .retry(on<transient_error>(), attempts{2}, backoff_of{milliseconds{0}})
      .skip(on<constraint_error>(), at_most{9});
  CHECK_THROWS_AS(e.run(job), transient_error);
  CHECK(e.stored.empty());
  CHECK(e.db.rows.empty());
}
