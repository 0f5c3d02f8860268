#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

struct logs : contract {
  logs()
      : node_(join("a")), run_(drive(node_)), step_(split(run_, 5)), grant_(take(node_, step_)) {}

  log_line line(std::int64_t number, const std::string& text, partition_no no = 0) const {
    return {grant_.lease, no, number, text, milliseconds{0}};
  }

  std::vector<std::string> said(partition_no no = 0, int limit = 1000) {
    std::vector<std::string> texts;
    for (const auto& row : db->list_log(step_, no, limit))
      texts.push_back(std::to_string(row.number) + " " + row.text);
    return texts;
  }

  node_id node_;
  driven_run run_;
  step_id step_;
  lease_grant grant_;
};

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(logs, "lines are kept with their partition, whoever had it") {
  db->record_log({});
  db->record_log(std::vector{line(1, "begun"), line(1, "other", 3), line(2, "ü\n\"'")});
  CHECK(said() == texts{"1 begun", "2 ü\n\"'"});
  CHECK(said(3) == texts{"1 other"});
  CHECK(said(4).empty());
  const auto first = db->list_log(step_, 0, 1000).at(0);
  CHECK(first.lease == grant_.lease);
  CHECK(first.node == node_);
  CHECK(first.attempt == 1);
  report(node_, ended(grant_.lease, 0, attempt_outcome::retry));
  pass(milliseconds{1000});
  const auto again = take(node_, step_);
  REQUIRE(again.span.contains(0));
  auto next = line(1, "again");
  next.lease = again.lease;
  next.ago = std::chrono::seconds{10};
  db->record_log(std::vector{next});
  CHECK(said() == texts{"1 begun", "2 ü\n\"'", "1 again"});
  const auto last = db->list_log(step_, 0, 1000).back();
  CHECK(last.attempt == 2);
  const auto before = lease(again.lease).granted_at - last.at;
  CHECK(before > std::chrono::seconds{8});
  CHECK(before <= std::chrono::seconds{10});
  CHECK(said(0, 2) == texts{"2 ü\n\"'", "1 again"});
}

TEST_CASE_METHOD(logs, "of an attempt the last lines are kept, and none twice") {
  std::vector<log_line> all;
  for (std::int64_t i = 1; i <= log_lines_kept; ++i) all.push_back(line(i, "x"));
  db->record_log(all);
  CHECK(said().size() == static_cast<std::size_t>(log_lines_kept));
  db->record_log(std::vector{line(1, "late"), line(log_lines_kept + 1, "y"), line(7, "late")});
  CHECK(said().size() == static_cast<std::size_t>(log_lines_kept));
  CHECK(said().front() == "2 x");
  CHECK(said().back() == std::to_string(log_lines_kept + 1) + " y");
}

TEST_CASE_METHOD(logs, "a lease that was lost may say what it did, and no lease of others' work") {
  lose(node_);
  db->record_log(std::vector{line(1, "I was away"), line(1, "not mine", 77)});
  CHECK(said() == texts{"1 I was away"});
  auto stray = line(1, "of nobody");
  stray.lease = lease_id{grant_.lease.value + 1000};
  db->record_log(std::vector{stray});
  CHECK(said().size() == 1);
  CHECK(error_of([&] { db->record_log(std::vector{line(2, "\xff")}); }) == errc::bad_request);
}
