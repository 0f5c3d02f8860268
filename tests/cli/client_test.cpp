#include "apps/client.hpp"

#include <catch2/catch.hpp>

#include "batch/batch.hpp"
#include "batch/description.hpp"
#include "protocol/errors.hpp"
#include "storage/database.hpp"
#include "storage/store.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;

namespace {

job counting(int version) {
  return job{"counting"}
      .version(version)
      .parameter<std::int64_t>("upto", required)
      .parameter<std::string>("how", default_value{"slow"}, one_of{"slow", "fast"})
      .parameter<std::string>("note", default_value{""}, non_identifying)
      .step(tasklet{"count", [](run_context&) {}});
}

/// A database in which a node has told of the job, in two versions.
struct told {
  told() {
    const auto db = open_database(url);
    db->migrate();
    node_info info;
    info.name = "node";
    info.host = "here";
    for (const int version : {1, 2}) {
      info.jobs.push_back({"counting", version});
      info.catalogue.push_back({{"counting", version}, describe(counting(version)).dump()});
    }
    cluster_store{db->connect({})}.register_node(info);
  }
  const test::temp_dir dir;
  const std::string url = "sqlite:" + (dir / "batch.db").string();
};

}  // namespace

TEST_CASE("a client submits, finds, lists, cancels and continues runs") {
  const told database;
  client c{database.url};
  const auto first = c.submit("counting", {{"upto", 7}}, "tonight");
  CHECK(first.state == run_state::created);
  CHECK(first.job == job_ref{"counting", 2});
  CHECK(first.parameters == json{{"upto", 7}, {"how", "slow"}, {"note", ""}});
  CHECK(c.submit("counting", {{"upto", 7}}, "tonight").id == first.id);
  const auto second = c.submit("counting", {{"upto", "8"}, {"how", "fast"}});
  CHECK(second.id != first.id);
  CHECK(c.list().size() == 2);
  CHECK(c.list(1).front().id == second.id);
  CHECK(c.list(10, second.id).front().id == first.id);
  CHECK(c.find(first.id)->id == first.id);
  CHECK_FALSE(c.find(run_id{77}));
  CHECK_FALSE(c.wait(first.id, milliseconds{30}));
  CHECK(c.cancel(first.id).state == run_state::stopped);
  CHECK(c.wait(first.id)->state == run_state::stopped);
  const auto next = c.restart(first.id, "again");
  CHECK(next.id != first.id);
  CHECK(c.restart(first.id, "again").id == next.id);
}

TEST_CASE("a client says what cannot be") {
  const told database;
  client c{database.url};
  CHECK_THROWS_WITH(c.submit("countin"),
                    "no node has told of a job countin; did you mean counting?");
  CHECK_THROWS_WITH(c.submit("counting"),
                    Catch::StartsWith("job counting: parameter upto is missing"));
  CHECK_THROWS_WITH(c.submit("counting", {{"upto", 1}, {"how", "slwo"}}),
                    "job counting: parameter how=slwo is none of slow, fast; did you mean slow?");
  CHECK_THROWS_AS(c.submit("counting", json::array()), definition_error);
  const auto run = c.submit("counting", {{"upto", 1}});
  CHECK_THROWS_WITH(c.submit("counting", {{"upto", 1}, {"note", "other"}}),
                    Catch::Contains("run " + std::to_string(run.id.value)));
  CHECK_THROWS_AS(c.restart(run.id), store_error);
  CHECK_THROWS_AS(c.cancel(run_id{77}), store_error);
  CHECK_THROWS_AS(c.wait(run_id{77}), store_error);
  CHECK_THROWS_AS(client{"nonsense:x"}, store_error);
  client nowhere{"sqlite:" + (database.dir / "none/none.db").string()};
  CHECK_THROWS_AS(nowhere.list(), store_error);
}
