#include <fmt/format.h>

#include <algorithm>

#include "apps/partita/report/charts.hpp"
#include "apps/partita/report/html.hpp"
#include "apps/partita/report/run_report.hpp"

namespace partita::report {

using cli::cell;
using cli::document;
using cli::listing;

namespace {

constexpr std::size_t kinds_told = 50;
constexpr std::size_t steps_told = 200;

// No font, picture, script or style of another place: the page asks for nothing.
constexpr const char* head = R"(<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>
:root { --ground:#fff; --ink:#1d2430; --soft:#5b6675; --line:#d9dee6; --good:#2f8f5b; --bad:#c8372d;
  --calm:#c98a1b; --busy:#2f6fc4; --floor:#eef1f5; }
@media (prefers-color-scheme: dark) { :root { --ground:#14181f; --ink:#e4e8ee; --soft:#9aa5b4;
  --line:#333c48; --good:#4fb67e; --bad:#ee6b60; --calm:#e0aa45; --busy:#6aa5ee;
  --floor:#1f2630; } }
@media print { :root { --ground:#fff; --ink:#000; --soft:#444; --line:#bbb; --floor:#f2f2f2; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; } tr, svg { break-inside: avoid; } .table { overflow: visible; } }
body { margin: 2rem auto; max-width: 76rem; padding: 0 1rem; background: var(--ground);
  color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
h1, h2, h3, td, th, dd, dt, text, p { unicode-bidi: isolate; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: 0; }
dt { color: var(--soft); } dd { margin: 0; white-space: pre-wrap; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem; }
th, td { padding: .25rem .6rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: normal; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.text { white-space: pre-wrap; overflow-wrap: anywhere; min-width: 16rem; }
.bars th { width: 8rem; font-weight: 400; } .bars .n { width: 7rem; }
.bar { background: var(--floor); height: .8rem; min-width: 8rem; margin-top: .3rem; display: flex; }
.bar .good, i.good { background: var(--good); } .bar .bad, i.bad { background: var(--bad); }
.bar .busy { background: var(--busy); }
i.calm { background: var(--calm); } .none, .key { color: var(--soft); font-size: .9rem; }
.state { font-weight: 600; } .state.good { color: var(--good); } .state.bad { color: var(--bad); }
.state.busy { color: var(--busy); } .state.calm { color: var(--calm); }
svg { width: 100%; height: auto; } svg text { font: 11px system-ui, sans-serif; fill: var(--soft); }
svg .floor { fill: var(--floor); } svg .grid { stroke: var(--line); }
svg .good { fill: var(--good); } svg .bad { fill: var(--bad); } svg .calm { fill: var(--calm); }
svg .lost { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 3 2; }
.busy0 { fill: var(--busy); fill-opacity: .1; } .busy1 { fill: var(--busy); fill-opacity: .3; }
.busy2 { fill: var(--busy); fill-opacity: .5; } .busy3 { fill: var(--busy); fill-opacity: .75; }
.busy4 { fill: var(--busy); }
i { display: inline-block; width: .9rem; height: .7rem; margin-left: .8rem; }
i.busy0, i.busy2, i.busy4 { background: var(--busy); } i.busy0 { opacity: .1; }
i.busy2 { opacity: .5; } i.lost { border-left: 2px dashed var(--bad); width: .2rem; }
</style>
)";

const listing slowest{{{"NO", "/no", cell::number},
                       {"KEY", "/key"},
                       {"TOOK", "/duration_s", cell::duration},
                       {"NODE", "/node/name"}},
                      "/no"};
const listing error_kinds{{{"COUNT", "/count", cell::number},
                           {"OUTCOME", "/outcome", cell::state},
                           {"STEPS", "/steps"},
                           {"FIRST", "/first_at", cell::time},
                           {"LAST", "/last_at", cell::time},
                           {"FOR EXAMPLE", "/example/no", cell::number},
                           {"MESSAGE", "/message", cell::sentence}}};
const listing let_go{{{"STEP", "/step"},
                      {"NO", "/no", cell::number},
                      {"ITEM", "/item", cell::number},
                      {"STAGE", "/stage"},
                      {"PLACE", "/place", cell::sentence},
                      {"WHY", "/why", cell::sentence}}};
const listing moved{{{"AT", "/at", cell::time},
                     {"STEP", "/step_name"},
                     {"PARTITIONS", "/span"},
                     {"WHY", "/cause", cell::sentence},
                     {"THEN ON", "/next", cell::sentence}}};
const listing changes{{{"ID", "/id"},
                       {"AT", "/at", cell::time},
                       {"KIND", "/kind"},
                       {"STEP", "/step"},
                       {"LEASE", "/lease"},
                       {"NODE", "/node"},
                       {"DETAIL", "/detail", cell::text}}};

std::string text_of(const document& value, std::size_t most = 2'000) {
  if (value.is_null()) return "-";
  return html(value.is_string() ? value.get<std::string>() : cli::dump(value), most);
}

std::string section(const std::string& title, const std::string& content) {
  return "<h2>" + html(title) + "</h2>\n" + content;
}

std::string note_if(bool more, const std::string& note) {
  return more ? "<p class=\"none\">" + html(note) + "</p>\n" : "";
}

std::vector<document> items_in(const document& list, std::size_t most = SIZE_MAX) {
  std::vector<document> items;
  for (const auto& item : list)
    if (items.size() < most) items.push_back(item);
  return items;
}

std::string head_of_run(const document& shown) {
  const auto& run = shown["run"];
  const auto& sum = run["partitions"];
  std::vector<std::pair<std::string, std::string>> fields{
      {"job", text_of(run["job"]) + ", version " + text_of(run["job_version"])},
      {"state", html_state(run["state"].get<std::string>())},
      {"partitions", fmt::format("{} of {} completed, {} failed",
                                 cli::grouped(sum["completed"].get<std::int64_t>()),
                                 cli::grouped(sum["total"].get<std::int64_t>()),
                                 cli::grouped(sum["failed"].get<std::int64_t>()))},
      {"took", time_text(run["duration_s"])},
      {"submitted", text_of(run["created_at"])},
      {"started", text_of(run["started_at"])},
      {"ended", text_of(run["ended_at"])}};
  const auto add = [&](const char* name, const document& value, std::size_t most) {
    if (!value.is_null() && value != "") fields.emplace_back(name, text_of(value, most));
  };
  if (run["master"].is_object()) add("master", run["master"]["name"], 200);
  add("waits for", run["waits_for"], 500);
  add("continues run", run["restart_of"], 40);
  add("continued by run", run["continued_by"], 40);
  add("launch key", run["launch_key"], 200);
  add("result", run["result"], 5'000);
  add("error", run["error"], 5'000);
  return html_fields(fields);
}

std::string steps_of(const document& steps) {
  std::string rows;
  std::size_t told = 0;
  for (const auto& step : steps) {
    if (told++ == steps_told) break;
    const auto& sum = step["partitions"];
    const auto total = std::max<double>(1, sum["total"].get<double>());
    const auto share = sum["completed"].get<double>() / total;
    const auto lost = sum["failed"].get<double>() / total;
    const auto count = [&](const char* name) {
      return "<td class=\"n\">" + cli::grouped(step["items"][name].get<std::int64_t>()) + "</td>";
    };
    rows += "<tr><td>" + text_of(step["name"], 200) + "</td><td>" +
            html_state(step["state"].get<std::string>()) + "</td><td>" +
            fmt::format(
                "<div class=\"bar\"><div class=\"good\" style=\"width:{:.1f}%\"></div>"
                "<div class=\"bad\" style=\"width:{:.1f}%\"></div></div></td>",
                std::clamp(share, 0.0, 1.0) * 100, std::clamp(lost, 0.0, 1.0) * 100) +
            "<td class=\"n\">" + cli::grouped(sum["completed"].get<std::int64_t>()) + " / " +
            cli::grouped(sum["total"].get<std::int64_t>()) + "</td><td class=\"n\">" +
            cli::grouped(sum["failed"].get<std::int64_t>()) + "</td>" + count("read") +
            count("written") + count("filtered") + count("skipped") + "<td class=\"n\">" +
            time_text(step["duration_s"]) + "</td><td class=\"text\">" +
            text_of(step["error"], 500) + "</td></tr>\n";
  }
  if (rows.empty()) return "<p class=\"none\">No step has begun.</p>\n";
  return "<div class=\"table\"><table>\n<thead><tr><th>STEP</th><th>STATE</th><th></th>"
         "<th class=\"n\">PARTITIONS</th><th class=\"n\">FAILED</th><th class=\"n\">READ</th>"
         "<th class=\"n\">WRITTEN</th><th class=\"n\">FILTERED</th><th class=\"n\">SKIPPED</th>"
         "<th class=\"n\">TOOK</th><th>ERROR</th></tr></thead>\n<tbody>\n" +
         rows + "</tbody></table></div>\n" +
         note_if(steps.size() > steps_told, "Only the first steps are shown.");
}

std::string durations_of(const document& steps) {
  std::string out;
  std::size_t told = 0;
  for (const auto& step : steps) {
    if (!step.contains("durations") || told++ == steps_told / 4) continue;
    out += "<h3>" + text_of(step["name"], 200) + "</h3>\n" + duration_chart(step);
    if (!step["slowest"].empty())
      out += "<h3>Slowest of " + text_of(step["name"], 200) + "</h3>\n" +
             html_table(slowest, items_in(step["slowest"]), "None.");
  }
  return out.empty() ? "<p class=\"none\">No step has partitions.</p>\n" : out;
}

std::string moves_of(const document& timeline) {
  const auto name_of = [&](const document& list, const document& place) {
    const auto at = place.get<std::size_t>();
    return at < list.size() ? list[at]["name"].get<std::string>() : std::string{};
  };
  std::vector<document> items;
  for (auto move : timeline["moves"]) {
    move["step_name"] = name_of(timeline["steps"], move["step"]);
    move["span"] = cli::dump(move["lo"]) + " to " + cli::dump(move["hi"]);
    std::vector<std::string> next;
    for (const auto& to : move["to"])
      next.push_back(name_of(timeline["nodes"], to["node"]) + " at " + to["at"].get<std::string>());
    move["next"] = !next.empty()              ? cli::join(next, "\n")
                   : timeline["live"] == true ? "nobody yet"
                                              : "no other node";
    items.push_back(std::move(move));
  }
  return html_table(moved, items,
                    "No node was lost, or left, while it held partitions of this run.");
}

std::string names_and_values(const document& object, const std::string& none) {
  std::vector<std::pair<std::string, std::string>> fields;
  if (object.is_object())
    for (const auto& [name, value] : object.items()) fields.emplace_back(name, text_of(value));
  return fields.empty() ? "<p class=\"none\">" + none + "</p>\n" : html_fields(fields);
}

}  // namespace

std::string report_page(const document& shown) {
  const auto& run = shown["run"];
  const auto title = fmt::format("Run {} of {}", run["id"].get<std::string>(),
                                 cli::clip(run["job"].get<std::string>(), 100));
  auto out = std::string{"<!doctype html>\n<html lang=\"en\">\n<head>\n"} + head + "<title>" +
             html(title) + ": " + html(run["state"].get<std::string>()) +
             "</title>\n</head>\n<body>\n<h1>" + html(title) + "</h1>\n";
  out += head_of_run(shown);
  out += section("Steps", steps_of(run["steps"]));
  out += section("Timeline", timeline_chart(shown["timeline"]));
  out += section("How long partitions took", durations_of(run["steps"]));
  const auto& errors = shown["errors"];
  out += section("Errors", html_table(error_kinds, items_in(errors["items"], kinds_told),
                                      "No attempt at a partition has failed.") +
                               note_if(errors["more"].get<bool>(),
                                       "Counted are the first failures of each step.") +
                               note_if(errors["items"].size() > kinds_told,
                                       "Only the most frequent messages are shown."));
  out += section("Work that moved", moves_of(shown["timeline"]));
  const auto& skipped = shown["skipped"];
  out += section("Skipped items",
                 html_table(let_go, items_in(skipped["items"]), "No item was let go.") +
                     note_if(skipped["more"].get<bool>(), "There are more."));
  out += section("Parameters", names_and_values(run["parameters"], "It has none."));
  out += section("Settings of its steps", names_and_values(run["settings"], "None is stored."));
  out += section("Events", html_table(changes, items_in(shown["events"]["items"]), "None.") +
                               note_if(shown["events"]["more"].get<bool>(),
                                       "Those in the middle are left out."));
  return out + "<p class=\"key\">As of " + text_of(shown["timeline"]["now"]) + ", from " +
         text_of(shown["database"]) + ", by partita " + text_of(shown["version"]) +
         ". Times are UTC.</p>\n</body>\n</html>\n";
}

}  // namespace partita::report
