#include "batch/scaling.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <numeric>

#include "tests/batch/chunk_engine.hpp"

using namespace partita;
using namespace partita::test;

namespace {

/// 0 to count-1: multiples of 10 are malformed, of 7 filtered, of 11 refused by the processor, of
/// 13 by the database.
chunked<int> awkward(int count) {
  std::set<int> malformed;
  for (int i = 0; i < count; i += 10) malformed.insert(i);
  chunked<int> c{20};
  c.read([=](partition_context&) {
     return numbers{count, malformed};
   })
      .process([](int n) -> std::optional<int> {
        if (n % 11 == 0) throw data_error("eleven");
        if (n % 7 == 0) return std::nullopt;
        return n;
      })
      .write([](partition_context&) {
        return [](std::span<const int> some, sql_transaction& tx) {
          for (const int n : some) tx.execute("insert", n);
        };
      })
      .skip(on<data_error>(), at_most{1000});
  return c;
}

void refuse_thirteens(engine& e, int count) {
  for (int i = 0; i < count; i += 13) e.db.refused.insert(i);
}

struct told {
  std::int64_t item;
  std::string place, why;
  friend auto operator<=>(const told&, const told&) = default;
};
std::vector<told> told_of(const engine& e) {
  std::vector<told> all;
  for (const auto& s : e.skipped()) all.push_back({s.item, s.place, s.why});
  return all;
}

chunked_body body_of(chunked_body b) { return b; }

parameters no_parameters() { return parameters{json::object()}; }

partitioned scaled_step(scaling how) { return partitioned{"s"}.each(awkward(10)).scale(how); }

}  // namespace

TEST_CASE("threads make the same of all items as none, in the same order") {
  constexpr int count = 333;
  engine plain;
  refuse_thirteens(plain, count);
  const auto expected = plain.run(awkward(count));
  REQUIRE(expected.read == count);
  REQUIRE(expected.skipped > 50);
  for (const int threads : {1, 3, 8}) {
    CAPTURE(threads);
    engine e;
    refuse_thirteens(e, count);
    partition_context p{e.attempt()};
    body_of(awkward(count)).run_in_threads(p, threads);
    CHECK(p.counts() == expected);
    CHECK(e.db.rows == plain.db.rows);
    CHECK(told_of(e) == told_of(plain));
    CHECK(e.stored.size() == plain.stored.size());
  }
}

TEST_CASE("threads work at the same time, and ahead of the writer") {
  constexpr int threads = 4;
  std::mutex mutex;
  std::condition_variable changed;
  int inside = 0;
  std::atomic<int> written = 0;
  chunked<int> c{threads};
  c.read([](partition_context&) { return numbers{2 * threads}; })
      .process([&](int n) {
        std::unique_lock lock{mutex};
        ++inside;
        changed.notify_all();
        // The first chunk waits for all of its items; so does the second, before anything of the
        // first is written.
        changed.wait(lock, [&] { return inside >= (n < threads ? threads : 2 * threads); });
        return n;
      })
      .write([&](partition_context&) {
        return [&](std::span<const int> some) {
          std::unique_lock lock{mutex};
          changed.wait(lock, [&] { return inside == 2 * threads; });
          written += static_cast<int>(some.size());
        };
      });
  engine e;
  partition_context p{e.attempt()};
  body_of(c).run_in_threads(p, threads);
  CHECK(written == 2 * threads);
}

TEST_CASE("an attempt with threads goes on where the last one was stored") {
  constexpr int count = 200;
  engine e;
  int budget = 90;  // items that are processed before the node is lost
  std::mutex mutex;
  chunked<int> c{10};
  c.read([](partition_context&) { return numbers{count}; })
      .process([&](int n) {
        std::lock_guard lock{mutex};
        if (budget-- <= 0) throw lease_lost_error{};
        return n;
      })
      .write([](partition_context&) {
        return [](std::span<const int> some, sql_transaction& tx) {
          for (const int n : some) tx.execute("insert", n);
        };
      });
  const chunked_body body = c;
  int attempts = 0;
  for (bool done = false; !done; budget = 90) {
    ++attempts;
    partition_context p{e.attempt()};
    try {
      body.run_in_threads(p, 3);
      done = true;
    } catch (const lease_lost_error&) {
    }
  }
  CHECK(attempts > 2);
  std::vector<std::int64_t> all(count);
  std::iota(all.begin(), all.end(), 0);
  CHECK(e.db.rows == all);
}

TEST_CASE(
    "an item that may be tried again is, and one the policy does not know fails the attempt") {
  std::atomic<int> tries = 0;
  chunked<int> c{5};
  c.read([](partition_context&) { return numbers{20}; })
      .process([&](int n) {
        if (n == 7 && ++tries < 3) throw transient_error("not yet");
        if (n == 13) throw std::runtime_error("broken");
        return n;
      })
      .write([](partition_context&) { return [](std::span<const int>, sql_transaction&) {}; })
      .retry(on<transient_error>(), attempts{3}, backoff_of{milliseconds{0}});
  engine e;
  partition_context p{e.attempt()};
  CHECK_THROWS_WITH(body_of(c).run_in_threads(p, 2), "broken");
  CHECK(tries == 3);
  CHECK(e.stored.size() == 2);  // the chunks before it stand
}

TEST_CASE("items that are packed into partitions come out as they went in") {
  constexpr int count = 333;
  engine plain;
  refuse_thirteens(plain, count);
  const auto expected = plain.run(awkward(count));
  const chunked_body body = awkward(count);
  for (const int items : {1, 20, 50, 1000}) {
    CAPTURE(items);
    std::vector<partition> parts;
    partition_context reading{partition_setup{}};
    body.pack(reading, items, [&](partition one) { parts.push_back(std::move(one)); });
    CHECK(parts.size() == static_cast<std::size_t>((count + items - 1) / items));
    CHECK(parts.front().key == "items 1-" + std::to_string(std::min(items, count)));
    item_counts sum;
    std::vector<std::int64_t> rows;
    std::vector<std::pair<std::string, std::string>> let_go, once;
    for (const auto& part : parts) {
      engine e;
      refuse_thirteens(e, count);
      auto setup = e.attempt();
      setup.input = json::parse(part.input.dump());
      partition_context p{setup};
      body.run_packed(p);
      sum += p.counts();
      rows.insert(rows.end(), e.db.rows.begin(), e.db.rows.end());
      for (const auto& s : e.skipped()) let_go.emplace_back(s.place, s.why);
    }
    for (const auto& s : plain.skipped()) once.emplace_back(s.place, s.why);
    CHECK(sum == expected);
    CHECK(rows == plain.db.rows);
    CHECK(let_go == once);
  }
}

TEST_CASE("what cannot be stored as text is malformed, and an input that is no list fails") {
  std::vector<partition> parts;
  item_packer packer{10, [&](partition one) { parts.push_back(std::move(one)); }};
  packer.add("line 1", "\xff");
  packer.add("line \xff", 7);
  packer.finish();
  REQUIRE(parts.size() == 1);
  const auto input = json::parse(parts[0].input.dump());
  packed_items items{input};
  CHECK_THROWS_WITH(items.next(), "it holds a text that is not UTF-8");
  CHECK(items.where() == "line 1");
  CHECK(*items.next() == 7);
  CHECK(items.next() == nullptr);
  for (const auto* text : {"7", "[7]", "[[]]", "[[1,2]]", R"([["a",1,2,3]])"}) {
    const auto broken = json::parse(text);
    packed_items none{broken};
    CHECK_THROWS_AS(none.next(), permanent_error);
  }
}

TEST_CASE("a scaling that a step cannot have is refused with a sentence") {
  const auto given = no_parameters();
  CHECK(scaled_step(local_chunking{2}).scaled(given));
  CHECK(scaled_step(remote_chunking{5}).streams(given));
  CHECK_FALSE(scaled_step(remote_partitioning{}).streams(given));
  CHECK_THROWS_WITH(scaled_step(local_chunking{0}).scaled(given),
                    "step s is scaled by less than one");
  auto plain = partitioned{"s"}.each([](partition_context&) {}).scale(local_chunking{2});
  CHECK_THROWS_WITH(plain.scaled(given), "step s is scaled by chunks, and its body is not chunked");
  struct opaque {
    int value;
  };
  struct nothing {
    std::optional<opaque> next() { return std::nullopt; }
  };
  chunked<opaque> c{5};
  c.read([](partition_context&) { return nothing{}; }).write([](partition_context&) {
    return [](std::span<const opaque>) {};
  });
  CHECK_THROWS_WITH(partitioned{"s"}.each(c).scale(remote_chunking{5}).scaled(given),
                    Catch::StartsWith("step s cannot send its items to other nodes"));
  split_context many{given, {{node_id{1}, 2, 0}}, {}, {}, 3};
  CHECK_THROWS_WITH(scaled_step(local_partitioning{3}).slices(many),
                    "step s is scaled by slices, and has no split");
}

TEST_CASE("a split is told how many slices are wanted") {
  const auto given = no_parameters();
  const auto slices = [&](std::optional<scaling> how) {
    return split_context{given, {{node_id{1}, 2, 0}, {node_id{2}, 1, 0}}, {}, {}, slices_of(how)}
        .slices();
  };
  CHECK(slices(std::nullopt) == 12);
  CHECK(slices(remote_partitioning{}) == 12);
  CHECK(slices(remote_partitioning{5}) == 5);
  CHECK(slices(local_partitioning{3}) == 3);
  CHECK(slices(local_chunking{8}) == 1);
  CHECK(slices(remote_chunking{500}) == 1);
}
