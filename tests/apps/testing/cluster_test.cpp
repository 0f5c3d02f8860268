#include "apps/testing/cluster.hpp"

#include <catch2/catch.hpp>

#include "tests/apps/testing/copying.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace std::chrono_literals;
using test::after;
using test::after_commits;
using test::cluster;
using test::during_commit;
using test::whoever;

namespace {

const std::vector<std::string> none{};

test::cluster_options options(int nodes = 3, std::int64_t seed = 42) {
  return {.nodes = nodes, .seed = seed, .tables = {test::copied_table}};
}

/// Each number once for each partition.
void check_copied(const cluster& c) {
  CHECK(c.number("SELECT count(*) FROM copied") == 2 * test::copied_items);
  CHECK(c.query("SELECT 1 FROM copied GROUP BY no, item HAVING count(*) > 1").empty());
  CHECK(c.invariants() == none);
}

/// Waits before its second try.
job resting() {
  return job{"resting"}
      .parameter<int>("failures", default_value{1})
      .step(partitioned{"rest"}
                .split([](split_context&) {
                  return std::vector<partition>{{"all", nullptr}};
                })
                .retry(attempts{1'000'000}, backoff_of{10min, 1.0, 10min})
                .each([](partition_context& p) {
                  p.rest(1min);
                  if (p.attempt() <= p.get<int>("failures")) throw transient_error("not yet");
                }))
      .step(tasklet{"report", [](run_context& run) {
                      run.result({{"done", true}});
                    }});
}

}  // namespace

TEST_CASE("a cluster of the kit runs a job to its end") {
  cluster c{{test::good_copying()}, options()};
  const auto run = c.submit("copying");
  CHECK(c.state(run) == run_state::created);
  c.run_until_done();
  CHECK(c.state(run) == run_state::completed);
  CHECK(c.step(run, "copy").completed == 2);
  CHECK(c.step(run, "copy").counts == item_counts{40, 40, 0, 0});
  check_copied(c);
}

TEST_CASE("nodes of the kit die, freeze and drain, and the database goes away") {
  cluster c{{test::good_copying()}, options(3, 1)};
  c.kill(0, after_commits(1));
  c.freeze(1, 60s, during_commit(2));
  c.drain(2, after_commits(1));
  c.database_away(30s, after_commits(3));
  CHECK(c.faults_to_come() == 4);
  const auto run = c.submit("copying");
  CHECK(c.add_node() == 3);
  c.run_until_done();
  CHECK(c.state(run) == run_state::completed);
  CHECK(c.faults_to_come() == 0);
  CHECK(c.time() > 60s);
  CHECK_FALSE(c.is_up(0));
  CHECK(c.is_up(1));
  CHECK_FALSE(c.is_up(2));
  check_copied(c);
}

TEST_CASE("random faults of the kit: rows are there once, and the seed decides all") {
  const auto played = [](std::int64_t seed) {
    auto how = options(3, seed);
    how.faults_per_1000 = 40;
    cluster c{{test::good_copying()}, how};
    auto run = c.submit("copying");
    for (c.run_until_done(); c.state(run) == run_state::failed; c.run_until_done())
      run = c.restart(run);  // its tries were lost with their nodes
    CHECK(c.state(run) == run_state::completed);
    check_copied(c);
    return c.time();
  };
  for (std::int64_t seed = 1; seed <= 10; ++seed) {
    INFO("seed " << seed);
    const auto time = played(seed);
    if (seed <= 2) CHECK(played(seed) == time);
  }
}

TEST_CASE("what rests in the kit takes virtual time only") {
  cluster c{{resting()}, options()};
  const auto run = c.submit("resting", {{"failures", 2}});
  c.run_until_done();
  CHECK(c.time() > 23min);
  CHECK(c.time() < 25min);
  CHECK(c.result(run) == json{{"done", true}});
  CHECK(c.invariants() == none);
}

TEST_CASE("a run of the kit is cancelled and continued") {
  cluster c{{resting()}, options()};
  const auto run = c.submit("resting");
  c.run_for(5min);
  c.cancel(run);
  c.run_until_done();
  CHECK(c.state(run) == run_state::stopped);
  const auto next = c.restart(run);
  c.run_until_done();
  CHECK(c.state(next) == run_state::completed);
}

TEST_CASE("the kit shows skipped items, errors and the author's tables") {
  const test::temp_dir dir;
  auto how = options();
  how.file = dir / "batch.db";
  how.tables = {"CREATE TABLE copied (no INTEGER, item INTEGER CHECK (item <> 7))"};
  const auto body = [](std::int64_t most) {
    return chunked<int>{6}
        .read(test::numbers_to_copy)
        .write([](partition_context& p) {
          return sql::insert<int>{"copied", {"no", "item"}, [no = p.no()](int item) {
                                    return sql_row{no, std::int64_t{item}};
                                  }};
        })
        .skip(on<constraint_error>(), at_most{most});
  };
  cluster c{{test::copying(body(1))}, how};
  CHECK(std::filesystem::exists(how.file));
  const auto run = c.submit("copying");
  c.run_until_done();
  CHECK(c.state(run) == run_state::failed);  // more than one in the whole step
  CHECK_THAT(c.error(run), Catch::Contains("2 items were let go, and at most 1 may be"));
  const auto let_go = c.skipped_items(run);
  REQUIRE(let_go.size() == 2);
  CHECK(let_go[1].step == "copy");
  CHECK(let_go[1].no == 1);
  CHECK(let_go[1].what.item == 7);
  CHECK(c.execute("DELETE FROM copied WHERE no = $1", 1) == test::copied_items - 1);
  CHECK_THROWS_AS(c.query("DELETE FROM copied"), sql_error);
  CHECK_THROWS_AS(c.execute("DELETE FROM partita_run"), sql_error);
  CHECK_THROWS_WITH((cluster{{resting()}, how}),
                    how.file.string() + " exists: a cluster makes its database itself");
}

TEST_CASE("a run that does not end is told, with what is known of it") {
  cluster c{{resting()}, options()};
  c.submit("resting", {{"failures", 1000}});
  CHECK_THROWS_WITH(c.run_until_done(20min),
                    "run 1 of job resting is RUNNING after 1200 s of virtual time; 3 of 3 nodes "
                    "are up; the last try that failed: not yet");
  for (int i = 0; i < 3; ++i) c.kill(i);
  CHECK_THROWS_WITH(c.run_until_done(),
                    "run 1 of job resting is RUNNING, and no node is left: add_node() brings one");
}

TEST_CASE("what a cluster of the kit cannot do is refused in a sentence") {
  CHECK_THROWS_WITH((cluster{{}, options()}), "a cluster has at least one job");
  CHECK_THROWS_WITH((cluster{{resting()}, options(0)}), "a cluster begins with 1 to 64 nodes");
  CHECK_THROWS_WITH((cluster{{job{"empty"}}, options()}), "job empty: has no step");
  cluster c{{resting(), test::good_copying()}, options()};
  CHECK_THROWS_WITH(c.run_until_done(), "there is no run to wait for: submit one");
  CHECK_THROWS_WITH(c.submit("rest"), "the cluster has no job rest: it has copying, resting");
  CHECK_THROWS_WITH(c.submit("resting", {{"failure", 1}}),
                    "job resting: there is no parameter failure; did you mean failures?");
  CHECK_THROWS_WITH(c.kill(3), "there is no node 3: the cluster has nodes 0 to 2");
  CHECK_THROWS_WITH(c.is_up(-1), "there is no node -1: the cluster has nodes 0 to 2");
  CHECK_THROWS_WITH(c.kill(0, after_commits(0)), "commits are counted from 1");
  CHECK_THROWS_WITH(c.freeze(0, 1s, after(-1s)), "virtual time only goes on");
  CHECK_THROWS_WITH(c.kill(whoever, after(1s)),
                    "`whoever` is the node of a commit: give after_commits or during_commit");
  CHECK_THROWS_WITH(c.state(run_id{7}), "the cluster has no run 7");
  CHECK_THROWS_WITH(c.number("SELECT 1, 2"), "the query gives something else than one integer");
  const auto run = c.submit("resting");
  CHECK_THROWS_WITH(c.step(run, "report"), "no step report has begun in run 1");
  CHECK_THROWS_WITH(c.submit("resting"), Catch::Contains("run 1"));  // is under way
}
