#include "apps/partita/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "protocol/duration.hpp"
#include "protocol/trigger.hpp"

namespace partita::cli {

using namespace std::chrono;

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

}  // namespace

bool nests_deeper(std::string_view json, int most) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (quoted && c == '\\') ++i;
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '[' || c == '{') ++depth;
    if (c == ']' || c == '}') --depth;
    if (depth > most) return true;
  }
  return false;
}

std::string dump(const document& value) {
  return value.dump(-1, ' ', false, document::error_handler_t::replace);
}

std::string escape_controls(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = static_cast<unsigned char>(text[i]);
    // C1 controls are two bytes in UTF-8: C2 80 … C2 9F. Terminals obey them like ESC.
    bool c1 = c == 0xC2 && i + 1 < text.size() && is_continuation(text[i + 1]) &&
              static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1)
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[++i]));
    else if (c == '\n')
      out += "\\n";
    else if (c == '\t')
      out += "\\t";
    else if (c == '\r')
      out += "\\r";
    else if (c < 0x20 || c == 0x7F)
      out += fmt::format("\\x{:02x}", c);
    else
      out += static_cast<char>(c);
  }
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

std::string clip(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string{text};
  if (columns == 0) return "";
  std::size_t end = 0;
  for (std::size_t seen = 0; end < text.size(); ++end)
    if (!is_continuation(text[end]) && ++seen == columns) break;
  return std::string{text.substr(0, end)} + "…";
}

std::string duration_text(microseconds took) {
  took = std::max(took, microseconds{0});
  auto whole = floor<seconds>(took).count();
  if (whole < 10) return fmt::format("{}.{}s", whole, took.count() / 100'000 % 10);
  if (whole < 60) return fmt::format("{}s", whole);
  if (whole < 3600) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  if (whole < 86'400) return fmt::format("{}h {:02}m", whole / 3600, whole / 60 % 60);
  return fmt::format("{}d {:02}h", whole / 86'400, whole / 3600 % 24);
}

std::string ago_text(db_time at, db_time now) {
  auto whole = duration_cast<seconds>(now - at).count();
  if (whole < 1) return "now";
  if (whole < 60) return fmt::format("{}s ago", whole);
  if (whole < 3600) return fmt::format("{}m ago", whole / 60);
  if (whole < 86'400) return fmt::format("{}h ago", whole / 3600);
  return fmt::format("{}d ago", whole / 86'400);
}

std::string when_text(db_time at, db_time now) {
  const auto whole = duration_cast<seconds>(at - now).count();
  if (whole < 1) return ago_text(at, now);
  const auto in = [](std::int64_t large, char unit, std::int64_t small, char smaller) {
    return fmt::format("in {}{}", large, unit) +
           (small == 0 ? "" : fmt::format(" {}{}", small, smaller));
  };
  if (whole < 60) return fmt::format("in {}s", whole);
  if (whole < 3600) return in(whole / 60, 'm', whole % 60, 's');
  if (whole < 86'400) return in(whole / 3600, 'h', whole / 60 % 60, 'm');
  return in(whole / 86'400, 'd', whole / 3600 % 24, 'h');
}

std::string iso_time(db_time at) {
  auto day = floor<days>(at);
  year_month_day date{day};
  hh_mm_ss time{floor<milliseconds>(at - day)};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

db_time parse_iso_time(const std::string& text) {
  int y = 0, h = 0, min = 0, s = 0, ms = 0;
  unsigned m = 0, d = 0;
  std::sscanf(text.c_str(), "%d-%u-%uT%d:%d:%d.%dZ", &y, &m, &d, &h, &min, &s, &ms);
  return sys_days{year{y} / month{m} / day{d}} + hours{h} + minutes{min} + seconds{s} +
         milliseconds{ms};
}

namespace {

/// No database knows all times before it.
constexpr db_time first_time = sys_days{year{1} / January / 1};

/// ".123" behind the seconds of a time, which is cut off. Nothing: it is no fraction.
std::optional<microseconds> cut_fraction(std::string& text) {
  constexpr auto whole = std::string_view{"2026-03-01T10:20:30"}.size();
  if (text.size() <= whole || text[whole] != '.') return microseconds{0};
  const auto end = std::min(text.find_first_not_of("0123456789", whole + 1), text.size());
  const auto digits = text.substr(whole + 1, end - whole - 1);
  if (digits.empty() || digits.size() > 9) return std::nullopt;
  text.erase(whole, end - whole);
  return microseconds{std::stoll((digits + "000000").substr(0, 6))};
}

}  // namespace

std::optional<db_time> parse_since(std::string text, db_time now, const std::string& zone) {
  if (text.empty()) return std::nullopt;
  if (std::string_view{"smhd"}.find(text.back()) != std::string_view::npos) {
    const auto ago = parse_duration(text);
    if (!ago || now - *ago < first_time) return std::nullopt;
    return now - *ago;
  }
  const auto fraction = cut_fraction(text);
  if (text.size() == std::string_view{"2026-03-01"}.size()) text += "T00:00";
  const auto once = parse_trigger("at " + text, zone).value;
  const auto at = once ? next_tick(*once, first_time) : std::nullopt;
  if (!at || !fraction) return std::nullopt;
  return *at + *fraction;
}

std::string grouped(std::int64_t number) {
  auto digits = std::to_string(number);
  auto first = digits.front() == '-' ? 1 : 0;
  for (int at = static_cast<int>(digits.size()) - 3; at > first; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

std::string counted(std::int64_t number, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", grouped(number), number == 1 ? one : many);
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string{text};
  std::string out = "\"";
  for (char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

std::string shell_word(std::string_view text) {
  constexpr std::string_view safe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,";
  if (!text.empty() && text.find_first_not_of(safe) == std::string_view::npos)
    return std::string{text};
  std::string out = "'";
  for (char c : text) {
    if (c == '\'')
      out += "'\\''";
    else
      out += c;
  }
  return out + "'";
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const auto& part : parts) {
    if (!out.empty()) out += between;
    out += part;
  }
  return out;
}

}  // namespace partita::cli
