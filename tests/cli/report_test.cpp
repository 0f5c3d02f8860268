#include <catch2/catch.hpp>

#include "apps/partita/report/charts.hpp"
#include "apps/partita/report/html.hpp"
#include "apps/partita/report/run_report.hpp"

using namespace partita;
using cli::document;

namespace {

const std::string evil = "<script>alert(1)</script>\"'&\x1b[31m\xff";

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

document node(const std::string& name) { return {{"id", "1"}, {"name", name}}; }

document timeline(int partitions) {
  document shown{{"from", "2026-03-01T10:00:00.000Z"},
                 {"to", "2026-03-01T10:00:10.000Z"},
                 {"now", "2026-03-01T10:00:10.000Z"},
                 {"detail", "PARTITIONS"},
                 {"bin_s", 1.0},
                 {"nodes", {node(evil), node("two")}},
                 {"steps", {{{"id", "1"}, {"name", evil}}}},
                 {"tiles", document::array()},
                 {"partitions", document::array()},
                 {"moves",
                  {{{"lease", "1"},
                    {"step", 0},
                    {"lo", 3},
                    {"hi", 4},
                    {"from", 0},
                    {"at", "2026-03-01T10:00:05.000Z"},
                    {"cause", evil},
                    {"to", {{{"node", 1}, {"at", "2026-03-01T10:00:06.000Z"}}}}}}}};
  for (int i = 0; i < partitions; ++i)
    shown["partitions"].push_back({i % 2, 0, i, 100.0 * i, 250.0, "C", 1});
  return shown;
}

document step() {
  document shown{{"name", evil},
                 {"state", "FAILED"},
                 {"partitions", {{"completed", 1}, {"failed", 1}, {"total", 4}}},
                 {"items", {{"read", 1}, {"written", 2}, {"filtered", 3}, {"skipped", 4}}},
                 {"duration_s", 2.0},
                 {"error", evil},
                 {"durations",
                  {{{"up_to_s", 0.001}, {"count", 0}},
                   {{"up_to_s", 0.003}, {"count", 7}},
                   {{"up_to_s", nullptr}, {"count", 0}}}},
                 {"durations_of", 7},
                 {"median_s", 0.002},
                 {"p95_s", 0.0025}};
  shown["slowest"] =
      document::array({{{"no", 1}, {"key", evil}, {"duration_s", 1.5}, {"node", node(evil)}}});
  return shown;
}

document report_of_hostile_run() {
  document run{{"id", "17"},
               {"job", evil},
               {"job_version", 1},
               {"state", "FAILED"},
               {"partitions", {{"completed", 1}, {"failed", 1}, {"total", 4}}},
               {"duration_s", 2.0},
               {"created_at", "2026-03-01T10:00:00.000Z"},
               {"started_at", nullptr},
               {"ended_at", nullptr},
               {"master", node(evil)},
               {"waits_for", evil},
               {"restart_of", nullptr},
               {"continued_by", nullptr},
               {"launch_key", evil},
               {"result", {{evil, evil}}},
               {"error", std::string(1'000'000, '<')},
               {"parameters", {{evil, evil}}},
               {"settings", {{evil, {{"max_attempts", 3}}}}}};
  run["steps"] = document::array({step()});
  const document failure{{"no", 3}, {"step", evil}};
  document shown{{"run", run}, {"timeline", timeline(50)}, {"database", evil}, {"version", "0.1"}};
  shown["errors"] = {{"items", document::array({{{"message", evil},
                                                 {"count", 2},
                                                 {"outcome", evil},
                                                 {"steps", {evil}},
                                                 {"first_at", "2026-03-01T10:00:00.000Z"},
                                                 {"last_at", "2026-03-01T10:00:00.000Z"},
                                                 {"example", failure}}})},
                     {"more", true}};
  shown["skipped"] = {{"items", document::array({{{"step", evil},
                                                  {"no", 1},
                                                  {"item", 2},
                                                  {"stage", "READ"},
                                                  {"place", evil},
                                                  {"why", evil}}})},
                      {"more", true}};
  shown["events"] = {{"items", document::array({{{"id", "1"}, {"kind", evil}, {"detail", evil}}})},
                     {"more", false}};
  return shown;
}

}  // namespace

TEST_CASE("text in a page has lost its markup, control characters and bytes that are no UTF-8") {
  CHECK(report::html("a<b>&\"'") == "a&lt;b&gt;&amp;&quot;&#39;");
  CHECK(report::html("one\ntwo\x1b[2J") == "one\ntwo\\x1b[2J");
  CHECK(report::html("\xff") == "\xEF\xBF\xBD");
  CHECK(report::html("äöü", 2) == "ä…");
  CHECK(report::html("").empty());
  CHECK(report::html("x\n") == "x\n");
}

TEST_CASE("nothing that a run holds becomes markup of its report, however long it is") {
  const auto page = report::report_page(report_of_hostile_run());
  CHECK_FALSE(has(page, "<script"));
  CHECK_FALSE(has(page, "\x1b"));
  CHECK(has(page, "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;\\x1b[31m"));
  CHECK(page.size() < 100'000);
}

TEST_CASE("a report asks for nothing else") {
  const auto page = report::report_page(report_of_hostile_run());
  for (const auto* asks : {"src=", "href=", "@import", "url(", "http://", "https://"})
    CHECK_FALSE(has(page, asks));
  CHECK(has(page, "default-src 'none'"));
}

TEST_CASE("few partitions are drawn one by one, beside each other where they ran at once") {
  const auto chart = report::timeline_chart(timeline(50));
  std::size_t drawn = 0;
  for (auto at = chart.find(", try "); at != std::string::npos; at = chart.find(", try ", at + 1))
    ++drawn;
  CHECK(drawn == 50);
  CHECK(has(chart, "try 1: completed in 250 ms"));
  CHECK(has(chart, "y=\"7\""));         // a second lane
  CHECK_FALSE(has(chart, "y=\"14\""));  // no third one: 250 ms long, every 200 ms
  CHECK(has(chart, "partitions 3 to 4 were taken back"));
}

TEST_CASE("many partitions are drawn as how busy nodes were, in few bytes") {
  auto many = timeline(0);
  many["detail"] = "TILES";
  many["bin_s"] = 0.025;
  for (int node = 0; node < 2; ++node)
    for (int bin = 0; bin < 400; ++bin)
      many["tiles"].push_back({node, bin, 0.25 * (bin % 5), 1000, bin % 100 == 0 ? 1 : 0, 0, 0.1});
  const auto chart = report::timeline_chart(many);
  CHECK(has(chart, "class=\"busy4\""));
  CHECK(has(chart, "class=\"bad\" d=\"M170.0 10h"));
  CHECK(chart.size() < 40'000);
}

TEST_CASE("a run that did nothing has a report") {
  auto shown = report_of_hostile_run();
  shown["timeline"] = timeline(0);
  shown["timeline"]["nodes"] = shown["timeline"]["moves"] = document::array();
  shown["run"]["steps"] = document::array();
  const auto page = report::report_page(shown);
  CHECK(has(page, "No partition was executed."));
  CHECK(has(page, "No step has begun."));
}

TEST_CASE("durations are bars between the shortest and the longest") {
  const auto chart = report::duration_chart(step());
  CHECK(has(chart, "up to 3 ms"));
  CHECK_FALSE(has(chart, "up to 1 ms"));
  CHECK_FALSE(has(chart, "longer"));
  CHECK(has(chart, "Of 7 partitions: median 2 ms, 95 of 100 within 2 ms"));
  CHECK_FALSE(has(chart, "class=\"good\""));  // some may have failed
  auto single = step();
  single["durations_of"] = 1;
  CHECK(has(report::duration_chart(single), "Of 1 partition: "));
}
