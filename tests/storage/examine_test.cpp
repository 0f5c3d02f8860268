#include <algorithm>
#include <catch2/catch.hpp>

#include "storage/postgres/asked_settings.hpp"
#include "storage/postgres/conninfo.hpp"
#include "storage/postgres/postgres_database.hpp"
#include "storage/postgres/replicas.hpp"

using namespace partita;
using namespace partita::postgres;

namespace {

replication two_standbys(const std::string& state, const std::string& names) {
  return {false, {{"beta", state}, {"gamma", state}}, names, "on", true};
}

}  // namespace

TEST_CASE("asynchronous standbys are unsafe, and doctor says what to set") {
  const auto verdict = judge(two_standbys("async", ""));
  CHECK(verdict.how == health::unsafe);
  CHECK_THAT(verdict.sentence, Catch::Contains("2 standbys are asynchronous"));
  CHECK_THAT(verdict.advice, Catch::Contains("synchronous_standby_names = 'ANY 1 ("));
}

TEST_CASE("asynchronous standbys are unsafe also to a role that cannot see their state") {
  CHECK(judge(two_standbys("", "")).how == health::unsafe);
}

TEST_CASE("synchronous standbys are fine") {
  for (const auto* state : {"quorum", "sync", "potential"}) {
    const auto verdict = judge(two_standbys(state, "ANY 1 (beta, gamma)"));
    CHECK(verdict.how == health::fine);
    CHECK_THAT(verdict.sentence, Catch::Contains("beta, gamma"));
  }
}

TEST_CASE("an asynchronous standby beside a synchronous one must not take over") {
  auto found = two_standbys("quorum", "ANY 1 (beta)");
  found.standbys[1].state = "async";
  const auto verdict = judge(found);
  CHECK(verdict.how == health::note);
  CHECK_THAT(verdict.sentence, Catch::Contains("asynchronous: gamma"));
}

TEST_CASE("synchronous standbys are of no use to sessions that do not wait for them") {
  for (const auto* commit : {"local", "off"}) {
    auto found = two_standbys("quorum", "ANY 1 (beta, gamma)");
    found.synchronous_commit = commit;
    CHECK(judge(found).how == health::unsafe);
  }
}

TEST_CASE("a list of synchronous standbys none of which streams stops every commit") {
  CHECK(judge({false, {}, "ANY 1 (beta)", "on", true}).how == health::unsafe);
  CHECK(judge(two_standbys("async", "ANY 1 (delta)")).how == health::unsafe);
}

TEST_CASE("a server without standbys is fine, unless the address promises some") {
  CHECK(judge({false, {}, "", "on", false}).how == health::fine);
  CHECK(judge({false, {}, "", "on", true}).how == health::note);
}

TEST_CASE("a standby knows nothing of what is safe") {
  CHECK(judge({true, {}, "", "on", true}).how == health::note);
}

TEST_CASE("the options of an address are read as the server reads them") {
  const auto all = parse_options("-c a=1  -cb=2 --c=x\\ y -c broken -d");
  REQUIRE(all.size() == 3);
  CHECK(all[0].name == "a");
  CHECK(all[1].value == "2");
  CHECK(all[2].value == "x y");
}

TEST_CASE("settings that a pooler dropped are found, and no others") {
  const std::vector<session_setting> found{
      {"statement_timeout", "0", "0"},   {"lock_timeout", "2500", "2500ms"},
      {"TimeZone", "UTC", "UTC"},        {"jit", "on", "on"},
      {"tcp_keepalives_idle", "9", "9"}, {"work_mem", "4096", "4MB"}};
  const auto lost = not_in_effect({{"statement_timeout", "10000"},
                                   {"lock_timeout", "2500"},
                                   {"timezone", "utc"},
                                   {"jit", "off"},
                                   {"tcp_keepalives_idle", "2"},
                                   {"tcp_keepalives_idle", "9"},
                                   {"work_mem", "4096kB"},
                                   {"not_shown", "1"}},
                                  found);
  CHECK(lost == std::vector<std::string>{"statement_timeout", "jit"});
}

TEST_CASE("`schema roles` prints every setting that a session asks for") {
  const std::string roles{postgres_roles()};
  const auto given =
      parse_options(conninfo{conninfo{"host=h.invalid options=''"}.with({})}.get_given("options"));
  REQUIRE(given.size() > 10);
  for (const auto& s : given) {
    const auto line = " SET " + s.name + " = ";
    INFO(s.name);
    const auto at = roles.find(line);
    REQUIRE(at != std::string::npos);
    const auto value = roles.substr(at + line.size(), roles.find(';', at) - at - line.size());
    CHECK((value == s.value || value == "'" + s.value + "'"));
  }
}
