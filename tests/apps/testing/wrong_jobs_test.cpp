#include <catch2/catch.hpp>

#include <map>

#include "apps/testing/testing.hpp"
#include "tests/apps/testing/copying.hpp"

using namespace partita;
using namespace std::chrono_literals;

// A job that writes some row twice, or never, is found by ending or freezing a node at each commit.

namespace {

using fault = std::function<void(test::cluster&, int commit)>;

const std::map<std::string, fault> faults{
    {"killed before the commit",
     [](auto& c, int n) { c.kill(test::whoever, test::during_commit(n)); }},
    {"killed after the commit",
     [](auto& c, int n) { c.kill(test::whoever, test::after_commits(n)); }},
    {"frozen before the commit",
     [](auto& c, int n) { c.freeze(test::whoever, 60s, test::during_commit(n)); }},
    {"the database goes before the commit",
     [](auto& c, int n) { c.database_away(30s, test::during_commit(n)); }}};

/// Plays the job with the fault at commit 1, at commit 2 and so on, as long as there are commits.
/// At the first that leaves some row not there exactly once, as `wrong` tells; 0: at none.
template <class Wrong>
int first_wrong(const job& j, const fault& happens, const Wrong& wrong) {
  for (int n = 1;; ++n) {
    test::cluster c{{j}, {.nodes = 3, .seed = n, .tables = {test::copied_table}}};
    happens(c, n);
    const auto run = c.submit("copying");
    c.run_until_done();
    CHECK(c.state(run) == run_state::completed);
    CHECK(c.invariants() == std::vector<std::string>{});
    if (wrong(c)) return n;
    if (c.faults_to_come() == 0) continue;
    CHECK(n > 8);  // it has at least 8 commits
    return 0;
  }
}

bool table_is_wrong(const test::cluster& c) {
  const auto once =
      c.number("SELECT count(*) FROM (SELECT 1 FROM copied GROUP BY no, item HAVING count(*) = 1)");
  return once != 2 * test::copied_items ||
         c.number("SELECT count(*) FROM copied") != 2 * test::copied_items;
}

}  // namespace

TEST_CASE("rows that stand with their chunk are there once, whatever happens") {
  for (const auto& [name, happens] : faults) {
    INFO(name);
    CHECK(first_wrong(test::good_copying(), happens, table_is_wrong) == 0);
  }
}

TEST_CASE("the kit finds a job that writes outside of the chunk's transaction") {
  std::map<std::pair<partition_no, int>, int> elsewhere;
  const auto j = test::copying_outside([&](partition_no no, int item) { ++elsewhere[{no, item}]; });
  const auto wrong = [&](const test::cluster&) {
    const auto written = std::exchange(elsewhere, {});
    REQUIRE(written.size() == 2 * test::copied_items);
    return std::any_of(written.begin(), written.end(), [](const auto& w) { return w.second != 1; });
  };
  CHECK(first_wrong(j, faults.at("killed before the commit"), wrong) > 0);
  CHECK(first_wrong(j, faults.at("frozen before the commit"), wrong) > 0);
}

TEST_CASE("the kit finds a job that stores its position in another transaction than its rows") {
  CHECK(first_wrong(test::copying_apart(), faults.at("killed after the commit"), table_is_wrong) >
        0);
  CHECK(first_wrong(test::copying_apart(), faults.at("killed before the commit"), table_is_wrong) >
        0);
}
