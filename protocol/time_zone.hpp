#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/values.hpp"

namespace cctz {
class time_zone;
}

namespace partita {

/// What a clock on the wall shows.
using std::chrono::local_seconds;

/// A time zone of the IANA database, as this machine has it (Debian: tzdata). It is read when it is
/// first named, and kept for as long as the process lives: a new tzdata needs a new process.
class time_zone {
 public:
  time_zone();  // UTC

  /// "Europe/Berlin", "UTC". Nothing if this machine does not have it.
  static std::optional<time_zone> named(std::string_view name);

  const std::string& name() const { return name_; }
  local_seconds local(db_time at) const;
  /// The first moment at which the clock shows this time or a later one. A time that is shown twice
  /// begins with the first of them; one that is skipped, with the end of the gap.
  db_time first_moment(local_seconds shown) const;
  /// When the clock is next set forward or back, or may be: zones also change by their name alone.
  std::optional<db_time> next_change(db_time after) const;

  friend bool operator==(const time_zone& a, const time_zone& b) { return a.name_ == b.name_; }

 private:
  time_zone(std::string name, const cctz::time_zone& rules);

  std::string name_;
  std::shared_ptr<const cctz::time_zone> rules_;
};

/// One sentence: that there is no such zone, and which name is the nearest.
std::string unknown_zone(std::string_view name);

/// All that `time_zone::named` knows on this machine, by name.
std::vector<std::string> zone_names();

}  // namespace partita
