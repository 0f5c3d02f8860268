#include "apps/partita/overview.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

document run(int id) {
  return {{"id", std::to_string(id)},
          {"job", "nightly"},
          {"state", "RUNNING"},
          {"waits_for", nullptr},
          {"partitions", {{"completed", 40}, {"failed", 10}, {"total", 100}, {"sealed", true}}},
          {"progress", 0.4},
          {"rate_per_s", 12.5},
          {"eta_s", 4.0},
          {"duration_s", 61.0},
          {"master", {{"id", "1"}, {"name", "one"}}}};
}

document cluster(int runs) {
  auto shown = document::parse(R"({
    "health": {"status": "WARNING", "sentence": "1 node at work", "database": "sqlite:x.db",
               "now": "2026-03-01T10:20:30.000Z", "running": 1, "slots": 2, "warnings": [
                 {"code": "run_waits", "text": "run 7 waits for a node", "hint": ""},
                 {"code": "stuck", "text": "a body", "hint": "kill it"}]},
    "nodes": [{"id": "1", "name": "one", "state": "ACTIVE", "running": 3, "slots": 4, "stuck": 1,
               "heartbeat_age_s": 0.4, "leases": [
                 {"run": "17", "job": "nightly", "step": "load"},
                 {"run": "17", "job": "nightly", "step": "load"}], "doing": [
                 {"run": "17", "job": "nightly", "step": "load", "no": 33, "for_s": 12.0}]}],
    "failures": [{"at": "2026-03-01T10:20:29.000Z", "run": "17", "job": "nightly", "step": "load",
                  "no": 3, "attempt": 2, "outcome": "RETRY", "node": {"name": "one"},
                  "error": "bad\u001b[31m line"}]})");
  shown["runs"] = document::array();
  for (int id = 0; id < runs; ++id) shown["runs"].push_back(run(id + 1));
  shown["health"]["runs"] = {{"created", 0}, {"running", runs}};
  return shown;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the overview shows runs with their outlook, nodes with their work, and failures") {
  const auto text = draw_overview(cluster(1), {}, {200, 0});
  CHECK(text.starts_with("WARNING  1 node at work\n"));
  CHECK(has(text, "\n! run 7 waits for a node\n! a body: kill it\n"));
  CHECK(has(text, "[########............]   40%      40/100      10  12/s  4.0s  1m 01s  one"));
  CHECK(has(text, "3/4, 1 stuck"));
  CHECK(has(text, "nightly 17, load 33 (12s); +2"));
  auto young = cluster(0);
  young["nodes"][0]["doing"] = document::array();
  CHECK(has(draw_overview(young, {}, {200, 0}), " nightly 17, load\n"));
  CHECK(has(text, "bad\\x1b[31m line"));
  CHECK_FALSE(has(text, "\x1b"));
}

TEST_CASE("the overview of an idle cluster has no empty lists") {
  auto idle = cluster(0);
  idle["nodes"] = idle["failures"] = document::array();
  const auto text = draw_overview(idle, {}, {80, 0});
  CHECK_FALSE(has(text, "under way\n"));
  CHECK_FALSE(has(text, "Nodes:"));
}

TEST_CASE("the overview tells of live runs that are not in its list") {
  auto many = cluster(3);
  CHECK_FALSE(has(draw_overview(many, {}, {200, 0}), "more"));
  many["health"]["runs"] = {{"created", 7}, {"running", 60}};
  CHECK(has(draw_overview(many, {}, {200, 0}), "… and 64 more\n"));
}

TEST_CASE("the overview fits its screen, and tells what it leaves out") {
  style painted;
  painted.color = true;
  for (const screen_size size : {screen_size{40, 12}, screen_size{100, 24}, screen_size{1, 1}}) {
    const auto text = draw_overview(cluster(50), painted, size);
    std::size_t lines = 0;
    for (std::size_t from = 0; from < text.size(); ++lines) {
      const auto end = text.find('\n', from);
      std::string plain;
      for (auto i = from; i < end; ++i)
        if (text[i] == '\x1b')
          i = text.find('m', i);
        else
          plain += text[i];
      CHECK(width(plain) <= size.columns);
      from = end + 1;
    }
    CHECK(lines <= size.rows);
  }
  CHECK(has(draw_overview(cluster(50), {}, {100, 24}), "… and 44 more\n"));
}

TEST_CASE("a line with colours is cut between them, and they end with it") {
  const std::string line = "\x1b[32mgreen\x1b[0m and plain";
  CHECK(clip_drawn(line, 80) == line);
  CHECK(clip_drawn(line, 15) == line);
  CHECK(clip_drawn(line, 3) == "\x1b[32mgr…\x1b[0m");
  CHECK(clip_drawn(line, 7) == "\x1b[32mgreen\x1b[0m …");
  CHECK(clip_drawn("\x1b[1mgreen\x1b[0m", 5) == "\x1b[1mgreen\x1b[0m");
  CHECK(clip_drawn("äöü", 2) == "ä…");
  CHECK(clip_drawn("", 2).empty());
}
