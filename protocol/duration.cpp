#include "protocol/duration.hpp"

#include <charconv>
#include <cstdint>

namespace partita {

namespace {

struct duration_unit {
  char name;
  std::chrono::seconds length;
};
constexpr duration_unit duration_units[] = {{'d', std::chrono::days{1}},
                                            {'h', std::chrono::hours{1}},
                                            {'m', std::chrono::minutes{1}},
                                            {'s', std::chrono::seconds{1}}};

}  // namespace

std::optional<std::chrono::seconds> parse_duration(std::string_view text) {
  if (text.size() < 2 || text.front() == '-') return std::nullopt;
  std::int64_t count = 0;
  const auto* last = text.data() + text.size() - 1;
  const auto [end, error] = std::from_chars(text.data(), last, count);
  if (error != std::errc{} || end != last) return std::nullopt;
  for (const auto& unit : duration_units)
    if (unit.name == *last && count <= longest_duration / unit.length) return count * unit.length;
  return std::nullopt;
}

std::string to_text(std::chrono::seconds duration) {
  for (const auto& unit : duration_units)
    if (duration >= unit.length && duration % unit.length == std::chrono::seconds{0})
      return std::to_string(duration / unit.length) + unit.name;
  return "0s";
}

}  // namespace partita
