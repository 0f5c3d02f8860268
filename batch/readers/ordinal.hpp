#pragma once

#include <string>

#include "batch/errors.hpp"
#include "batch/json.hpp"

namespace partita {

/// The position of a reader whose items are counted from 0: how many it has read. Throws
/// permanent_error unless it is a number from 0 to `most`.
inline std::int64_t ordinal_of(const json& position, std::int64_t most) {
  const auto number = position.is_number_integer() ? position.get<std::int64_t>() : -1;
  if (number < 0 || number > most)
    throw permanent_error("the stored position is not that of an item of this source");
  return number;
}

inline std::string ordinal_text(std::int64_t number) { return "item " + std::to_string(number); }

}  // namespace partita
