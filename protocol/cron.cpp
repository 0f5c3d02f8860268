#include "protocol/cron.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <sstream>
#include <vector>

namespace partita {

namespace {

constexpr std::chrono::years cron_search{41};

struct cron_field_kind {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::string_view names;  // of three letters each
  unsigned first_name;     // the value of the first
  cron_field cron_times::*member;
};

constexpr std::array<cron_field_kind, 5> cron_field_kinds{{
    {"minute", 0, 59, "", 0, &cron_times::minute},
    {"hour", 0, 23, "", 0, &cron_times::hour},
    {"day of month", 1, 31, "", 0, &cron_times::day},
    {"month", 1, 12, "janfebmaraprmayjunjulaugsepoctnovdec", 1, &cron_times::month},
    {"day of week", 0, 7, "sunmontuewedthufrisat", 0, &cron_times::weekday},
}};

struct cron_shortcut {
  std::string_view name;
  std::string_view fields;
};
constexpr cron_shortcut cron_shortcuts[] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                                            {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                                            {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                                            {"@annually", "0 0 1 1 *"}};

/// Thrown within this file only.
struct cron_flaw {
  std::string sentence;
};

std::vector<std::string> words_of(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

/// Reads one field.
class cron_field_parser {
 public:
  cron_field_parser(const cron_field_kind& kind, std::string_view text)
      : kind_(kind), text_(text) {}

  cron_field parse() const {
    if (text_.starts_with('*')) return parse_star();
    cron_field out;
    std::size_t from = 0;
    while (true) {
      const auto comma = std::min(text_.find(',', from), text_.size());
      add_item(out, text_.substr(from, comma - from));
      if (comma == text_.size()) break;
      from = comma + 1;
    }
    return out;
  }

 private:
  cron_field parse_star() const {
    if (text_.size() > 1 && text_[1] != '/')
      refuse("has more than a step behind *", "* stands alone, or as */2");
    cron_field out{0, true};
    const auto sunday_twice = kind_.high == 7 ? 1U : 0U;
    add_range(out, kind_.low, kind_.high - sunday_twice,
              text_.size() > 1 ? step_of(text_.substr(2)) : 1);
    return out;
  }

  void add_item(cron_field& out, std::string_view item) const {
    const auto slash = std::min(item.find('/'), item.size());
    const auto range = item.substr(0, slash);
    const auto dash = std::min(range.find('-'), range.size());
    const auto low = value_of(range.substr(0, dash));
    if (dash == range.size()) {
      if (slash != item.size())
        refuse("has a step behind a single value", "write " + std::string{range} + "-" +
                                                       std::to_string(kind_.high) +
                                                       std::string{item.substr(slash)});
      return add_range(out, low, low, 1);
    }
    auto high = value_of(range.substr(dash + 1));
    if (kind_.high == 7 && high == 0 && low > 0) high = 7;  // FRI-SUN
    if (high < low)
      refuse("has the range " + std::string{range} + ", which runs backwards",
             "write two ranges, as a list");
    add_range(out, low, high, slash == item.size() ? 1 : step_of(item.substr(slash + 1)));
  }

  void add_range(cron_field& out, unsigned low, unsigned high, unsigned step) const {
    for (auto value = low; value <= high; value += step)
      out.values |= std::uint64_t{1} << (kind_.high == 7 && value == 7 ? 0 : value);
  }

  unsigned value_of(std::string_view word) const {
    std::string lower{word};
    for (auto& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    if (const auto at = kind_.names.find(lower); lower.size() == 3 && at != kind_.names.npos)
      if (at % 3 == 0) return kind_.first_name + static_cast<unsigned>(at / 3);
    const auto value = number(word);
    if (!value) refuse("has \"" + std::string{word} + "\"", what_it_takes());
    if (*value < kind_.low || *value > kind_.high)
      refuse("has " + std::string{word}, what_it_takes());
    return *value;
  }

  unsigned step_of(std::string_view word) const {
    const auto step = number(word);
    const auto most = kind_.high - kind_.low;
    if (!step || *step < 1 || *step > most)
      refuse("has the step \"" + std::string{word} + "\"", "it is 1 to " + std::to_string(most));
    return *step;
  }

  static std::optional<unsigned> number(std::string_view word) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (word.empty() || error != std::errc{} || end != word.data() + word.size()) return {};
    return value;
  }

  [[noreturn]] void refuse(const std::string& what, const std::string& advice) const {
    throw cron_flaw{"the " + std::string{kind_.name} + " field \"" + std::string{text_} + "\" " +
                    what + ": " + advice};
  }

  std::string what_it_takes() const {
    const auto* names = kind_.names.empty() ? "" : kind_.high == 7 ? " or SUN-SAT" : " or JAN-DEC";
    return "it takes " + std::to_string(kind_.low) + "-" + std::to_string(kind_.high) + names +
           ", as *, */2, or a list such as 3,5-9,10-12/2";
  }

  const cron_field_kind& kind_;
  std::string_view text_;
};

bool is_match_of_day(const cron_times& cron, const std::chrono::year_month_day& date,
                     std::chrono::local_days day) {
  const auto of_month = cron.day.has(static_cast<unsigned>(date.day()));
  const auto of_week = cron.weekday.has(std::chrono::weekday{day}.c_encoding());
  return cron.day.star || cron.weekday.star ? of_month && of_week : of_month || of_week;
}

/// The first minute of a day, from `from` on, that the entry lets through.
std::optional<unsigned> next_minute_of_day(const cron_times& cron, unsigned from) {
  for (auto hour = from / 60; hour < 24; ++hour) {
    if (!cron.hour.has(hour)) continue;
    for (auto minute = hour == from / 60 ? from % 60 : 0; minute < 60; ++minute)
      if (cron.minute.has(minute)) return hour * 60 + minute;
  }
  return std::nullopt;
}

std::string field_text(const cron_field_kind& kind, const cron_field& field) {
  const auto high = kind.high == 7 ? 6 : kind.high;
  if (field.star)
    for (unsigned step = 1; step <= kind.high - kind.low; ++step) {
      std::uint64_t stepped = 0;
      for (auto value = kind.low; value <= high; value += step)
        stepped |= std::uint64_t{1} << value;
      if (stepped == field.values) return step == 1 ? "*" : "*/" + std::to_string(step);
    }
  std::string out;
  for (auto value = kind.low; value <= high; ++value) {
    if (!field.has(value)) continue;
    auto last = value;
    while (last < high && field.has(last + 1)) ++last;
    if (!out.empty()) out += ",";
    out += std::to_string(value);
    if (last != value) out += "-" + std::to_string(last);
    value = last;
  }
  return out;
}

}  // namespace

bool cron_times::matches(local_minutes shown) const {
  const auto midnight = std::chrono::floor<std::chrono::days>(shown);
  const auto of_day = static_cast<unsigned>((shown - midnight).count());
  const std::chrono::year_month_day date{midnight};
  return minute.has(of_day % 60) && hour.has(of_day / 60) &&
         month.has(static_cast<unsigned>(date.month())) && is_match_of_day(*this, date, midnight);
}

std::optional<local_minutes> cron_times::next(local_minutes after) const {
  const auto first = after + std::chrono::minutes{1};
  auto day_at = std::chrono::floor<std::chrono::days>(first);
  auto from = static_cast<unsigned>((first - day_at).count());
  for (const auto last = day_at + cron_search; day_at < last; from = 0) {
    const std::chrono::year_month_day date{day_at};
    if (!month.has(static_cast<unsigned>(date.month()))) {
      const auto next_month = date.year() / date.month() + std::chrono::months{1};
      day_at = std::chrono::local_days{next_month / std::chrono::day{1}};
      continue;
    }
    if (is_match_of_day(*this, date, day_at))
      if (const auto found = next_minute_of_day(*this, from))
        return day_at + std::chrono::minutes{*found};
    day_at += std::chrono::days{1};
  }
  return std::nullopt;
}

parsed_cron parse_cron(std::string_view text) {
  auto words = words_of(text);
  if (words.size() == 1 && words[0].starts_with('@')) {
    const auto known = std::find_if(std::begin(cron_shortcuts), std::end(cron_shortcuts),
                                    [&](const auto& one) { return one.name == words[0]; });
    if (known == std::end(cron_shortcuts))
      return {{},
              "\"" + words[0] + "\" is not one of @hourly, @daily, @weekly, @monthly and @yearly"};
    words = words_of(known->fields);
  }
  if (words.size() != cron_field_kinds.size())
    return {
        {},
        "a cron entry has five fields (minute, hour, day of month, month, day of week), and \"" +
            std::string{text} + "\" has " + std::to_string(words.size())};
  cron_times out;
  try {
    for (std::size_t i = 0; i < words.size(); ++i)
      out.*cron_field_kinds[i].member = cron_field_parser{cron_field_kinds[i], words[i]}.parse();
  } catch (const cron_flaw& found) {
    return {{}, found.sentence};
  }
  return {out, ""};
}

std::string to_text(const cron_times& cron) {
  std::string out;
  for (const auto& kind : cron_field_kinds)
    out += (out.empty() ? "" : " ") + field_text(kind, cron.*kind.member);
  return out;
}

}  // namespace partita
