#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/values.hpp"

namespace partita::cli {

/// A JSON document whose members stay in the order they were put in: identity first.
using document = nlohmann::ordered_json;

/// Whether a text of JSON nests values deeper than this; it need not be valid. What does is not
/// parsed: to copy or print it would take a stack as deep.
bool nests_deeper(std::string_view json, int most);
inline constexpr int deepest = 64;

/// On one line. Bytes that are not UTF-8 become U+FFFD: a listing never fails on what a row holds.
std::string dump(const document& value);

/// C0, DEL and C1 control characters become \n, \t, \xNN, so that text from a database can neither
/// break a table nor steer a terminal. Everything else, valid UTF-8 or not, stays.
std::string escape_controls(std::string_view text);

/// Columns on a screen: code points, not bytes.
std::size_t width(std::string_view text);
/// The first `columns` code points; the last of them is "…" when something was cut off.
std::string clip(std::string_view text, std::size_t columns);

/// "0.4s", "12s", "3m 05s", "2h 07m", "5d 03h". A negative duration (clocks differ) is "0.0s".
std::string duration_text(std::chrono::microseconds took);
/// "12s ago", "3m ago"; "now" for less than a second and for times that lie ahead.
std::string ago_text(db_time at, db_time now);
/// "in 4s", "in 3m 20s", "in 1d 7h"; what is past, or less than a second ahead, as `ago_text`.
std::string when_text(db_time at, db_time now);
/// "2026-03-01T10:20:30.123Z"
std::string iso_time(db_time at);
/// The time `iso_time` wrote.
db_time parse_iso_time(const std::string& text);
/// "90s", "10m", "2h" or "3d" before `now`; or a time as triggers have it, also without its time of
/// day or with a fraction: "2026-03-01", "2026-03-01T10:20", "2026-03-01T10:20:30.123+01:00".
/// Without Z or an offset it is what the clock of the zone shows.
std::optional<db_time> parse_since(std::string text, db_time now, const std::string& zone = "UTC");
/// 1234567 is "1,234,567".
std::string grouped(std::int64_t number);
/// "1 run is" or "3 runs are", of "run is" and "runs are".
std::string counted(std::int64_t number, std::string_view one, std::string_view many);

/// RFC 4180: quoted only when it has to be.
std::string csv_field(std::string_view text);
/// A word a POSIX shell reads back as this text.
std::string shell_word(std::string_view text);

std::string join(const std::vector<std::string>& parts, std::string_view between);

}  // namespace partita::cli
