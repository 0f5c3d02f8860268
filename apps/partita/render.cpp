#include "apps/partita/render.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

#include "apps/partita/terminal.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

constexpr std::size_t sentence_width = 60;

const document& member(const document& item, const std::string& pointer) {
  static const document null;
  document::json_pointer at(pointer);
  return item.contains(at) ? item.at(at) : null;
}

/// Scalars without quotes, lists joined, objects as JSON.
std::string plain(const document& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return dump(value);
  std::vector<std::string> parts;
  for (const auto& one : value) parts.push_back(plain(one));
  return join(parts, ",");
}

bool is_share(cell kind) { return kind == cell::ratio || kind == cell::advance; }

/// The member of a share that grows to its total.
const char* share_member(cell kind) { return kind == cell::ratio ? "completed" : "done"; }

std::string share_text(const document& value, cell kind) {
  auto total = value.value("total", std::int64_t{0});
  auto done = value.value(share_member(kind), std::int64_t{0});
  if (total == 0 && done == 0) return "-";
  auto open = value.contains("sealed") && !value["sealed"].get<bool>() ? "+" : "";
  return fmt::format("{}/{}{}", done, total, open);
}

std::string color_of(const std::string& state) {
  if (state == "COMPLETED" || state == "ACTIVE" || state == "APPLIED") return "32";
  if (state == "FAILED" || state == "DEREGISTERED" || state == "CONDEMNED" || state == "ALTERED")
    return "31";
  if (state == "STOPPED" || state == "UNREACHABLE" || state == "DRAINING") return "33";
  if (state == "RUNNING" || state == "CLAIMED") return "36";
  return "";
}

bool right_aligned(cell kind) {
  return kind == cell::number || kind == cell::percent || kind == cell::duration || is_share(kind);
}

std::string padded(const std::string& text, std::size_t columns, bool right) {
  auto have = width(text);
  std::string space(columns > have ? columns - have : 0, ' ');
  return right ? space + text : text + space;
}

std::string render_table(const listing& what, const std::vector<document>& items,
                         const style& how) {
  if (items.empty()) return "";
  std::vector<const column*> shown;
  for (const auto& one : what.columns)
    if (!one.wide_only || how.format == output_format::wide) shown.push_back(&one);

  std::vector<std::vector<std::string>> rows;
  std::vector<std::size_t> widths;
  for (const auto* one : shown) widths.push_back(how.header ? width(one->heading) : 0);
  for (const auto& item : items) {
    auto& row = rows.emplace_back();
    for (std::size_t i = 0; i < shown.size(); ++i) {
      row.push_back(cell_text(*shown[i], item, how));
      widths[i] = std::max(widths[i], width(row.back()));
    }
  }

  std::string out;
  auto put = [&](const std::vector<std::string>& cells, bool is_header) {
    std::string line;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto text = padded(cells[i], widths[i], right_aligned(shown[i]->kind));
      if (i + 1 == cells.size() && !right_aligned(shown[i]->kind)) text = cells[i];
      auto paint = how.color && !is_header && shown[i]->kind == cell::state ? color_of(cells[i])
                                                                            : std::string{};
      line += (i ? "  " : "") + (paint.empty() ? text : "\x1b[" + paint + "m" + text + "\x1b[0m");
    }
    out += line + "\n";
  };
  if (how.header) {
    std::vector<std::string> headings;
    for (const auto* one : shown) headings.push_back(one->heading);
    put(headings, true);
  }
  for (const auto& row : rows) put(row, false);
  return out;
}

/// The members that a column stands for in CSV, where a cell is one plain value.
std::vector<std::string> plain_members(const column& one) {
  if (!is_share(one.kind)) return {one.pointer};
  return {one.pointer + "/" + share_member(one.kind), one.pointer + "/total"};
}

/// Every column, raw values, named by the path of its member: partitions_completed.
std::string render_csv(const listing& what, const std::vector<document>& items, const style& how) {
  std::vector<std::string> pointers;
  for (const auto& one : what.columns)
    for (auto& pointer : plain_members(one)) pointers.push_back(std::move(pointer));
  std::string out;
  auto put = [&](auto&& field_of) {
    const char* between = "";
    for (const auto& pointer : pointers)
      out += std::exchange(between, ",") + csv_field(field_of(pointer));
    out += "\n";
  };
  if (how.header)
    put([](const std::string& pointer) {
      auto name = pointer.substr(1);
      std::replace(name.begin(), name.end(), '/', '_');
      return name;
    });
  for (const auto& item : items)
    put([&](const std::string& pointer) { return plain(member(item, pointer)); });
  return out;
}

}  // namespace

std::string cell_text(const column& what, const document& item, const style& how) {
  const auto& value = member(item, what.pointer);
  if (value.is_null()) return "-";
  switch (what.kind) {
    case cell::number:
      return value.is_number_integer() ? grouped(value.get<std::int64_t>()) : plain(value);
    case cell::time: {
      auto text = value.get<std::string>();
      return how.relative_time ? ago_text(parse_iso_time(text), how.now) : text;
    }
    case cell::duration:
      return duration_text(microseconds{std::llround(value.get<double>() * 1e6)});
    case cell::percent:
      // Rounded down: 100% means all of it.
      return fmt::format("{:.0f}%", std::floor(value.get<double>() * 100 + 1e-9));
    case cell::ratio:
    case cell::advance:
      return share_text(value, what.kind);
    case cell::sentence: {
      auto text = escape_controls(plain(value));
      return how.format == output_format::wide ? text : clip(text, sentence_width);
    }
    case cell::text:
    case cell::state:
      break;
  }
  auto text = escape_controls(plain(value));
  return text.empty() ? "-" : text;
}

std::string render(const listing& what, const std::vector<document>& items, const style& how,
                   const std::optional<std::string>& next) {
  std::string out;
  switch (how.format) {
    case output_format::table:
    case output_format::wide:
      return render_table(what, items, how);
    case output_format::csv:
      return render_csv(what, items, how);
    case output_format::json:
      return dump({{"items", items}, {"next", next ? document(*next) : document(nullptr)}}) + "\n";
    case output_format::jsonl:
      for (const auto& item : items) out += dump(item) + "\n";
      return out;
    case output_format::name:
      for (const auto& item : items)
        out += escape_controls(plain(member(item, what.name_pointer))) + "\n";
      return out;
  }
  return out;
}

std::string render_fields(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::size_t widest = 0;
  for (const auto& [name, value] : fields) widest = std::max(widest, width(escape_controls(name)));
  std::string out;
  for (const auto& [name, value] : fields)
    out += padded(escape_controls(name), widest + 2, false) + escape_controls(value) + "\n";
  return out;
}

std::string describe_job(const document& job) {
  const auto text_of = [](const document& from, const char* key) {
    return from[key].is_string() ? from[key].get<std::string>() : std::string{};
  };
  auto out = job.value("name", "");
  if (const auto version = job.value("version", 1); version != 1)
    out += fmt::format(" version {}", version);
  if (!job.value("here", true)) out += " (known to nodes of the cluster, not to this program)";
  out += "  " + text_of(job, "about") + "\n";
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& p : job["parameters"]) {
    auto text = p.value("type", "");
    if (p.value("required", false))
      text += ", required";
    else if (!p["default"].is_null())
      text += ", default " + p["default"].dump();
    const auto about = text_of(p, "about");
    lines.push_back({"  " + p.value("name", ""), about.empty() ? text : text + ": " + about});
  }
  return out + render_fields(lines);
}

output_format format_of(const arguments& args) {
  auto name = args.one_of("output", {"table", "wide", "json", "jsonl", "csv", "name"});
  if (name == "wide") return output_format::wide;
  if (name == "json") return output_format::json;
  if (name == "jsonl") return output_format::jsonl;
  if (name == "csv") return output_format::csv;
  if (name == "name") return output_format::name;
  return output_format::table;
}

bool wants_color(const arguments& args) {
  const auto color = args.one_of("color", {"auto", "always", "never"});
  const auto* no_color = std::getenv("NO_COLOR");
  return color == "always" ||
         (color == "auto" && can_draw(STDOUT_FILENO) && !(no_color && *no_color));
}

style style_of(const arguments& args) {
  style how;
  how.format = format_of(args);
  how.header = !args.has("no-header");
  how.relative_time = args.one_of("time", {"relative", "iso"}) == "relative";
  how.color = wants_color(args);
  how.now = wall_now();
  return how;
}

}  // namespace partita::cli
