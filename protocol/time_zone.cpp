#include "protocol/time_zone.hpp"

#include <cctz/time_zone.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>

namespace partita {

namespace {

namespace fs = std::filesystem;
using zone_moment = cctz::time_point<cctz::seconds>;

const cctz::civil_second civil_epoch{1970, 1, 1};

cctz::civil_second civil_of(local_seconds shown) {
  return civil_epoch + shown.time_since_epoch().count();
}

zone_moment moment_of(db_time at) { return std::chrono::floor<cctz::seconds>(at); }

db_time db_time_of(zone_moment at) {
  return db_time{std::chrono::seconds{at.time_since_epoch().count()}};
}

/// Names are paths below the folder of the zones; the library would also take paths of other files.
bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 100 || std::isalpha(static_cast<unsigned char>(name[0])) == 0)
    return false;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 &&
        std::string_view{"_+-/"}.find(c) == std::string_view::npos)
      return false;
  // Copies with leap seconds or without, and what names no place.
  for (const auto* other : {"right/", "posix/", "Fixed/"})
    if (name.starts_with(other)) return false;
  return name != "localtime" && name != "posixrules" && name != "Factory";
}

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// How many letters must be changed, added or left out to make one of the other.
std::size_t edits_between(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    auto diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const auto changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

/// A whole name, or its last part: "berlin" is near to Europe/Berlin.
std::size_t edits_to_zone(const std::string& wanted, const std::string& zone) {
  const auto whole = lower_case(zone);
  const auto place = whole.substr(whole.rfind('/') + 1);
  return std::min(edits_between(wanted, whole), edits_between(wanted, place));
}

}  // namespace

time_zone::time_zone() : time_zone("UTC", cctz::utc_time_zone()) {}

time_zone::time_zone(std::string name, const cctz::time_zone& rules)
    : name_(std::move(name)), rules_(std::make_shared<const cctz::time_zone>(rules)) {}

std::optional<time_zone> time_zone::named(std::string_view name) {
  cctz::time_zone rules;
  if (!is_zone_name(name) || !cctz::load_time_zone(std::string{name}, &rules)) return std::nullopt;
  return time_zone{std::string{name}, rules};
}

local_seconds time_zone::local(db_time at) const {
  return local_seconds{std::chrono::seconds{rules_->lookup(moment_of(at)).cs - civil_epoch}};
}

db_time time_zone::first_moment(local_seconds shown) const {
  return db_time_of(cctz::convert(civil_of(shown), *rules_));
}

std::optional<db_time> time_zone::next_change(db_time after) const {
  cctz::time_zone::civil_transition change;
  if (!rules_->next_transition(moment_of(after), &change)) return std::nullopt;
  return db_time_of(rules_->lookup(change.to).trans);
}

std::string unknown_zone(std::string_view name) {
  const auto names = zone_names();
  auto sentence = "there is no time zone \"" + std::string{name} + "\" on this machine";
  if (names.empty()) return sentence + ": install tzdata";
  const auto wanted = lower_case(name.substr(0, 100));
  const auto nearest =
      std::min_element(names.begin(), names.end(), [&](const auto& a, const auto& b) {
        return edits_to_zone(wanted, a) < edits_to_zone(wanted, b);
      });
  if (edits_to_zone(wanted, *nearest) <= wanted.size() / 3)
    return sentence + ": did you mean " + *nearest + "?";
  return sentence + ": names are those of the IANA database, such as Europe/Berlin or UTC";
}

std::vector<std::string> zone_names() {
  const auto* set = std::getenv("TZDIR");
  const fs::path folder{set != nullptr && *set != '\0' ? set : "/usr/share/zoneinfo"};
  std::vector<std::string> names;
  std::error_code failed;
  for (fs::recursive_directory_iterator next{folder, failed}, end; !failed && next != end;
       next.increment(failed)) {
    const auto name = next->path().lexically_relative(folder).string();
    std::string magic(4, ' ');
    if (is_zone_name(name) && next->is_regular_file(failed) &&
        std::ifstream{next->path()}.read(magic.data(), 4) && magic == "TZif")
      names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace partita
