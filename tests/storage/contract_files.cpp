#include <nlohmann/json.hpp>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

using v = report_verdict;

/// Partitions that publish files: `names` are their final names.
struct with_files : contract {
  node_id node = join();
  driven_run r = drive(node);
  step_id id = split(r, 6);

  attempt_report filed(lease_id lease, partition_no no, const std::vector<std::string>& names) {
    auto item = ended(lease, no);
    auto pairs = nlohmann::json::array();
    for (const auto& name : names) pairs.push_back({name, name + ".part"});
    item.files = pairs.dump();
    return item;
  }
};

}  // namespace

TEST_CASE_METHOD(with_files, "of two partitions that name one file, the second is FAILED") {
  auto grant = take(node, id);
  const std::vector<attempt_report> items{filed(grant.lease, 0, {"/out/a"}),
                                          filed(grant.lease, 1, {"/out/b"}),
                                          filed(grant.lease, 2, {"/out/c", "/out/a"}),
                                          filed(grant.lease, 3, {"/out/d"}), ended(grant.lease, 4)};
  const std::vector verdicts{v::recorded, v::recorded, v::name_taken, v::recorded, v::recorded};
  CHECK(db->report(node, items) == verdicts);
  CHECK(in_state(id, partition_state::completed) == std::vector<partition_no>{0, 1, 3, 4});
  const auto failed = partition(id, 2);
  CHECK(failed.state == partition_state::failed);
  CHECK(failed.files.empty());
  CHECK_THAT(failed.error, Catch::Contains("/out/a") && Catch::Contains("partition 0 "));
  CHECK(db->list_results(id, -1, 10, result_kind::with_files).size() == 3);
  CHECK(db->list_failures(r.run, 10).at(0).no == 2);
  CHECK(lease(grant.lease).failed == 1);
  // A repeat is answered in the same way: nobody publishes the file.
  CHECK(db->report(node, items) == verdicts);
  CHECK(report(node, items[2]) == v::name_taken);
  CHECK(lease(grant.lease).failed == 1);
}

TEST_CASE_METHOD(with_files,
                 "a name is taken for the whole run, whoever reports and in which step") {
  auto other = join("other");
  auto mine = take(node, id, 2);
  auto theirs = take(other, id, 2);
  CHECK(report(node, filed(mine.lease, 0, {"/out/a"})) == v::recorded);
  CHECK(report(other, filed(theirs.lease, 2, {"/out/a"})) == v::name_taken);
  auto later = split(r, 2, spec("later", 1));
  auto grant = take(node, later);
  CHECK(report(node, filed(grant.lease, 0, {"/out/a"})) == v::name_taken);
  auto next = drive(node, "another run");
  CHECK(report(node, filed(take(node, split(next, 1)).lease, 0, {"/out/a"})) == v::recorded);
}

TEST_CASE_METHOD(with_files, "an attempt that did not complete takes no name") {
  auto first = take(node, id, 1);
  auto item = filed(first.lease, 0, {"/out/a"});
  item.outcome = attempt_outcome::retry;
  CHECK(report(node, item) == v::recorded);
  auto second = take(node, id, 1);
  CHECK(report(node, filed(second.lease, 0, {"/out/a", "/out/a"})) == v::recorded);
  CHECK(report(node, filed(second.lease, 0, {"/out/a", "/out/a"})) == v::recorded);
  auto refused = take(node, id, 1);
  CHECK(report(node, filed(refused.lease, 1, {"/out/b", "/out/a"})) == v::name_taken);
}

TEST_CASE_METHOD(with_files, "two partitions in one report: the one with the lower number has it") {
  auto grant = take(node, id);
  const std::vector<attempt_report> items{filed(grant.lease, 5, {"/out/a"}),
                                          filed(grant.lease, 1, {"/out/a"})};
  CHECK(db->report(node, items) == std::vector{v::name_taken, v::recorded});
}

TEST_CASE_METHOD(with_files, "long names, and names with any character, are names") {
  const std::string deep = "/out/" + std::string(3000, 'x');
  auto grant = take(node, id);
  CHECK(report(node, filed(grant.lease, 0, {deep + "1", "/out/\"q\\ü {} "})) == v::recorded);
  CHECK(report(node, filed(grant.lease, 1, {deep + "2"})) == v::recorded);
  CHECK(report(node, filed(grant.lease, 2, {"/out/\"q\\ü {} "})) == v::name_taken);
}

TEST_CASE_METHOD(with_files, "a continued run keeps the names of what it carries over, no others") {
  auto grant = take(node, id);
  report(node, filed(grant.lease, 0, {"/out/a"}));
  report(node, filed(grant.lease, 1, {"/out/a"}));
  for (partition_no no = 2; no < 6; ++no)
    report(node, ended(grant.lease, no, attempt_outcome::released));
  end(r, id, step_state::failed);
  end(r, run_state::failed);
  auto made = db->restart(r.run, "again");
  db->adopt_run(made.id, node, made.term);
  auto again = take(node, db->list_steps(made.id).at(0).id);
  CHECK(report(node, filed(again.lease, 1, {"/out/a"})) == v::name_taken);
  CHECK(report(node, filed(again.lease, 2, {"/out/b"})) == v::recorded);
}
