#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocol/cron.hpp"
#include "protocol/time_zone.hpp"
#include "protocol/values.hpp"

// When a schedule fires. Its moments are ticks. They depend on the trigger and on nothing else, but
// for `fixed_delay`, which goes by the end of the last run.
//
// When clocks are set forward or back (daylight saving):
// - A cron entry whose hour field is `*` or `*/n` is an interval. It fires at each moment at which
//   the clock shows a minute that fits: an hour that is shown twice counts twice, and one that is
//   skipped does not count. So `*/15 * * * *` fires every 15 minutes, whatever the clock does.
// - All other cron entries are for times of day, and each of these fires once. One that is shown
//   twice fires the first time; one that is skipped fires at the first moment after the gap.
//   Several that fall on the same moment so are one tick. Where a whole day is skipped (Samoa,
//   2011-12-30), its times fire as the next day begins.
// - `at` with local time fires as a time of day does. Nothing else knows about clocks.
//
// REQUIRES everywhere: intervals of at least a second, as the parser gives them.
namespace partita {

/// The next tick is so long after the end of the last run; the first one, after the schedule began.
struct fixed_delay {
  std::chrono::seconds interval{0};
  friend bool operator==(const fixed_delay&, const fixed_delay&) = default;
};

/// At anchor + k * interval, for each whole k.
struct fixed_rate {
  std::chrono::seconds interval{0};
  db_time anchor{};  // 1970-01-01T00:00:00Z: every 30 s at :00 and :30
  friend bool operator==(const fixed_rate&, const fixed_rate&) = default;
};

/// Once: at a moment, or when the clock of the zone shows this time.
struct one_off {
  std::variant<db_time, local_seconds> at{};
  friend bool operator==(const one_off&, const one_off&) = default;
};

struct trigger {
  std::variant<cron_times, fixed_delay, fixed_rate, one_off> when;
  time_zone zone;  // of cron entries and of times without an offset
  friend bool operator==(const trigger&, const trigger&) = default;
};

struct parsed_trigger {
  std::optional<trigger> value;
  std::string flaw;  // if there is none: one sentence, what is wrong and what is allowed
};

/// Reads
///   30 2 * * MON-FRI, @daily                   cron (see parse_cron)
///   every 30s                                  fixed delay; units are s, m, h and d
///   every 30s at fixed rate [from TIME]        fixed rate; without TIME from 1970 on
///   at TIME                                    once
/// where TIME is 2026-03-01T10:20 or 2026-03-01T10:20:30, on the clock of the zone; or with Z or an
/// offset such as +01:00 behind it. Years are 1970 to 9999.
parsed_trigger parse_trigger(std::string_view text, std::string_view zone = "UTC");

/// The one text of a trigger. `parse_trigger(to_text(t), t.zone.name())` is `t` again.
std::string to_text(const trigger&);

/// A moment, as runs get it: 2026-03-01T10:20:00Z; with digits behind the second only where they
/// say something: 2026-03-01T10:20:00.250000Z.
std::string tick_text(db_time at);

/// The first tick after `after`, and never `after` itself. None if there is none up to the year
/// 9999; 31 February never comes. Of a fixed delay: as if a run had ended at `after`.
std::optional<db_time> next_tick(const trigger&, db_time after);

/// The next tick of a fixed delay, given when the last run ended.
db_time tick_after_run(const fixed_delay&, db_time ended);

/// The ticks after `from` up to and including `to`, oldest first, at most `limit`. Of a fixed
/// delay: as if runs took no time.
std::vector<db_time> ticks_between(const trigger&, db_time from, db_time to, std::size_t limit);

/// The newest tick after `from` up to and including `to`. Of a fixed delay: from + interval.
std::optional<db_time> newest_tick(const trigger&, db_time from, db_time to);

}  // namespace partita
