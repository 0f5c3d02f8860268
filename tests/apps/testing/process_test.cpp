#include "apps/testing/process.hpp"

#include <catch2/catch.hpp>

#include "batch/readers/collection.hpp"
#include "tests/apps/testing/copying.hpp"

using namespace partita;

namespace {

/// Texts become numbers; empty ones are filtered.
job parsing() {
  return job{"parsing"}
      .step(partitioned{"parse"}
                .split([](split_context&) {
                  return std::vector<partition>{{"all", nullptr}};
                })
                .each(chunked<std::string, int>{10}
                          .read([](partition_context&) {
                            return collection<std::string>{{"1", "", "2"}};
                          })
                          .process([](std::string text, const item& from) -> std::optional<int> {
                            if (text.empty()) return std::nullopt;
                            if (text == "x") throw data_error(from.where() + ": no number");
                            return std::stoi(text) + static_cast<int>(from.ordinal);
                          })
                          .write([](partition_context&) { return [](std::span<const int>) {}; })))
      .step(tasklet{"report", [](run_context&) {}});
}

int parsed(const std::string& text) {
  return test::process<int>(parsing(), "parse", text).value_or(-1);
}

}  // namespace

TEST_CASE("the kit shows what a processor makes of one item") {
  CHECK(parsed("17") == 17);
  CHECK(parsed("") == -1);
  CHECK_THROWS_WITH(test::process<int>(parsing(), "parse", std::string{"x"},
                                       {3, [] { return std::string{"line 4"}; }}),
                    "line 4: no number");
  CHECK(test::process<int>(parsing(), "parse", std::string{"1"}, {3, {}}) == 4);
}

TEST_CASE("a step without processor passes its items on") {
  CHECK(test::process(test::good_copying(), "copy", 4) == 4);
}

TEST_CASE("asking for the processor of something else is refused in a sentence") {
  CHECK_THROWS_WITH(test::process(parsing(), "prase", 1),
                    "job parsing has no step prase: it has parse, report");
  CHECK_THROWS_WITH(test::process(parsing(), "report", 1),
                    "step report of job parsing is a tasklet: it has no partitions");
  CHECK_THROWS_WITH(test::process(test::copying_apart(), "copy", 1),
                    "step copy of job copying has no chunks, or a processor that is made for each "
                    "attempt: run_partition runs its body");
  CHECK_THROWS_WITH(test::process(test::good_copying(), "copy", 1L),
                    "step copy makes int of int; process was asked to make long of long");
}
