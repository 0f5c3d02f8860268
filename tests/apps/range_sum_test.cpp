#include "apps/jobs/range_sum/range_sum.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <thread>

#include "apps/testing/testing.hpp"
#include "batch/registry.hpp"
#include "tests/apps/job_runner.hpp"

using namespace partita;
using test::job_runner;

namespace {

constexpr auto greatest = std::numeric_limits<std::int64_t>::max();
constexpr auto least = std::numeric_limits<std::int64_t>::min();

std::string refusal(json given) { return job_runner{range_sum(), std::move(given)}.refusal(); }

}  // namespace

TEST_CASE("1 to 100 in 4 parts are 325, 950, 1575 and 2200") {
  job_runner runner{range_sum(), {{"from", 1}, {"to", 100}, {"partitions", 4}}};
  std::vector<std::int64_t> sums;
  for (const auto& part : runner.split()) {
    auto setup = runner.setup(part, 0);
    partition_context p{setup};
    runner.step().body()(p);
    sums.push_back(p.output().at("sum"));
    CHECK(setup.progress->done == 25);
    CHECK(setup.progress->total == 25);
  }
  CHECK(sums == std::vector<std::int64_t>{325, 950, 1575, 2200});
  CHECK(runner.run() == json{{"sum", 5050}, {"partitions", 4}});
}

TEST_CASE("the parts follow each other, the first ones one longer") {
  const std::int64_t total = GENERATE(1, 2, 9, 10, 11, 100, 103);
  const std::int64_t partitions = GENERATE(1, 2, 3, 7, 10);
  const std::int64_t from = GENERATE(-50, 0, 1);
  job_runner runner{range_sum(),
                    {{"from", from}, {"to", from + total - 1}, {"partitions", partitions}}};
  const auto parts = runner.split();
  const auto count = std::min(total, partitions);
  REQUIRE(std::cmp_equal(parts.size(), count));
  auto next = from;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto& input = parts[static_cast<std::size_t>(i)].input;
    CHECK(input["from"] == next);
    next = input["to"].get<std::int64_t>() + 1;
    CHECK(next - input["from"].get<std::int64_t>() == total / count + (i < total % count));
  }
  CHECK(next == from + total);
  CHECK(runner.run()["sum"] == (from + from + total - 1) * total / 2);
}

TEST_CASE("the ends of the 64 bits are sums like others") {
  CHECK(job_runner{range_sum(), {{"from", greatest}, {"to", greatest}}}.run()["sum"] == greatest);
  CHECK(job_runner{range_sum(), {{"from", least}, {"to", least}}}.run()["sum"] == least);
  CHECK(refusal({{"from", greatest - 1}, {"to", greatest}}) ==
        "the sum of 9223372036854775806 to 9223372036854775807 does not fit into 64 bits");
  CHECK(refusal({{"from", least}, {"to", greatest}}) ==
        "the sum of -9223372036854775808 to 9223372036854775807 does not fit into 64 bits");
}

TEST_CASE("arguments that make no sense are refused in a sentence") {
  CHECK(refusal({{"from", 2}, {"to", 1}}) == "the range 2 to 1 is empty: to is less than from");
  CHECK(refusal({{"from", 1}, {"to", 2}, {"partitions", 0}}) ==
        "parameter partitions is 0; it must be between 1 and 1000000");
  CHECK(refusal({{"from", 1}, {"to", 2}, {"partitions", -4}}) ==
        "parameter partitions is -4; it must be between 1 and 1000000");
  CHECK(refusal({{"from", 1}, {"to", 2}, {"delay_ms", -1}}) ==
        "parameter delay_ms is -1; it must be between 0 and 86400000");
}

TEST_CASE("a stop ends the pause of a partition at once") {
  const job_runner runner{range_sum(), {{"from", 1}, {"to", 2}, {"delay_ms", 86'400'000}}};
  std::stop_source stop;
  auto setup = runner.setup(runner.split().front(), 0);
  setup.stop = stop.get_token();
  partition_context p{setup};
  std::jthread other{[&] { stop.request_stop(); }};
  CHECK_THROWS_AS(runner.step().body()(p), stop_requested_error);
}

TEST_CASE("a sum is right although nodes die, freeze and lose the database") {
  test::cluster c{{range_sum()}, {.nodes = 3, .seed = 42}};
  c.kill(0, test::after_commits(1));
  c.freeze(1, std::chrono::seconds{60}, test::during_commit(1));
  c.database_away(std::chrono::seconds{30}, test::after(std::chrono::seconds{3}));
  const auto run =
      c.submit("range_sum", {{"from", 1}, {"to", 100}, {"partitions", 20}, {"delay_ms", 800}});
  c.run_until_done();
  CHECK(c.state(run) == run_state::completed);
  CHECK(c.result(run) == json{{"sum", 5050}, {"partitions", 20}});
  CHECK(c.faults_to_come() == 0);
  CHECK(c.invariants() == std::vector<std::string>{});
}

TEST_CASE("the example jobs can be registered, and need their range") {
  CHECK_NOTHROW(registry{range_sum()});
  const auto checked = check_parameters(range_sum().parameter_specs(), {{"from", "1"}});
  CHECK(checked.problems == std::vector<std::string>{"parameter to is missing: give to=integer"});
}
