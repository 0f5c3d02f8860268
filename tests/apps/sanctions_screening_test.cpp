#include "apps/jobs/sanctions_screening/sanctions_screening.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <map>
#include <set>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/jobs/sanctions_screening/listed.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "apps/testing/cluster.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::screening;
namespace fs = std::filesystem;
using test::after_commits;
using test::cluster;
using test::during_commit;

namespace {

constexpr std::int64_t payments = 300;
constexpr std::int64_t list_size = 1500;

/// A line of the payments, and an entity.
using match = std::pair<std::int64_t, std::int64_t>;

struct files {
  files() {
    generate_elixir0(payments_file(), payments, 3);
    generate_sdn(dir.path(), list_size, 5);
  }
  fs::path payments_file() const { return dir / "payments.txt"; }
  fs::path list(std::string_view name) const { return dir / std::string{name}; }
  json parameters(const std::string& strategy) const {
    return {{"input", payments_file().string()},
            {"names", list(names_file).string()},
            {"addresses", list(addresses_file).string()},
            {"alternate_names", list(alternate_names_file).string()},
            {"strategy", strategy}};
  }
  test::temp_dir dir;
};

template <class Rows>
auto all_of(Rows rows) {
  std::vector<typename decltype(rows.next())::value_type> all;
  while (auto one = rows.next()) all.push_back(std::move(*one));
  return all;
}
csv::slice whole(const fs::path& file) { return csv::split(file, 1).front(); }

/// What a loop over everything finds.
std::set<match> found_by_loop(const files& f) {
  struct known {
    std::vector<name> names, addresses;
  };
  std::map<std::int64_t, known> list;
  const auto read = [&](std::string_view file, auto rows_of) {
    return all_of(rows_of(f.list(file), whole(f.list(file))));
  };
  for (const auto& e : read(names_file, entities)) list[e.uid].names.push_back(prepare(e.name));
  for (const auto& n : read(alternate_names_file, alternate_names))
    list.at(n.entity_uid).names.push_back(prepare(n.name));
  for (const auto& a : read(addresses_file, addresses))
    list.at(a.entity_uid).addresses.push_back(prepare(a.text()));
  std::set<match> found;
  for (const auto& t : all_of(transactions(f.payments_file(), whole(f.payments_file())))) {
    const auto one = prepare(t.beneficiary_name), other = prepare(t.ordering_name);
    const auto here = prepare(t.beneficiary_address), there = prepare(t.ordering_address);
    for (const auto& [uid, e] : list) {
      bool hit = false;
      for (const auto& n : e.names) hit = hit || matches(one, n) || matches(other, n);
      for (const auto& a : e.addresses) hit = hit || matches(here, a) || matches(there, a);
      if (hit) found.emplace(t.line, uid);
    }
  }
  return found;
}

std::set<match> found_by_run(const cluster& c, run_id first) {
  std::set<match> found;
  for (const auto& row :
       c.query("SELECT t.line, m.sdn_entity_id FROM screening_match m JOIN screening_transaction t"
               " ON t.id = m.transaction_id WHERE t.run_id = $1",
               first.value))
    found.emplace(std::get<std::int64_t>(row[0]), std::get<std::int64_t>(row[1]));
  return found;
}

std::int64_t suspended_of(const std::set<match>& all) {
  std::set<std::int64_t> lines;
  for (const auto& one : all) lines.insert(one.first);
  return static_cast<std::int64_t>(lines.size());
}

json expected_result(const std::set<match>& all) {
  const auto suspended = suspended_of(all);
  return {{"transactions", payments},
          {"pairs", payments * list_size},
          {"matches", all.size()},
          {"suspended", suspended},
          {"accepted", payments - suspended}};
}

}  // namespace

TEST_CASE("a screening finds the same with each strategy, whatever fails") {
  const files f;
  const auto expected = found_by_loop(f);
  REQUIRE(suspended_of(expected) > 5);
  REQUIRE(suspended_of(expected) < payments / 2);
  int seed = 0;
  for (const std::string strategy :
       {"local_chunking", "local_partitioning", "remote_chunking", "remote_partitioning"}) {
    CAPTURE(strategy);
    cluster c{{sanctions_screening()}, {.nodes = 3, .seed = ++seed, .faults_per_1000 = 5}};
    c.kill(test::whoever, during_commit(9));
    c.kill(test::whoever, after_commits(12));
    const auto first = c.submit("sanctions_screening", f.parameters(strategy));
    auto run = first;
    for (c.run_until_done(); c.state(run) == run_state::failed; c.run_until_done())
      run = c.restart(run);  // its tries were lost with their nodes
    CHECK(c.state(run) == run_state::completed);
    CHECK(c.faults_to_come() == 0);
    CHECK(found_by_run(c, first) == expected);
    CHECK(c.result(run) == expected_result(expected));
    CHECK(c.invariants().empty());
  }
}

TEST_CASE("a screening changes the payments of its own run only") {
  const files f;
  cluster c{{sanctions_screening()}, {.nodes = 2}};
  const auto first = c.submit("sanctions_screening", f.parameters("remote_partitioning"));
  c.run_until_done();
  c.execute("UPDATE screening_transaction SET status = 'LOADED'");
  const auto second = c.submit("sanctions_screening", f.parameters("remote_chunking"));
  c.run_until_done();
  CHECK(found_by_run(c, first) == found_by_run(c, second));
  CHECK(c.number("SELECT count(*) FROM screening_transaction WHERE status = 'LOADED'") == payments);
  CHECK(c.number("SELECT count(*) FROM screening_transaction WHERE run_id = $1 AND status ="
                 " 'LOADED'",
                 first.value) == payments);
  CHECK(c.number("SELECT count(DISTINCT beneficiary_name) FROM screening_preview") > 0);
}

TEST_CASE("a line of a payment that cannot be read fails the run, or is let go") {
  const files f;
  std::ofstream{f.payments_file(), std::ios::app} << "110,20261301,7\n";
  cluster c{{sanctions_screening()}, {.nodes = 2}};
  auto given = f.parameters("local_chunking");
  const auto strict = c.submit("sanctions_screening", given);
  c.run_until_done();
  CHECK(c.state(strict) == run_state::failed);
  CHECK_THAT(c.error(strict), Catch::Contains("payments.txt, line 301: "));
  given["max_skipped"] = 1;
  given["strategy"] = "remote_partitioning";
  const auto mild = c.submit("sanctions_screening", given);
  c.run_until_done();
  CHECK(c.state(mild) == run_state::completed);
  CHECK(c.result(mild).at("transactions") == payments);
  REQUIRE(c.skipped_items(mild).size() == 1);
  CHECK_THAT(c.skipped_items(mild)[0].what.place, Catch::Contains("payments.txt, line 301"));
}
