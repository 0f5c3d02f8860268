#include <catch2/catch.hpp>

#include <algorithm>
#include <atomic>
#include <set>

#include "tests/batch/chunk_engine.hpp"

using namespace partita;
using test::engine;
using test::numbers;

namespace {

auto insert = [](partition_context&) {
  return [](std::span<const int> items, sql_transaction& tx) {
    for (const int i : items) tx.execute("INSERT", i);
  };
};

chunked<int> copy(int count, int size, std::set<int> malformed = {}) {
  chunked<int> c{size};
  c.read([=](partition_context&) { return numbers{count, malformed}; }).write(insert);
  return c;
}

std::vector<std::int64_t> upto(std::int64_t count, const std::set<std::int64_t>& without = {}) {
  std::vector<std::int64_t> all;
  for (std::int64_t i = 0; i < count; ++i)
    if (!without.contains(i)) all.push_back(i);
  return all;
}

}  // namespace

TEST_CASE("items are stored a chunk at a time, the last one shorter") {
  engine e;
  CHECK(e.run(copy(7, 3)) == item_counts{7, 7, 0, 0});
  CHECK(e.db.rows == upto(7));
  REQUIRE(e.stored.size() == 3);
  CHECK(e.stored[1].from == 3);
  CHECK(e.stored[1].to.counts.read == 6);
  CHECK(e.stored[2].to.position == "7");
}

TEST_CASE("without items nothing is stored") {
  engine e;
  CHECK(e.run(copy(0, 3)) == item_counts{});
  CHECK(e.stored.empty());
  CHECK(e.run(copy(6, 3)) == item_counts{6, 6, 0, 0});
  CHECK(e.stored.size() == 2);  // no empty chunk behind the last
}

TEST_CASE("an attempt goes on behind the last chunk that is stored, from any of them") {
  for (int fails_at = 0; fails_at < 11; ++fails_at) {
    engine e;
    auto job = copy(10, 3);
    bool failed = false;
    job.process([&](int n) {
      if (n == fails_at && !std::exchange(failed, true)) throw std::runtime_error("once");
      return n;
    });
    if (fails_at < 10) CHECK_THROWS_WITH(e.run(job), "once");
    CHECK(e.run(job) == item_counts{10, 10, 0, 0});
    CHECK(e.db.rows == upto(10));
  }
}

TEST_CASE("a reader that cannot seek reads again what was read, and that is dropped") {
  engine e;
  bool failed = false;
  chunked<int> job{2};
  job.read([](partition_context&) {
       struct plain {
         numbers all{9, {1, 4}};
         std::optional<int> next() { return all.next(); }
       };
       return plain{};
     })
      .process([&](int n) {
        if (n == 6 && !std::exchange(failed, true)) throw std::runtime_error("once");
        return n;
      })
      .skip(on<data_error>(), at_most{2})
      .write(insert);
  CHECK_THROWS_WITH(e.run(job), "once");
  CHECK(e.run(job) == item_counts{9, 7, 0, 2});
  CHECK(e.db.rows == upto(9, {1, 4}));
}

TEST_CASE("a processor filters and changes the type") {
  engine e;
  chunked<int, std::string> job{4};
  std::vector<std::string> written;
  job.read([](partition_context&) { return numbers{6}; })
      .process([](int n, const item& where) -> std::optional<std::string> {
        if (n % 2 == 1) return std::nullopt;
        return std::to_string(n) + "@" + std::to_string(where.ordinal) + "/" + where.where();
      })
      .write([&](partition_context&) {
        return [&](std::span<const std::string> items) {
          written.insert(written.end(), items.begin(), items.end());
        };
      });
  CHECK(e.run(job) == item_counts{6, 3, 3, 0});
  CHECK(written == std::vector<std::string>{"0@0/line 1", "2@2/line 3", "4@4/line 5"});
}

TEST_CASE("items that cannot be read, processed or written are let go, each with its place") {
  engine e;
  e.db.refused = {5, 8};
  auto job = copy(12, 4, {2});
  job.process([](int n) {
       if (n == 6) throw data_error("six");
       return n;
     })
      .skip(on<data_error>(), at_most{4});
  CHECK(e.run(job) == item_counts{12, 8, 0, 4});
  CHECK(e.db.rows == upto(12, {2, 5, 6, 8}));
  CHECK(e.skipped() == std::vector<skipped_item>{
                           {2, skip_stage::read, "line 3", "no number"},
                           {5, skip_stage::write, "line 6", "refused"},
                           {6, skip_stage::process, "line 7", "six"},
                           {8, skip_stage::write, "line 9", "refused"},
                       });
}

TEST_CASE("one item too many fails the partition, and says which; what is stored stays") {
  engine e;
  auto job = copy(10, 2, {1, 4, 7});
  job.skip(on<data_error>(), at_most{2});
  CHECK_THROWS_WITH(e.run(job), Catch::Contains("more than 2 items") && Catch::Contains("line 8"));
  CHECK_THROWS_AS(e.run(job), permanent_error);  // the limit holds over attempts
  CHECK(e.stored.back().to.counts == item_counts{6, 4, 0, 2});
}

TEST_CASE("what no policy names fails the attempt, and nothing of its chunk is stored") {
  engine e;
  e.db.refused = {4};
  auto job = copy(6, 3);
  CHECK_THROWS_AS(e.run(job), constraint_error);
  job.skip(on<transient_error>(), at_most{9});
  CHECK_THROWS_AS(e.run(job), constraint_error);
  CHECK(e.db.rows == upto(3));
}

TEST_CASE("an item is processed again as often as the policy says, with the item as it was") {
  engine e;
  int tries = 0;
  auto job = copy(3, 3);
  job.process([&](int n) {
       if (n == 1 && ++tries < 3) throw transient_error("busy");
       return n;
     })
      .retry(on<transient_error>(), attempts{3}, backoff_of{milliseconds{0}});
  CHECK(e.run(job) == item_counts{3, 3, 0, 0});
  CHECK(tries == 3);
  tries = -7;
  CHECK_THROWS_AS(engine{}.run(job), transient_error);
}

TEST_CASE("a chunk is written again as often as the policy says, then item by item") {
  engine e;
  int calls = 0;
  chunked<int> job{4};
  job.read([](partition_context&) { return numbers{4}; })
      .write([&](partition_context&) {
        return [&](std::span<const int> items, sql_transaction& tx) {
          for (const int i : items) tx.execute("INSERT", i);
          ++calls;
          if (items.size() > 1 || items[0] == 2) throw transient_error("busy");
        };
      })
      .retry(on<transient_error>(), attempts{3}, backoff_of{milliseconds{0}})
      .skip(on<transient_error>(), at_most{1});
  CHECK(e.run(job) == item_counts{4, 3, 0, 1});
  CHECK(calls == 3 + 4);
  CHECK(e.db.rows == upto(4, {2}));
}

TEST_CASE("a transaction that lost a race is done again, and its accounts with it") {
  engine e;
  e.losses = 2;
  e.db.refused = {1};
  auto job = copy(4, 2);
  job.skip(on<data_error>(), at_most{1});
  CHECK(e.run(job) == item_counts{4, 3, 0, 1});
  CHECK(e.skipped().size() == 1);
  CHECK(e.db.rows == upto(4, {1}));
}

TEST_CASE("a stop stores what the chunk has, and the next attempt goes on behind it") {
  engine e;
  auto job = copy(10, 4);
  job.process([&](int n) {
    if (n == 5) e.stop.request_stop();
    return n;
  });
  CHECK_THROWS_AS(e.run(job), stop_requested_error);
  CHECK(e.db.rows == upto(6));
  e.stop = {};
  CHECK(e.run(copy(10, 4)) == item_counts{10, 10, 0, 0});
  CHECK(e.db.rows == upto(10));
}

TEST_CASE("no policy holds up a lost lease, a stop or a database that is away") {
  engine e;
  auto job = copy(3, 1);
  job.skip(on<std::exception>(), at_most{100}).retry(on<std::exception>(), attempts{100});
  job.process([](int n) {
    if (n == 1) throw lease_lost_error{};
    return n;
  });
  CHECK_THROWS_AS(e.run(job), lease_lost_error);
  job.process([](int n) {
    if (n == 1) throw store_error(errc::unavailable, "away");
    return n;
  });
  CHECK_THROWS_AS(e.run(job), store_error);
  CHECK(e.skipped().empty());
}

TEST_CASE("a chunked step that cannot work is refused when it is defined") {
  CHECK_THROWS_AS(
      chunked_body(
          chunked<int>{0}.read([](partition_context&) { return numbers{1}; }).write(insert)),
      definition_error);
  CHECK_THROWS_AS(chunked_body(chunked<int>{1}.write(insert)), definition_error);
  CHECK_THROWS_AS(chunked_body(chunked<int>{1}.read([](partition_context&) { return numbers{1}; })),
                  definition_error);
}

TEST_CASE("output files need a writer that can go on") {
  engine e;
  chunked<int> job{4};
  job.read([](partition_context&) { return numbers{6}; }).write([](partition_context& p) {
    p.output_file("/tmp/{}.txt");
    return [](std::span<const int>) {};
  });
  CHECK_THROWS_AS(e.run(job), definition_error);
  CHECK(e.stored.empty());
}

TEST_CASE("an item that is let go leaves something in its place, which does not count as written") {
  engine e;
  const bool in_threads = GENERATE(false, true);
  const int refused = GENERATE(-1, 1, -4);  // none, a good one, what stands for a bad one
  if (refused != -1) e.db.refused = {refused};
  chunked_body body = chunked<int>{3}
                          .read([](partition_context&) { return numbers{8}; })
                          .process([](int n) {
                            if (n % 2 == 0 && n > 0) throw data_error_with<int>("even", -n);
                            return n;
                          })
                          .write([](partition_context&) {
                            return [](std::span<const int> all, sql_transaction& tx) {
                              for (const auto n : all) tx.execute("INSERT", n);
                            };
                          })
                          .skip(on<data_error>(), at_most{10});
  partition_context p{e.attempt()};
  if (in_threads)
    body.run_in_threads(p, 2);
  else
    body.run(p);
  std::vector<std::int64_t> rows{0, 1, -2, 3, -4, 5, -6, 7};
  std::erase(rows, refused);
  CHECK(e.db.rows == rows);
  const std::int64_t more = refused == 1 ? 1 : 0;
  CHECK(p.counts() == item_counts{8, 5 - more, 0, 3 + more});
  const auto skipped = e.skipped();
  REQUIRE(skipped.size() == static_cast<std::size_t>(3 + more));
  CHECK(skipped.back() == skipped_item{6, skip_stage::process, "line 7", "even"});
}

TEST_CASE("where no policy lets an item go, nothing is written in its place") {
  engine e;
  chunked_body body = chunked<int>{3}
                          .read([](partition_context&) { return numbers{8}; })
                          .process([](int n) -> int { throw data_error_with<int>("bad", -n); })
                          .write([](partition_context&) {
                            return [](std::span<const int> all, sql_transaction& tx) {
                              for (const auto n : all) tx.execute("INSERT", n);
                            };
                          });
  CHECK_THROWS_WITH(e.run(body), "line 1: bad");
  CHECK(e.db.rows.empty());
}

TEST_CASE("a plain body's transaction carries its position and its counts") {
  engine e;
  partition_context p{e.attempt()};
  p.counts().read = 2;
  p.transaction(json{{"row", 2}}, [](sql_transaction& tx) { tx.execute("INSERT", 1); });
  p.counts().read = 5;
  p.transaction(json{{"row", 5}}, [](sql_transaction& tx) { tx.execute("INSERT", 2); });
  REQUIRE(e.stored.size() == 2);
  CHECK(e.stored[1].from == 2);
  CHECK(e.stored[1].to.position == R"({"row":5})");
  CHECK(e.db.rows == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("inside a transaction a body reads and writes with that only") {
  engine e;
  partition_context p{e.attempt()};
  const auto inside = [&](const std::function<void()>& call) {
    p.transaction(json(1), [&](sql_transaction&) { call(); });
  };
  CHECK_THROWS_AS(inside([&] { p.query("SELECT 1"); }), definition_error);
  CHECK_THROWS_AS(inside([&] { p.checkpoint(json(2)); }), definition_error);
  CHECK_THROWS_AS(inside([&] { inside([] {}); }), definition_error);
  CHECK(e.stored.empty());
  CHECK_NOTHROW(p.query("SELECT 1"));
  inside([] {});
  CHECK(e.stored.size() == 1);
}

TEST_CASE("after a chunk whose end is not known a body stores nothing more, whatever it catches") {
  engine e;
  auto setup = e.attempt();
  int calls = 0;
  setup.commit_chunk = [&](const chunk&, const author_work&) -> chunk {
    ++calls;
    throw store_error(errc::unavailable, "away");
  };
  partition_context p{setup};
  const auto store = [&] { p.transaction(json(1), [](sql_transaction&) {}); };
  CHECK_THROWS_AS(store(), store_error);
  CHECK_THROWS_AS(store(), store_error);
  CHECK(calls == 1);
}

TEST_CASE("items that cannot be copied are not processed again") {
  struct single {
    std::unique_ptr<int> n;
  };
  struct source {
    std::optional<single> next() { return std::nullopt; }
  };
  chunked<single> c{1};
  c.read([](partition_context&) { return source{}; })
      .process([](single s) { return s; })
      .write([](partition_context&) { return [](std::span<const single>) {}; });
  CHECK_NOTHROW(chunked_body(c));
  c.retry(on<transient_error>(), attempts{2});
  CHECK_THROWS_AS(chunked_body(c), definition_error);
}

namespace {

/// A service that takes all numbers but some, and tells which.
struct choosy_service {
  std::set<int> refuses;
  std::vector<int>* taken;

  std::vector<refused_item> operator()(std::span<const int> items) const {
    std::vector<refused_item> refused;
    for (std::size_t i = 0; i < items.size(); ++i)
      if (refuses.contains(items[i]))
        refused.push_back({i, "no " + std::to_string(items[i])});
      else
        taken->push_back(items[i]);
    return refused;
  }
};

chunked<int> copy_to(choosy_service service) {
  chunked<int> c{4};
  c.read([](partition_context&) {
     return numbers{10, {5}};
   }).write([=](partition_context&) { return service; });
  return c;
}

}  // namespace

TEST_CASE("items that a writer was refused are let go, and the others stay written") {
  engine e;
  std::vector<int> taken;
  auto job = copy_to({{1, 6, 7, 9}, &taken});
  job.skip(on<data_error>(), at_most{5});
  CHECK(e.run(job) == item_counts{10, 5, 0, 5});
  CHECK(taken == std::vector<int>{0, 2, 3, 4, 8});  // each once
  const auto skipped = e.skipped();
  REQUIRE(skipped.size() == 5);
  CHECK(skipped[0] == skipped_item{1, skip_stage::write, "line 2", "no 1"});
  CHECK(skipped[1].stage == skip_stage::read);
  CHECK(skipped[3] == skipped_item{7, skip_stage::write, "line 8", "no 7"});
}

TEST_CASE("a refused item fails the partition where no policy lets it go, and names it") {
  engine e;
  std::vector<int> taken;
  auto job = copy_to({{2}, &taken});
  CHECK_THROWS_WITH(e.run(job), "line 3: no 2");
  CHECK(taken == std::vector<int>{0, 1, 3});  // not one by one again
  job.skip(on<data_error>(), at_most{0});
  CHECK_THROWS_WITH(e.run(job), Catch::Contains("more than 0 items") && Catch::Contains("no 2"));
  CHECK(e.stored.empty());
}

TEST_CASE("a writer is refused only what it was given, in order") {
  for (const auto& wrong : {std::vector<refused_item>{{4, ""}}, {{1, ""}, {1, ""}}}) {
    engine e;
    chunked<int> job{4};
    job.read([](partition_context&) { return numbers{4}; })
        .write([=](partition_context&) { return [=](std::span<const int>) { return wrong; }; })
        .skip(on<data_error>(), at_most{9});
    CHECK_THROWS_AS(e.run(job), definition_error);
  }
}

namespace {

/// An attempt in a run that tries these items again, of ten of which so many were written.
partition_setup again(engine& e, const std::vector<std::int64_t>& items, std::int64_t written) {
  auto setup = e.attempt();
  const auto filtered = 10 - written - std::ssize(items);
  auto placed = json::array();
  for (const auto i : items) placed.push_back({i, "line " + std::to_string(i + 1)});
  if (!setup.resume)
    setup.resume = checkpoint{1,
                              json{{"partita_repeat",
                                    {{"run", 7},
                                     {"read", 10},
                                     {"written", written},
                                     {"filtered", filtered},
                                     {"items", placed}}}}
                                  .dump(),
                              {}};
  auto commit = setup.commit_chunk;
  setup.commit_chunk = [&e, commit](chunk c, const author_work& write) {
    --c.to.seq;  // behind the checkpoint that `restart` made
    auto stored = commit(c, write);
    ++e.stored.back().to.seq;
    return stored;
  };
  return setup;
}

}  // namespace

TEST_CASE("skipped items are tried again, and no others") {
  for (const std::vector<std::int64_t>& items :
       {std::vector<std::int64_t>{1, 4, 5}, {0}, {9}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}}) {
    for (const int size : {1, 3, 10, 100}) {
      engine e;
      std::vector<int> processed;
      auto job = copy(10, size);
      job.process([&](int n) { return processed.push_back(n), n; });
      const auto before = 9 - std::min<std::int64_t>(std::ssize(items), 9);
      partition_context p{again(e, items, before)};
      const chunked_body body = job;
      body.run(p);
      CHECK(e.db.rows == items);
      CHECK(processed == std::vector<int>(items.begin(), items.end()));
      const auto filtered = 10 - before - std::ssize(items);
      CHECK(p.counts() == item_counts{10, before + std::ssize(items), filtered, 0});
    }
  }
}

TEST_CASE("what is tried again may fail again, and may be let go again") {
  engine e;
  e.db.refused = {4};
  auto job = copy(10, 4, {1, 8});  // item 8 was written before: nobody looks at it any more
  job.skip(on<data_error>(), at_most{2});
  partition_context p{again(e, {1, 4, 5}, 7)};
  const chunked_body body = job;
  body.run(p);
  CHECK(e.db.rows == std::vector<std::int64_t>{5});
  CHECK(p.counts() == item_counts{10, 8, 0, 2});
  const auto skipped = e.skipped();
  REQUIRE(skipped.size() == 2);
  CHECK(skipped[0].item == 1);
  CHECK(skipped[1].item == 4);
}

TEST_CASE("an attempt to try items again goes on where the one before was") {
  for (int fails_at = 0; fails_at < 10; ++fails_at) {
    engine e;
    bool failed = false;
    auto job = copy(10, 2);
    job.process([&](int n) {
      if (n == fails_at && !std::exchange(failed, true)) throw std::runtime_error("once");
      return n;
    });
    const chunked_body body = job;
    const std::vector<std::int64_t> items{1, 4, 5, 9};
    const auto attempt = [&] {
      // A checkpoint of the engine is that of its last chunk.
      partition_context p{again(e, items, 6)};
      body.run(p);
      return p.counts();
    };
    if (std::find(items.begin(), items.end(), fails_at) != items.end())
      CHECK_THROWS_WITH(attempt(), "once");
    CHECK(attempt() == item_counts{10, 10, 0, 0});
    CHECK(e.db.rows == items);
  }
}

TEST_CASE("an item that comes from elsewhere than before is not tried again") {
  engine e;
  auto setup = again(e, {2, 5}, 8);
  auto position = json::parse(setup.resume->position);
  position["partita_repeat"]["items"][1][1] = "line 7";  // one before it was removed
  setup.resume->position = position.dump();
  partition_context p{std::move(setup)};
  const chunked_body body = copy(10, 2);
  CHECK_THROWS_WITH(body.run(p), Catch::Contains("item 5 was line 7") &&
                                     Catch::Contains("is line 6 now: the source has changed"));
  CHECK(e.db.rows == std::vector<std::int64_t>{2});
}

TEST_CASE("threads leave alone what was done") {
  engine e;
  std::atomic<int> processed = 0;
  auto job = copy(10, 3);
  job.process([&](int n) { return ++processed, n; });
  partition_context p{again(e, {2, 3, 8}, 7)};
  const chunked_body body = job;
  body.run_in_threads(p, 2);
  CHECK(e.db.rows == std::vector<std::int64_t>{2, 3, 8});
  CHECK(processed == 3);
  CHECK(p.counts() == item_counts{10, 10, 0, 0});
}

TEST_CASE("items that are tried again must be there, and their work has keys of its own") {
  engine e;
  partition_context p{again(e, {2}, 9)};
  CHECK(p.idempotency_key() == "1::0:by-7:1");
  CHECK_FALSE(p.resume_position());
  const chunked_body fewer = copy(9, 3);
  CHECK_THROWS_WITH(fewer.run(p), Catch::Contains("fewer items than before"));
}
