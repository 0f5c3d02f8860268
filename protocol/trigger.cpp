#include "protocol/trigger.hpp"

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "protocol/duration.hpp"

namespace partita {

namespace {

constexpr std::size_t longest_trigger = 200;  // bytes
constexpr db_time first_moment_of_ticks{std::chrono::sys_days{std::chrono::year{1970} / 1 / 1}};
constexpr db_time end_of_ticks{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};

// --- times as text -------------------------------------------------------------------------------

using written_time = decltype(one_off::at);

/// Two digits at `at`, or -1.
int two_digits(std::string_view text, std::size_t at) {
  if (at + 2 > text.size()) return -1;
  const auto tens = text[at] - '0';
  const auto ones = text[at + 1] - '0';
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/// "Z" or "+01:00"; nothing if it is neither.
std::optional<std::chrono::minutes> offset_of(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes{0};
  const auto hours = two_digits(text, 1);
  const auto minutes = two_digits(text, 4);
  if (text.size() != 6 || text[3] != ':' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return std::nullopt;
  const auto offset = std::chrono::minutes{hours * 60 + minutes};
  if (text[0] == '-') return -offset;
  return text[0] == '+' ? std::optional{offset} : std::nullopt;
}

std::optional<written_time> parse_time(std::string_view text) {
  constexpr std::string_view shape = "....-..-..T..:..";
  if (text.size() < shape.size()) return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i)
    if (shape[i] == 'T' ? text[i] != 'T' && text[i] != 't' : shape[i] != '.' && shape[i] != text[i])
      return std::nullopt;
  const auto century = two_digits(text, 0);
  const auto year_of_it = two_digits(text, 2);
  const auto month = two_digits(text, 5);
  const auto day = two_digits(text, 8);
  const auto hour = two_digits(text, 11);
  const auto minute = two_digits(text, 14);
  auto rest = text.substr(shape.size());
  int second = 0;
  if (rest.starts_with(':')) {
    second = two_digits(rest, 1);
    rest.remove_prefix(std::min<std::size_t>(3, rest.size()));
  }
  if (std::min({century, year_of_it, month, day, hour, minute, second}) < 0 || hour > 23 ||
      minute > 59 || second > 59)
    return std::nullopt;
  const auto year = std::chrono::year{century * 100 + year_of_it};
  const auto date = year / month / day;
  if (!date.ok() || year < std::chrono::year{1970}) return std::nullopt;
  const auto shown = std::chrono::local_days{date} + std::chrono::hours{hour} +
                     std::chrono::minutes{minute} + std::chrono::seconds{second};
  if (rest.empty()) return shown;
  const auto offset = offset_of(rest);
  if (!offset) return std::nullopt;
  const auto moment = db_time{shown.time_since_epoch() - *offset};
  // What is said in UTC has four digits for its year, too.
  if (moment < first_moment_of_ticks || moment >= end_of_ticks) return std::nullopt;
  return moment;
}

std::string time_text(local_seconds shown) {
  const auto midnight = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date{midnight};
  const std::chrono::hh_mm_ss time{shown - midnight};
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

std::string written(local_seconds shown) { return time_text(shown); }
std::string written(db_time at) { return tick_text(at); }

db_time moment_in(const time_zone& zone, const written_time& at) {
  const auto* moment = std::get_if<db_time>(&at);
  return moment != nullptr ? *moment : zone.first_moment(std::get<local_seconds>(at));
}

// --- parsing -------------------------------------------------------------------------------------

parsed_trigger wrong(std::string flaw) { return {std::nullopt, std::move(flaw)}; }

parsed_trigger wrong_time(std::string_view text) {
  return wrong("\"" + std::string{text} +
               "\" is not a time: write 2026-03-01T10:20 or 2026-03-01T10:20:30, with Z or an "
               "offset such as +01:00 if it is not local time; years are 1970 to 9999");
}

parsed_trigger parse_every(const std::vector<std::string>& words, const time_zone& zone) {
  const std::string how = "write every 30s, or every 30s at fixed rate [from TIME]";
  if (words.size() < 2) return wrong("\"every\" names no interval: " + how);
  const auto interval = parse_duration(words[1]);
  if (!interval || *interval < std::chrono::seconds{1})
    return wrong("\"" + words[1] + "\" is not an interval: write 30s, 10m, 2h or 1d, at least 1s" +
                 " and at most " + to_text(longest_duration));
  if (words.size() == 2) return {trigger{fixed_delay{*interval}, zone}, ""};
  const auto rate =
      words.size() >= 5 && words[2] == "at" && words[3] == "fixed" && words[4] == "rate";
  if (!rate || words.size() == 6 || words.size() > 7 || (words.size() == 7 && words[5] != "from"))
    return wrong("what stands behind \"every " + words[1] + "\" is not known: " + how);
  if (words.size() == 5) return {trigger{fixed_rate{*interval, {}}, zone}, ""};
  const auto anchor = parse_time(words[6]);
  if (!anchor) return wrong_time(words[6]);
  return {trigger{fixed_rate{*interval, moment_in(zone, *anchor)}, zone}, ""};
}

parsed_trigger parse_at(const std::vector<std::string>& words, const time_zone& zone) {
  if (words.size() != 2)
    return wrong("\"at\" takes one time and nothing else: write at 2026-03-01T10:20");
  const auto at = parse_time(words[1]);
  if (!at) return wrong_time(words[1]);
  return {trigger{one_off{*at}, zone}, ""};
}

// --- ticks ---------------------------------------------------------------------------------------

local_minutes minute_shown(const time_zone& zone, db_time at) {
  return std::chrono::floor<std::chrono::minutes>(zone.local(at));
}

/// For times of day. Local times in order have first moments in order, so one look forward does.
std::optional<db_time> next_time_of_day(const cron_times& cron, const time_zone& zone,
                                        db_time after) {
  auto shown = cron.next(minute_shown(zone, after));
  while (shown) {
    const auto moment = zone.first_moment(*shown);
    if (moment > after) return moment;
    shown = cron.next(*shown);  // it is shown for the second time
  }
  return std::nullopt;
}

/// For intervals: what the clock shows, from one change of it to the next.
std::optional<db_time> next_shown(const cron_times& cron, const time_zone& zone, db_time after) {
  while (true) {
    const auto second = std::chrono::floor<std::chrono::seconds>(after);
    const auto shown = zone.local(second);
    const auto match = cron.next(std::chrono::floor<std::chrono::minutes>(shown));
    if (!match) return std::nullopt;
    const db_time moment = second + (*match - shown);
    const auto change = zone.next_change(after);
    if (!change || moment < *change) return moment;
    after = *change;
    const auto set_to = zone.local(after);
    const auto minute = std::chrono::floor<std::chrono::minutes>(set_to);
    if (minute == set_to && cron.matches(minute)) return after;
  }
}

struct next_tick_of {
  const time_zone& zone;
  db_time after;

  std::optional<db_time> operator()(const cron_times& cron) const {
    return cron.hour.star ? next_shown(cron, zone, after) : next_time_of_day(cron, zone, after);
  }
  std::optional<db_time> operator()(const fixed_delay& every) const {
    return tick_after_run(every, after);
  }
  std::optional<db_time> operator()(const fixed_rate& every) const {
    auto over = (after - every.anchor) % every.interval;
    if (over < microseconds{0}) over += every.interval;
    return after - over + every.interval;
  }
  std::optional<db_time> operator()(const one_off& once) const {
    const auto moment = moment_in(zone, once.at);
    return moment > after ? std::optional{moment} : std::nullopt;
  }
};

struct trigger_text {
  std::string operator()(const cron_times& cron) const { return to_text(cron); }
  std::string operator()(const fixed_delay& every) const {
    return "every " + to_text(every.interval);
  }
  std::string operator()(const fixed_rate& every) const {
    const auto from = every.anchor == db_time{} ? "" : " from " + tick_text(every.anchor);
    return "every " + to_text(every.interval) + " at fixed rate" + from;
  }
  std::string operator()(const one_off& once) const {
    return "at " + std::visit([](auto at) { return written(at); }, once.at);
  }
};

}  // namespace

parsed_trigger parse_trigger(std::string_view text, std::string_view zone_name) {
  if (text.size() > longest_trigger)
    return wrong("a trigger has at most " + std::to_string(longest_trigger) + " bytes, this one " +
                 std::to_string(text.size()));
  const auto zone = time_zone::named(zone_name);
  if (!zone) return wrong(unknown_zone(zone_name));
  std::istringstream in{std::string{text}};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  if (words.empty())
    return wrong("a trigger is missing: write a cron entry, every 30s, or at 2026-03-01T10:20");
  if (words[0] == "every") return parse_every(words, *zone);
  if (words[0] == "at") return parse_at(words, *zone);
  const auto cron = parse_cron(text);
  if (!cron.times)
    return wrong(cron.flaw + (words.size() == 5 || words[0].starts_with('@')
                                  ? ""
                                  : "; other triggers are \"every 30s\" and \"at TIME\""));
  return {trigger{*cron.times, *zone}, ""};
}

std::string tick_text(db_time at) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(at);
  const auto rest = static_cast<int>((at - whole).count());
  char digits[16] = "";
  if (rest != 0) std::snprintf(digits, sizeof digits, ".%06d", rest);
  return time_text(local_seconds{whole.time_since_epoch()}) + digits + "Z";
}

std::string to_text(const trigger& t) { return std::visit(trigger_text{}, t.when); }

std::optional<db_time> next_tick(const trigger& t, db_time after) {
  if (after >= end_of_ticks) return std::nullopt;
  const auto from = std::max(after, first_moment_of_ticks - microseconds{1});
  const auto tick = std::visit(next_tick_of{t.zone, from}, t.when);
  return tick && *tick < end_of_ticks ? tick : std::nullopt;
}

db_time tick_after_run(const fixed_delay& every, db_time ended) { return ended + every.interval; }

std::vector<db_time> ticks_between(const trigger& t, db_time from, db_time to, std::size_t limit) {
  std::vector<db_time> ticks;
  for (auto tick = next_tick(t, from); tick && *tick <= to && ticks.size() < limit;
       tick = next_tick(t, *tick))
    ticks.push_back(*tick);
  return ticks;
}

std::optional<db_time> newest_tick(const trigger& t, db_time from, db_time to) {
  auto newest = next_tick(t, from);
  if (!newest || *newest > to) return std::nullopt;
  if (std::holds_alternative<fixed_delay>(t.when)) return newest;
  // Between `newest` and `none_from` there may be more; both come nearer until there are none.
  auto none_from = to;
  while (*newest < none_from) {
    const auto middle = *newest + (none_from - *newest) / 2;
    if (const auto tick = next_tick(t, middle); tick && *tick <= to)
      newest = tick;
    else
      none_from = middle;
  }
  return newest;
}

}  // namespace partita
