#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "batch/readers/record.hpp"

namespace partita::screening {

/// One column of a record, for messages: "column 3 (amount)".
struct column {
  std::size_t index;  // from 0
  std::string_view title;
};

/// Throws data_error "column 3 (amount) REASON".
[[noreturn]] void refuse(const column& at, std::string_view reason);

/// Throws data_error unless the record has so many columns.
void require_columns(const record& from, std::size_t least, std::size_t most);

/// The column without the blanks around it.
std::string_view field_of(const record& from, const column& at);

/// Whether it is one digit or more, and nothing else.
bool is_digits(std::string_view text);

/// A whole number of digits alone. Throws data_error.
std::int64_t number_of(const record& from, const column& at);

}  // namespace partita::screening
