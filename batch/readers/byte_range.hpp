#pragma once

#include <cstdint>

#include "batch/json.hpp"

namespace partita {

/// Bytes [begin, end) of a file.
struct byte_range {
  std::int64_t begin = 0;
  std::int64_t end = 0;

  std::int64_t size() const { return end - begin; }
  friend bool operator==(const byte_range&, const byte_range&) = default;
};

inline void to_json(json& to, const byte_range& range) {
  to = json{{"begin", range.begin}, {"end", range.end}};
}

inline void from_json(const json& from, byte_range& range) {
  from.at("begin").get_to(range.begin);
  from.at("end").get_to(range.end);
}

}  // namespace partita
