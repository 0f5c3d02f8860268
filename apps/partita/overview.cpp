#include "apps/partita/overview.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "apps/partita/progress.hpp"

namespace partita::cli {

namespace {

constexpr int overview_cells = 20;
constexpr std::size_t least_lines = 3;  // of a list on a low screen
constexpr std::size_t wide_error = 200;

const listing live_runs{{{"RUN", "/id"},
                         {"JOB", "/job"},
                         {"STATE", "/state", cell::state},
                         {"", "/bar"},
                         {"DONE", "/progress", cell::percent},
                         {"PARTITIONS", "/partitions", cell::ratio},
                         {"FAILED", "/partitions/failed", cell::number},
                         {"RATE", "/rate"},
                         {"ETA", "/eta_s", cell::duration},
                         {"SINCE", "/duration_s", cell::duration},
                         {"MASTER", "/master/name"}}};

const listing nodes_at_work{{{"NODE", "/id"},
                             {"NAME", "/name"},
                             {"STATE", "/state", cell::state},
                             {"BUSY", "/busy"},
                             {"HEARTBEAT", "/heartbeat_age_s", cell::duration},
                             {"DOES", "/does"}}};

const listing last_failures{{{"AT", "/at", cell::time},
                             {"RUN", "/run"},
                             {"JOB", "/job"},
                             {"STEP", "/step"},
                             {"NO", "/no"},
                             {"TRY", "/attempt"},
                             {"OUTCOME", "/outcome", cell::state},
                             {"NODE", "/node/name"},
                             {"ERROR", "/error"}}};

std::string text_at(const document& item, const char* key) {
  const auto found = item.find(key);
  return found != item.end() && found->is_string() ? found->get<std::string>() : "";
}

std::string seconds_text(const document& value) {
  return value.is_number()
             ? duration_text(microseconds{std::llround(std::min(value.get<double>(), 1e9) * 1e6)})
             : "-";
}

document drawn_run(document run) {
  const auto& sum = run["partitions"];
  run["bar"] = progress_bar(sum["completed"].get<std::int64_t>(), sum["total"].get<std::int64_t>(),
                            overview_cells);
  const auto& rate = run["rate_per_s"];
  if (rate.is_number())
    run["rate"] = fmt::format("{:.{}f}/s", rate.get<double>(), rate.get<double>() < 10 ? 1 : 0);
  return run;
}

/// "nightly 17, load 33 (12.0s)", and how many more. A node tells its partitions one by one once
/// they last; until then its leases tell what it does: "nightly 17, load".
std::string work_text(const document& node) {
  std::vector<std::string> parts;
  for (const auto& one : node["doing"])
    parts.push_back(fmt::format("{} {}, {} {} ({})", text_at(one, "job"), text_at(one, "run"),
                                text_at(one, "step"), one["no"].get<std::int64_t>(),
                                seconds_text(one["for_s"])));
  const auto more = node["running"].get<std::int64_t>() - std::ssize(parts);
  if (parts.empty())
    for (const auto& one : node["leases"]) {
      const auto text =
          fmt::format("{} {}, {}", text_at(one, "job"), text_at(one, "run"), text_at(one, "step"));
      if (std::find(parts.begin(), parts.end(), text) == parts.end()) parts.push_back(text);
    }
  else if (more > 0)
    parts.push_back(fmt::format("+{}", more));
  return join(parts, "; ");
}

document drawn_node(document node) {
  node["busy"] = fmt::format("{}/{}", node["running"].get<int>(), node["slots"].get<int>());
  if (const auto stuck = node["stuck"].get<int>(); stuck > 0)
    node["busy"] = text_at(node, "busy") + fmt::format(", {} stuck", stuck);
  node["does"] = work_text(node);
  return node;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    lines.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return lines;
}

/// Collects lines; a section is a title, then a list, at most `most` of it. There may be more than
/// are listed: `total`.
class page {
 public:
  explicit page(const style& how) : how_(how) {}

  void line(const std::string& text) { lines_.push_back(text); }

  void section(const std::string& title, const listing& what, const std::vector<document>& items,
               std::size_t most, std::size_t total = 0) {
    if (items.empty()) return;
    line("");
    line(bold(title));
    const auto few = std::vector<document>(
        items.begin(), items.begin() + static_cast<std::ptrdiff_t>(std::min(most, items.size())));
    for (auto& row : lines_of(render(what, few, how_))) lines_.push_back(std::move(row));
    total = std::max(total, items.size());
    if (few.size() < total) line(fmt::format("… and {} more", total - few.size()));
  }

  std::string painted(const std::string& text, const char* color) const {
    return how_.color ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : text;
  }
  std::string bold(const std::string& text) const { return painted(text, "1"); }

  std::string text(screen_size size) const {
    std::string out;
    auto count = lines_.size();
    if (size.rows > 0 && count > size.rows) count = size.rows;
    for (std::size_t i = 0; i < count; ++i) {
      const bool cut = i + 1 == count && count < lines_.size();
      out += (cut ? std::string{"…"} : clip_drawn(lines_[i], size.columns)) + "\n";
    }
    return out;
  }

 private:
  const style& how_;
  std::vector<std::string> lines_;
};

}  // namespace

std::string clip_drawn(std::string_view line, std::size_t columns) {
  std::string out;
  std::size_t seen = 0;
  bool is_painted = false;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '\x1b') {
      const auto end = std::min(line.find('m', i), line.size() - 1);
      out += line.substr(i, end + 1 - i);
      is_painted = !out.ends_with("\x1b[0m");
      i = end + 1;
      continue;
    }
    auto end = i + 1;
    while (end < line.size() && (static_cast<unsigned char>(line[end]) & 0xC0) == 0x80) ++end;
    if (++seen > columns) break;
    const bool is_last =
        seen == columns && width(line.substr(end)) > 0 && line.substr(end) != "\x1b[0m";
    out += is_last ? "…" : std::string{line.substr(i, end - i)};
    i = end;
  }
  return is_painted ? out + "\x1b[0m" : out;
}

std::string draw_overview(const document& shown, const style& how, screen_size size) {
  auto lists = how;
  lists.format = output_format::table;
  page drawn{lists};
  const auto& health = shown["health"];
  const auto status = text_at(health, "status");
  const auto* color = status == "OK" ? "32" : status == "FAILING" ? "31" : "33";
  drawn.line(drawn.painted(status, color) + "  " + escape_controls(text_at(health, "sentence")));
  drawn.line(escape_controls(text_at(health, "database") + "  " + text_at(health, "now")));
  for (const auto& warning : health["warnings"]) {
    const auto hint = text_at(warning, "hint");
    drawn.line(drawn.painted("! ", color) +
               escape_controls(text_at(warning, "text") + (hint.empty() ? "" : ": " + hint)));
  }
  const auto most = size.rows == 0 ? SIZE_MAX : std::max(least_lines, size.rows / 4);
  std::vector<document> runs, nodes, failures;
  for (const auto& run : shown["runs"]) runs.push_back(drawn_run(run));
  for (const auto& node : shown["nodes"]) nodes.push_back(drawn_node(node));
  for (auto failure : shown["failures"]) {
    failure["error"] = clip(text_at(failure, "error"), wide_error);
    failures.push_back(std::move(failure));
  }
  const auto& live = health["runs"];
  drawn.section("Runs under way", live_runs, runs, most,
                live["created"].get<std::size_t>() + live["running"].get<std::size_t>());
  drawn.section(fmt::format("Nodes: {} of {} executors busy", health["running"].get<int>(),
                            health["slots"].get<int>()),
                nodes_at_work, nodes, most);
  drawn.section("Last failures", last_failures, failures, most);
  return drawn.text(size);
}

}  // namespace partita::cli
