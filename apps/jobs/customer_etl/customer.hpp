#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace partita::customers {

inline constexpr std::string_view csv_header = "customer_id,first_name,last_name,email,signup_date";

/// The fields of a customer in the order of the CSV columns, and of the XML children.
inline constexpr std::array<std::string_view, 5> element_names{"customerId", "firstName",
                                                               "lastName", "email", "signupDate"};
inline constexpr std::size_t column_count = element_names.size();
inline constexpr std::size_t email_column = 3;

using customer = std::array<std::string, column_count>;

inline constexpr std::string_view root_element = "customers";
inline constexpr std::string_view item_element = "customer";

inline constexpr std::string_view part_prefix = "customers-part-";
inline constexpr std::string_view part_suffix = ".xml";

/// The address with "+tag" before its first '@', unless "+tag" is in it already. Nothing when it
/// has no '@'. All other fields of a customer pass unchanged.
inline std::optional<std::string> tagged(std::string_view email) {
  constexpr std::string_view tag = "+tag";
  const auto at = email.find('@');
  if (at == email.npos) return std::nullopt;
  std::string result{email};
  if (email.find(tag) == email.npos) result.insert(at, tag);
  return result;
}

}  // namespace partita::customers
