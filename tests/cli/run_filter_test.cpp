#include "apps/partita/run_filter.hpp"

#include <catch2/catch.hpp>

#include "apps/partita/errors.hpp"
#include "apps/partita/text.hpp"

using namespace partita;
using namespace partita::cli;

namespace {

const auto now = parse_iso_time("2026-03-01T10:20:30.000Z");

run_filter filter_of(const std::vector<std::string>& words) {
  return run_filter_of(arguments(run_filter_options(), words), now);
}

run_row failed_sum() {
  run_row run;
  run.job = {"sum", 1};
  run.state = run_state::failed;
  run.created_at = now - std::chrono::hours{5};
  run.parameters = R"({"day":"2026-03-01","from":17,"dry":false,"share":0.5})";
  return run;
}

bool found(const std::vector<std::string>& words) {
  return matches(failed_sum().parameters, filter_of(words));
}

}  // namespace

TEST_CASE("what the database can find is told to it") {
  CHECK(filter_of({}).empty());
  const auto filter = filter_of({"--job", "sum", "--state", "failed", "--since", "6h"});
  CHECK(filter.choice == run_choice{"sum", {"FAILED"}, now - std::chrono::hours{6}, {}});
  CHECK(filter_of({"--state", "abandoned"}).choice.states == std::vector<std::string>{"ABANDONED"});
}

TEST_CASE("runs are found by their parameters, and by all of them") {
  CHECK(found({}));
  CHECK(found({"--param", "from=17", "--param", "day=2026-03-01"}));
  CHECK(found({"--param", "dry=false", "--param", "share=0.5"}));
  CHECK(found({"--param", "day=2026-*"}));
  CHECK_FALSE(found({"--param", "day=2025-*"}));
  CHECK_FALSE(found({"--param", "from=17", "--param", "day=2026-03-02"}));
  CHECK_FALSE(found({"--param", "to=17"}));
}

TEST_CASE("a value is found however it is written") {
  const auto stored = [](const std::string& parameters, const std::string& wanted) {
    return matches(parameters, filter_of({"--param", wanted}));
  };
  CHECK(stored(R"({"n":5e3})", "n=5000.0"));
  CHECK(stored(R"({"n":5e3})", "n=50*"));
  CHECK(stored(R"({"n":-0})", "n=0"));
  CHECK(stored(R"({"n":1.50})", "n=1.5"));
  CHECK_FALSE(stored(R"({"n":15})", "n=5"));
  CHECK(stored(R"({"n":null})", "n=null"));
  CHECK(stored(R"({"l":[1, 2]})", "l=[1,2]"));
  CHECK(stored(R"({"l":{"a" : 1}})", R"(l={"a":1*)"));
  CHECK(stored(R"({"path":"\/in\/a.csv"})", "path=/in/*"));
  CHECK(stored(R"({"p\u0061th":"/in"})", "path=/in"));
  CHECK(stored(R"({"s":"a \"b\""})", R"(s=a "b")"));
  CHECK(stored(R"({"s":""})", "s="));
  CHECK(stored(R"({"s":"x"})", "s=*"));
  CHECK(stored(R"({"s":"1e5"})", "s=1e5"));
  CHECK_FALSE(stored(R"({"s":"x","t":"y"})", "s=y"));
  CHECK_FALSE(stored(R"({"s":{"t":"y"}})", "t=y"));
}

TEST_CASE("a run whose parameters cannot be read has none") {
  auto run = failed_sum();
  run.parameters = "no JSON";
  CHECK(matches(run.parameters, filter_of({"--job", "sum"})));
  CHECK_FALSE(matches(run.parameters, filter_of({"--param", "from=17"})));
}

TEST_CASE("a filter that cannot be understood is refused") {
  CHECK_THROWS_AS(filter_of({"--state", "FAILD"}), command_error);
  CHECK_THROWS_AS(filter_of({"--since", "yesterday"}), command_error);
  CHECK_THROWS_AS(filter_of({"--param", "from"}), command_error);
}
