#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/jobs/marc/record.hpp"
#include "batch/json.hpp"

/// The functions that rules may name: each makes a value of a value.
namespace partita::marc {

/// Where a value comes from.
struct occurrence {
  const record* of = nullptr;
  const field* in = nullptr;  // null: the leader or a control field
  /// Its place in the field; none: the value is joined of several subfields.
  static constexpr std::size_t none = static_cast<std::size_t>(-1);
  std::size_t subfield = none;
  std::size_t piece = 0;  // of a subfield that is cut into pieces
};

using value_function = std::function<std::string(const std::string& value, const occurrence&)>;

/// The types that entities refer to by id: identifier types, note types and so on, by list and
/// name.
class reference {
 public:
  /// Without any: a type stands for itself, by its name.
  reference() = default;
  /// {"identifierTypes": [{"id": "…", "name": "LCCN"}], …}. Throws definition_error.
  explicit reference(const json& lists);

  /// Throws definition_error where the list has no such name. Upper and lower case are the same.
  std::string id_of(const std::string& list, const std::string& name) const;

 private:
  bool given_ = false;
  std::map<std::string, std::map<std::string, std::string>> lists_;
};

/// The function of this name, with its parameter (an object, or null). Throws definition_error for
/// a name or a parameter that it does not know.
value_function find_function(const std::string& name, const json& parameter,
                             const reference& types);

std::vector<std::string> function_names();

/// The members that the parameter of the function may have.
std::vector<std::string> members_of_parameter(const std::string& name);

/// JSON text. Throws definition_error, with the line and column, for what is none; also for an
/// object that has a member twice, and where it is nested deeper than anything of use is.
json parse_shallow(std::string_view text, const std::string& what);

/// `value` without the blanks and control characters at its ends.
std::string_view trimmed(std::string_view value);

}  // namespace partita::marc
