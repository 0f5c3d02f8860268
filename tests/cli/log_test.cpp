#include "apps/partita/log.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

const db_time at{std::chrono::microseconds{1'772'360'430'123'456}};

nlohmann::json logged(std::string_view payload, std::string_view node = "") {
  return nlohmann::json::parse(json_log_line({at, "info", node, payload}));
}

}  // namespace

TEST_CASE("an event and its fields become members of one JSON object") {
  auto line = logged("lease_granted lease=17 width=500 fast=true ratio=0.5 job=range_sum", "n-1");
  CHECK(line["ts"] == "2026-03-01T10:20:30.123Z");
  CHECK(line["level"] == "info");
  CHECK(line["msg"] == "lease_granted");
  CHECK(line["node"] == "n-1");
  CHECK(line["lease"] == "17");  // ids are text
  CHECK(line["width"] == 500);
  CHECK(line["fast"] == true);
  CHECK(line["ratio"] == "0.5");
  CHECK(line["job"] == "range_sum");
}

TEST_CASE("quoted values keep spaces, quotes and line breaks") {
  auto line = logged(R"(run_failed run=3 error="cannot read \"a=b\":\n no" attempt="2")");
  CHECK(line["error"] == "cannot read \"a=b\":\n no");
  CHECK(line["attempt"] == "2");
  CHECK(line["msg"] == "run_failed");
}

TEST_CASE("prose stays whole") {
  CHECK(logged("the database does not answer")["msg"] == "the database does not answer");
  CHECK(logged("")["msg"] == "");
  CHECK(logged("1+1=2 x")["msg"] == "1+1=2 x");
}

TEST_CASE("an open quote ends at the next space") {
  auto line = logged("oops text=\"never closed");
  CHECK(line["text"] == "\"never");
  CHECK(line["msg"] == "oops closed");
}

TEST_CASE("a field cannot overwrite what every line has") {
  auto line = logged("event msg=x ts=y level=z", "n-1");
  CHECK(line["msg"] == "event");
  CHECK(line["msg_"] == "x");
  CHECK(line["level"] == "info");
}

TEST_CASE("one message is one line, whatever it holds") {
  auto json = json_log_line({at, "warn", "", "a\nb \xff \x1b[2J"});
  CHECK(json.find('\n') == std::string::npos);
  CHECK(nlohmann::json::parse(json)["msg"].get<std::string>().starts_with("a\nb"));
  CHECK(text_log_line({at, "warn", "n-1", "a\nb"}) ==
        "2026-03-01T10:20:30.123Z warn n-1 a\\nb");
}
