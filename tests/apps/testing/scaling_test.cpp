#include <catch2/catch.hpp>

#include <cstdlib>

#include "apps/testing/cluster.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/sql.hpp"

using namespace partita;
using namespace std::chrono_literals;
using test::after_commits;
using test::cluster;

namespace {

constexpr std::int64_t items = 60;
const std::vector<std::string> strategies{"local_chunking", "local_partitioning", "remote_chunking",
                                          "remote_partitioning"};

scaling chosen(const parameters& given) {
  const auto how = given.get<std::string>("strategy");
  if (how == strategies[0]) return local_chunking{4};
  if (how == strategies[1]) return local_partitioning{3};
  if (how == strategies[2]) return remote_chunking{7};
  return remote_partitioning{4};
}

std::vector<partition> ranges(split_context& s) {
  std::vector<partition> parts;
  for (std::int64_t i = 0, n = s.slices(); i < n; ++i)
    parts.push_back(
        {"range " + std::to_string(i), sql::key_range{{i * items / n}, {(i + 1) * items / n}}});
  return parts;
}

/// Numbers of the first of the runs that continue each other, made by a step before, which rests
/// for ten minutes then.
job making() {
  const auto make = [](partition_context& p) {
    if (p.resume_position()) return;
    p.transaction(1, [&](sql_transaction& tx) {
      for (std::int64_t id = 1; id <= items; ++id)
        tx.execute("INSERT INTO made VALUES ($1, $2)", p.first_run().value, id);
    });
    throw transient_error("rests before its second try");
  };
  const auto read = [](partition_context& p) {
    return sql::keyset<std::int64_t>{
        p,
        {"made", {"id"}, {"id"}, "run = $1", {p.first_run().value}},
        p.input<sql::key_range>(),
        [](const sql_row& row) { return std::get<std::int64_t>(row[0]); }};
  };
  const auto write = [](partition_context&) {
    return sql::insert<std::int64_t>{"spread", {"id"}, [](std::int64_t id) { return sql_row{id}; }};
  };
  return job{"making"}
      .parameter<std::string>("strategy")
      .step(partitioned{"make"}
                .split([](split_context&) {
                  return std::vector<partition>{{"all", nullptr}};
                })
                .retry(attempts{2}, backoff_of{10min, 1.0, 10min})
                .each(make))
      .step(partitioned{"spread"}.split(ranges).scale(chosen).each(
          chunked<std::int64_t>{4}.read(read).write(write)));
}

/// Every number of `source` that is no multiple of 5 goes into `spread`, a table without any key.
/// A multiple of 9 is let go.
job spreading() {
  const auto read = [](partition_context& p) {
    return sql::keyset<std::int64_t>{
        p,
        {"source", {"id"}, {"id"}, "", {}},
        p.input<sql::key_range>(),
        [](const sql_row& row) { return std::get<std::int64_t>(row[0]); },
        5};
  };
  const auto process = [](std::int64_t id) -> std::optional<std::int64_t> {
    if (id % 9 == 0) throw data_error("a nine");
    return id % 5 == 0 ? std::nullopt : std::optional{id};
  };
  const auto write = [](partition_context&) {
    return sql::insert<std::int64_t>{"spread", {"id"}, [](std::int64_t id) { return sql_row{id}; }};
  };
  return job{"spreading"}
      .parameter<std::string>("strategy")
      .step(partitioned{"spread"}
                .split(ranges)
                .scale(chosen)
                .retry(attempts{100}, backoff_of{1s, 1.0, 1s})
                .each(chunked<std::int64_t>{4}.read(read).process(process).write(write).skip(
                    on<data_error>(), at_most{100})));
}

cluster three_nodes(std::int64_t seed, int faults) {
  return cluster{{spreading(), making()},
                 {.nodes = 3,
                  .seed = seed,
                  .tables = {"CREATE TABLE source (id INTEGER PRIMARY KEY)",
                             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                             "WHERE i < 60) INSERT INTO source SELECT i FROM n",
                             "CREATE TABLE made (run INTEGER, id INTEGER)",
                             "CREATE TABLE spread (id INTEGER)"},
                  .faults_per_1000 = faults}};
}

void check_spread(const cluster& c, run_id run) {
  CHECK(c.state(run) == run_state::completed);
  CHECK(c.number("SELECT count(*) FROM spread") == 43);
  CHECK(c.number("SELECT count(DISTINCT id) FROM spread WHERE id % 5 > 0 AND id % 9 > 0") == 43);
  CHECK(c.step(run, "spread").counts == item_counts{60, 43, 11, 6});
  CHECK(c.skipped_items(run).size() == 6);
  CHECK(c.invariants().empty());
}

}  // namespace

TEST_CASE("one step, four ways: each item once, with its place") {
  const std::vector<std::int64_t> partitions{1, 3, 9, 4};
  for (std::size_t i = 0; i < strategies.size(); ++i) {
    CAPTURE(strategies[i]);
    auto c = three_nodes(1, 0);
    const auto run = c.submit("spreading", {{"strategy", strategies[i]}});
    c.run_until_done();
    check_spread(c, run);
    CHECK(c.step(run, "spread").completed == partitions[i]);
    CHECK(c.skipped_items(run).front().what.place == "source, key [9]");
  }
}

TEST_CASE("one step, four ways: nodes die in and after chunks, masters as well") {
  for (const auto& strategy : strategies)
    for (int n = 1; n <= 4; ++n) {
      CAPTURE(strategy, n);
      auto c = three_nodes(n, 0);
      c.kill(test::whoever, test::during_commit(n));
      c.kill(test::whoever, after_commits(n + 2));
      const auto run = c.submit("spreading", {{"strategy", strategy}});
      c.run_until_done();
      CHECK(c.faults_to_come() == 0);
      check_spread(c, run);
    }
}

// PARTITA_SEEDS=1000 apps_tests "*four ways: random*" plays more of them.
TEST_CASE("one step, four ways: random faults, a stop and restarts") {
  const char* wanted = std::getenv("PARTITA_SEEDS");
  const std::int64_t seeds = wanted ? std::strtoll(wanted, nullptr, 10) : 8;
  REQUIRE(seeds > 0);
  for (const auto& strategy : strategies)
    for (std::int64_t seed = 1; seed <= seeds; ++seed) {
      CAPTURE(strategy, seed);
      auto c = three_nodes(seed, 40);
      auto run = c.submit("spreading", {{"strategy", strategy}});
      c.run_for(milliseconds{20 * seed});
      if (c.state(run) == run_state::running && seed % 2 == 0) c.cancel(run);
      const auto over = [&] {
        const auto now = c.state(run);
        return now != run_state::failed && now != run_state::stopped;
      };
      for (c.run_until_done(); !over(); c.run_until_done()) run = c.restart(run);
      check_spread(c, run);
    }
}

TEST_CASE("one step, four ways: a run that continues another reads what the first one made") {
  for (const auto& strategy : strategies) {
    CAPTURE(strategy);
    auto c = three_nodes(1, 0);
    const auto first = c.submit("making", {{"strategy", strategy}});
    c.run_for(5min);
    c.cancel(first);
    c.run_until_done();
    REQUIRE(c.state(first) == run_state::stopped);
    const auto run = c.restart(first);
    c.run_until_done();
    CHECK(c.state(run) == run_state::completed);
    CHECK(c.number("SELECT count(*) FROM spread") == items);
    CHECK(c.number("SELECT count(DISTINCT id) FROM spread") == items);
  }
}
