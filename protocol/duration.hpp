#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace partita {

/// The longest duration that people can write: about 270 years.
inline constexpr std::chrono::seconds longest_duration = std::chrono::days{100'000};

/// "90s", "10m", "2h" or "3d". Nothing else: no sign, no fraction, no second unit.
std::optional<std::chrono::seconds> parse_duration(std::string_view text);

/// In the largest unit that holds it: "90s", "2m". REQUIRES: it is not negative.
std::string to_text(std::chrono::seconds duration);

}  // namespace partita
