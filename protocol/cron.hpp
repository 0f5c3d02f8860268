#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace partita {

using local_minutes = std::chrono::local_time<std::chrono::minutes>;

/// The values that one field of a cron entry lets through, a bit each.
struct cron_field {
  std::uint64_t values = 0;
  bool star = false;  // it was written `*` or `*/n`
  bool has(unsigned value) const { return (values >> value & 1) != 0; }
  friend bool operator==(const cron_field&, const cron_field&) = default;
};

/// A cron entry: the minutes of local time that it lets through. Days are as in vixie cron: a day
/// must fit day of month and day of week where one of them begins with `*`, else one of them.
struct cron_times {
  cron_field minute;
  cron_field hour;
  cron_field day;
  cron_field month;
  cron_field weekday;  // 0: Sunday

  bool matches(local_minutes shown) const;
  /// The first match after that; none if none comes within 41 years, and so never: 29 February is
  /// on the same weekday again after 40 years at most. REQUIRES: years that fit chrono::year.
  std::optional<local_minutes> next(local_minutes after) const;

  friend bool operator==(const cron_times&, const cron_times&) = default;
};

struct parsed_cron {
  std::optional<cron_times> times;
  std::string flaw;  // one sentence, if there are none
};

/// Five fields: minute 0-59, hour 0-23, day of month 1-31, month 1-12 or JAN-DEC, day of week 0-7
/// or SUN-SAT (0 and 7 are Sunday). Each is `*`, `*/n`, or a list of `a`, `a-b` and `a-b/n`. Or
/// one of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually.
parsed_cron parse_cron(std::string_view text);

/// Five fields; the same entry always has the same text.
std::string to_text(const cron_times&);

}  // namespace partita
