#include "apps/partita/report/html.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace partita::report {

using cli::document;

namespace {

/// As JSON and back: nlohmann replaces what is no UTF-8.
std::string valid_utf8(std::string_view text) {
  return document::parse(cli::dump(document(std::string{text}))).get<std::string>();
}

std::string color_of_state(const std::string& state) {
  if (state == "COMPLETED" || state == "ACTIVE") return "good";
  if (state == "FAILED" || state == "LOST" || state == "REVOKED" || state == "DEREGISTERED")
    return "bad";
  if (state == "RUNNING" || state == "CLAIMED") return "busy";
  return "calm";
}

bool is_number(cli::cell kind) {
  return kind != cli::cell::text && kind != cli::cell::state && kind != cli::cell::time &&
         kind != cli::cell::sentence;
}

}  // namespace

std::string html(std::string_view text, std::size_t most) {
  // Whole characters are cut; so many bytes are always enough.
  const auto whole = cli::clip(valid_utf8(text.substr(0, most * 4)), most);
  std::string out;
  for (std::size_t from = 0; from <= whole.size();) {
    const auto end = std::min(whole.find('\n', from), whole.size());
    if (from > 0) out += '\n';
    for (const char c : cli::escape_controls(whole.substr(from, end - from))) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        case '\'':
          out += "&#39;";
          break;
        default:
          out += c;
      }
    }
    from = end + 1;
  }
  return out;
}

std::string html_table(const cli::listing& what, const std::vector<document>& items,
                       const std::string& none) {
  if (items.empty()) return "<p class=\"none\">" + html(none) + "</p>\n";
  cli::style how;
  how.format = cli::output_format::wide;
  how.relative_time = false;
  std::string out = "<div class=\"table\"><table>\n<thead><tr>";
  for (const auto& column : what.columns)
    out += (is_number(column.kind) ? "<th class=\"n\">" : "<th>") + html(column.heading) + "</th>";
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& item : items) {
    out += "<tr>";
    for (const auto& column : what.columns) {
      const auto pointer = document::json_pointer(column.pointer);
      const auto& value = item.contains(pointer) ? item.at(pointer) : document(nullptr);
      if (column.kind == cli::cell::state) {
        out += "<td>" + html_state(cli::cell_text(column, item, how)) + "</td>";
      } else if (column.kind == cli::cell::duration) {
        out += "<td class=\"n\">" + time_text(value) + "</td>";
      } else if (column.kind == cli::cell::sentence && value.is_string()) {
        out += "<td class=\"text\">" + html(value.get<std::string>()) + "</td>";
      } else {
        out += (is_number(column.kind) ? "<td class=\"n\">" : "<td>") +
               html(cli::cell_text(column, item, how), 300) + "</td>";
      }
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table></div>\n";
}

std::string html_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out = "<dl>\n";
  for (const auto& [name, value] : fields)
    out += "<dt>" + html(name, 200) + "</dt><dd>" + value + "</dd>\n";
  return out + "</dl>\n";
}

std::string html_bar(double share, const std::string& color) {
  const auto width = std::clamp(share, 0.0, 1.0) * 100;
  return fmt::format("<div class=\"bar\"><div class=\"{}\" style=\"width:{:.1f}%\"></div></div>",
                     color, width);
}

std::string html_state(const std::string& state) {
  return "<span class=\"state " + color_of_state(state) + "\">" + html(state, 40) + "</span>";
}

std::string time_text(const document& seconds) {
  if (!seconds.is_number()) return "-";
  const auto s = std::min(seconds.get<double>(), 1e9);
  if (s < 0.9995) return fmt::format("{:.0f} ms", std::max(0.0, s * 1e3));
  return cli::duration_text(microseconds{std::llround(s * 1e6)});
}

}  // namespace partita::report
