#include "apps/partita/report/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "apps/partita/report/html.hpp"

namespace partita::report {

using cli::document;

namespace {

// In units of the picture.
constexpr double gutter = 170;  // names
constexpr double plot = 820;
constexpr double band = 14;
constexpr double lane = 7;
constexpr double gap = 4;
constexpr double axis = 22;
constexpr std::size_t bands_drawn = 200;
constexpr std::size_t lanes_drawn = 32;
constexpr int levels = 5;  // of how busy a node was
constexpr int ticks = 6;

double number_at(const document& item, const char* key) {
  return item.contains(key) && item[key].is_number() ? item[key].get<double>() : 0;
}

/// A node's stripe of the picture.
struct stripe {
  std::string marks;
  double height = band;
};

struct bar_of_partition {
  double from, took;  // ms
  const document* item;
};

stripe few_partitions(std::vector<bar_of_partition> bars, const document& steps, double span_ms) {
  std::sort(bars.begin(), bars.end(), [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<double> ends;  // of lanes
  stripe out;
  for (const auto& [from, took, item] : bars) {
    std::size_t at = 0;
    while (at < ends.size() && ends[at] > from + 0.001) ++at;
    if (at == ends.size() && at < lanes_drawn) ends.push_back(0);
    at = std::min(at, lanes_drawn - 1);
    ends[at] = from + took;
    const auto& row = *item;
    const auto outcome = row[5].get<std::string>();
    const auto* color = outcome == "C" ? "good" : outcome == "F" ? "bad" : "calm";
    const auto* word = outcome == "C"   ? "completed"
                       : outcome == "F" ? "failed"
                                        : "to be tried again";
    const auto left = std::max(0.0, from / span_ms * plot);
    const auto right = std::clamp((from + took) / span_ms * plot, left, plot);
    out.marks += fmt::format(
        "<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.0f}\" width=\"{:.1f}\" height=\"{:.0f}\"><title>"
        "{} {}, try {}: {} in {}</title></rect>\n",
        color, gutter + left, static_cast<double>(at) * lane, std::max(right - left, 0.7), lane - 1,
        html(steps.at(row[1].get<std::size_t>())["name"].get<std::string>(), 60),
        row[2].get<std::int64_t>(), row[6].get<int>(), word, time_text(row[4].get<double>() / 1e3));
  }
  out.height = std::max(band, static_cast<double>(ends.size()) * lane);
  return out;
}

/// One path for each level: a bin costs few bytes.
stripe many_partitions(const std::vector<const document*>& bins, double bin_width) {
  std::array<std::string, levels> busy;
  std::string failed;
  for (const auto* bin : bins) {
    const auto& row = *bin;
    const auto x = gutter + row[1].get<double>() * bin_width;
    const auto width = std::min(bin_width, gutter + plot - x);
    if (width <= 0) continue;
    const auto share = std::clamp(row[2].get<double>(), 0.0, 1.0);
    const auto level = std::min(levels - 1, static_cast<int>(share * levels));
    busy[static_cast<std::size_t>(level)] +=
        fmt::format("M{:.1f} 0h{:.2f}v{:.0f}h-{:.2f}z", x, width, band, width);
    if (row[4].get<std::int64_t>() > 0)
      failed += fmt::format("M{:.1f} {:.0f}h{:.2f}v4h-{:.2f}z", x, band - 4, width, width);
  }
  stripe out;
  for (int level = 0; level < levels; ++level)
    if (const auto& path = busy[static_cast<std::size_t>(level)]; !path.empty())
      out.marks += fmt::format("<path class=\"busy{}\" d=\"{}\"/>\n", level, path);
  if (!failed.empty()) out.marks += "<path class=\"bad\" d=\"" + failed + "\"/>\n";
  return out;
}

/// Where the work of a node that was lost or left was taken away.
std::string lost_marks(const document& timeline, std::size_t node, db_time from, double span_ms,
                       double height) {
  std::string out;
  for (const auto& move : timeline["moves"]) {
    if (move["from"].get<std::size_t>() != node) continue;
    const auto at = cli::parse_iso_time(move["at"].get<std::string>());
    const auto x = static_cast<double>((at - from) / microseconds{1}) / 1e3 / span_ms * plot;
    if (x < 0 || x > plot) continue;
    out += fmt::format(
        "<line class=\"lost\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"-2\" y2=\"{1:.0f}\"><title>{2}: "
        "partitions {3} to {4} were taken back</title></line>\n",
        gutter + x, height + 2, html(move["cause"].get<std::string>(), 100),
        move["lo"].get<std::int64_t>(), move["hi"].get<std::int64_t>());
  }
  return out;
}

std::string time_axis(double span_ms, double below) {
  std::string out;
  for (int i = 0; i <= ticks; ++i) {
    const auto x = gutter + plot * i / ticks;
    out += fmt::format(
        "<line class=\"grid\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"0\" y2=\"{1:.0f}\"/>"
        "<text x=\"{0:.1f}\" y=\"{2:.0f}\" text-anchor=\"{3}\">{4}</text>\n",
        x, below, below + 15,
        i == ticks ? "end"
        : i == 0   ? "start"
                   : "middle",
        time_text(span_ms / 1e3 * i / ticks));
  }
  return out;
}

}  // namespace

std::string timeline_chart(const document& timeline) {
  const auto from = cli::parse_iso_time(timeline["from"].get<std::string>());
  const auto to = cli::parse_iso_time(timeline["to"].get<std::string>());
  const auto span_ms = std::max(1.0, static_cast<double>((to - from) / microseconds{1}) / 1e3);
  const auto bin_width = number_at(timeline, "bin_s") * 1e3 / span_ms * plot;
  const auto few = timeline["detail"] == "PARTITIONS";
  std::map<std::size_t, std::vector<bar_of_partition>> bars;
  std::map<std::size_t, std::vector<const document*>> bins;
  for (const auto& row : timeline["partitions"])
    bars[row[0].get<std::size_t>()].push_back({row[3].get<double>(), row[4].get<double>(), &row});
  for (const auto& row : timeline["tiles"]) bins[row[0].get<std::size_t>()].push_back(&row);
  const auto& nodes = timeline["nodes"];
  if (nodes.empty()) return "<p class=\"none\">No partition was executed.</p>\n";
  std::string marks;
  double y = 4;
  for (std::size_t i = 0; i < nodes.size() && i < bands_drawn; ++i) {
    const auto drawn = few ? few_partitions(bars[i], timeline["steps"], span_ms)
                           : many_partitions(bins[i], bin_width);
    marks += fmt::format("<g transform=\"translate(0 {:.0f})\">\n", y);
    marks += fmt::format(
        "<rect class=\"floor\" x=\"{:.0f}\" y=\"0\" width=\"{:.0f}\" height=\"{:.0f}\"/>"
        "<text x=\"{:.0f}\" y=\"11\" text-anchor=\"end\">{}</text>\n",
        gutter, plot, drawn.height, gutter - 8, html(nodes[i]["name"].get<std::string>(), 26));
    marks += drawn.marks + lost_marks(timeline, i, from, span_ms, drawn.height) + "</g>\n";
    y += drawn.height + gap;
  }
  auto out = fmt::format(
      "<svg class=\"timeline\" viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" "
      "aria-label=\"When partitions were executed, by node\">\n{}{}</svg>\n",
      gutter + plot + 10, y + axis, time_axis(span_ms, y), marks);
  if (nodes.size() > bands_drawn)
    out += fmt::format("<p class=\"none\">… and {} more nodes</p>\n", nodes.size() - bands_drawn);
  out += few ? "<p class=\"key\"><i class=\"good\"></i> completed <i class=\"bad\"></i> failed "
               "<i class=\"calm\"></i> to be tried again"
             : "<p class=\"key\"><i class=\"busy0\"></i> idle <i class=\"busy2\"></i> half busy "
               "<i class=\"busy4\"></i> busy <i class=\"bad\"></i> failures";
  return out + " <i class=\"lost\"></i> a lost node's work was taken back</p>\n";
}

std::string duration_chart(const document& step) {
  const auto& buckets = step["durations"];
  std::size_t first = buckets.size(), last = 0;
  std::int64_t most = 0;
  for (std::size_t i = 0; i < buckets.size(); ++i) {
    const auto count = buckets[i]["count"].get<std::int64_t>();
    if (count == 0) continue;
    first = std::min(first, i);
    last = i;
    most = std::max(most, count);
  }
  if (most == 0) return "<p class=\"none\">No partition has ended.</p>\n";
  std::string out = "<table class=\"bars\"><tbody>\n";
  for (auto i = first; i <= last; ++i) {
    const auto& up_to = buckets[i]["up_to_s"];
    const auto label = up_to.is_null() ? "longer" : "up to " + time_text(up_to);
    const auto count = buckets[i]["count"].get<std::int64_t>();
    out += "<tr><th>" + label + "</th><td>" +
           html_bar(static_cast<double>(count) / static_cast<double>(most), "busy") +
           "</td><td class=\"n\">" + cli::grouped(count) + "</td></tr>\n";
  }
  return out + "</tbody></table>\n<p class=\"key\">Of " +
         cli::counted(step["durations_of"].get<std::int64_t>(), "partition", "partitions") +
         ": median " + time_text(step["median_s"]) + ", 95 of 100 within " +
         time_text(step["p95_s"]) + "</p>\n";
}

}  // namespace partita::report
