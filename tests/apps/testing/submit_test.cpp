#include <catch2/catch.hpp>

#include "apps/testing/cluster.hpp"
#include "apps/testing/run_partition.hpp"

using namespace partita;
using test::after_commits;
using test::cluster;
using test::during_commit;
using test::whoever;

namespace {

constexpr std::int64_t letters = 4;

std::vector<partition> one_partition(split_context&) { return {{"all"}}; }

/// Sends one letter: a row in a table without any key.
job send() {
  return job{"send"}
      .parameter<std::int64_t>("letter", required)
      .step(partitioned{"send"}.split(one_partition).each([](partition_context& p) {
        if (p.resume_position()) return;
        p.transaction(1, [&](sql_transaction& tx) {
          tx.execute("INSERT INTO sent VALUES ($1)", p.get<std::int64_t>("letter"));
        });
      }));
}

/// Writes letters and has each of them sent, in one transaction.
job write_letters() {
  return job{"write"}.step(partitioned{"write"}.split(one_partition).each([](partition_context& p) {
    for (auto i = p.resume_position().value_or(0).get<std::int64_t>(); i < letters; ++i)
      p.transaction(i + 1, [&](sql_transaction& tx) {
        tx.execute("INSERT INTO written VALUES ($1)", i);
        submit(tx, "send", {{"letter", i}});
      });
  }));
}

cluster letter_cluster() {
  return cluster{
      {send(), write_letters()},
      {.nodes = 2,
       .tables = {"CREATE TABLE written (letter INTEGER)", "CREATE TABLE sent (letter INTEGER)"}}};
}

void check_sent(cluster& c) {
  const auto run = c.submit("write");
  c.run_until_done();
  CHECK(c.error(run) == "");
  for (const auto* table : {"written", "sent"}) {
    CAPTURE(table);
    const auto rows = c.query(std::string{"SELECT letter FROM "} + table + " ORDER BY letter");
    REQUIRE(rows.size() == letters);
    for (std::int64_t i = 0; i < letters; ++i)
      CHECK(rows.at(static_cast<std::size_t>(i)).at(0) == sql_value{i});
  }
  CHECK(c.invariants().empty());
}

}  // namespace

TEST_CASE("a run that a job submits is there once, whichever commit a node dies at") {
  for (const auto at : {during_commit, after_commits})
    for (int n = 1;; ++n) {
      CAPTURE(n, at == during_commit);
      auto c = letter_cluster();
      c.kill(whoever, at(n));
      check_sent(c);
      if (c.faults_to_come() > 0) break;
      REQUIRE(n < 100);
    }
}

TEST_CASE("what attempts log is kept, whatever became of them") {
  const auto talks = job{"talks"}.step(partitioned{"talk"}
                                           .split(one_partition)
                                           .retry(attempts{2}, backoff_of{milliseconds{1'000}})
                                           .each([](partition_context& p) {
                                             p.log("try " + std::to_string(p.attempt()));
                                             if (p.attempt() == 1) throw transient_error("not yet");
                                             p.rest(std::chrono::minutes{1});
                                             p.log("done");
                                           }));
  cluster c{{talks}, {.nodes = 1}};
  const auto run = c.submit("talks");
  c.run_until_done();
  CHECK(c.log(run, "talk", 0) == std::vector<std::string>{"try 1", "try 2", "done"});
  CHECK(c.log(run, "talk", 1).empty());

  const auto tried = test::run_partition(
      job{"says"}.step(partitioned{"say"}.split(one_partition).each([](partition_context& p) {
        p.log("hello");
      })),
      "say", {"all"});
  CHECK(tried.log == std::vector<std::string>{"hello"});
}
