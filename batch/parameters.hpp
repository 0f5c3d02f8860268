#pragma once

#include <filesystem>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "batch/errors.hpp"
#include "batch/json.hpp"

namespace partita {

enum class parameter_type { text, integer, number, boolean, path };

std::string_view to_string(parameter_type);

template <class T>
constexpr parameter_type parameter_type_of() {
  if constexpr (std::is_same_v<T, bool>)
    return parameter_type::boolean;
  else if constexpr (std::is_same_v<T, std::filesystem::path>)
    return parameter_type::path;
  else if constexpr (std::is_integral_v<T>)
    return parameter_type::integer;
  else if constexpr (std::is_floating_point_v<T>)
    return parameter_type::number;
  else {
    static_assert(std::is_same_v<T, std::string>,
                  "a parameter is text, integer, number, boolean "
                  "or path");
    return parameter_type::text;
  }
}

// Properties of a parameter, in any order after its name.
struct required_t {};
inline constexpr required_t required{};
/// Two runs that differ only in non-identifying parameters are the same work: they cannot be under
/// way at once.
struct non_identifying_t {};
inline constexpr non_identifying_t non_identifying{};
template <class T>
struct default_value {
  T value;
};
template <class T>
default_value(T) -> default_value<T>;
/// The values a text may have. A default must be one of them.
struct one_of {
  one_of(std::initializer_list<std::string> all) : values(all) {}
  std::vector<std::string> values;
};
/// One line, which `run JOB --help` and `jobs --known -o json` show.
struct about {
  std::string text;
};

struct parameter_spec {
  std::string name;
  parameter_type type = parameter_type::text;
  bool required = false;
  bool identifying = true;
  json fallback;                     // null: none
  std::vector<std::string> choices;  // empty: any value of the type
  std::string about;

  void apply(required_t) { required = true; }
  void apply(non_identifying_t) { identifying = false; }
  void apply(struct about a) { about = std::move(a.text); }
  void apply(one_of o) { choices = std::move(o.values); }
  template <class T>
  void apply(const default_value<T>& d) {
    if constexpr (std::is_same_v<T, std::filesystem::path>)
      fallback = d.value.string();
    else
      fallback = d.value;
  }
};

/// The values of one run: what was given, checked, with the defaults filled in. Copies share them.
class parameters {
 public:
  parameters() : values_(none()) {}
  explicit parameters(json values) : values_(std::make_shared<const json>(std::move(values))) {}

  /// The value. Throws definition_error if the job declares no such parameter, or none of this
  /// type, and where it was not given and has no default: use `find` then. Throws permanent_error
  /// for a path that the node may not use (batch/files.hpp).
  template <class T>
  T get(const std::string& name) const {
    const auto& value = at(name);
    try {
      if constexpr (std::is_same_v<T, std::filesystem::path>)
        return confined_path(value.get<std::string>());
      else
        return value.get<T>();
    } catch (const json::exception&) {
      throw definition_error("parameter " + name + " is read as another type than it has");
    }
  }

  /// The value, or nothing when it was not given and has no default.
  template <class T>
  std::optional<T> find(const std::string& name) const {
    const auto found = values_->find(name);
    if (found == values_->end() || found->is_null()) return std::nullopt;
    return get<T>(name);
  }

  const json& values() const { return *values_; }

 private:
  const json& at(const std::string& name) const;
  static std::filesystem::path confined_path(std::string value);
  static const std::shared_ptr<const json>& none();
  std::shared_ptr<const json> values_;
};

/// Turns `key=value` texts into checked values. Every problem is a sentence in `problems`: unknown
/// names (with the nearest known one), missing and ill-typed values. Relative paths are made
/// absolute against the current folder, because other nodes run elsewhere.
struct checked_parameters {
  json values = json::object();
  std::vector<std::string> problems;
};
checked_parameters check_parameters(const std::vector<parameter_spec>& specs,
                                    const std::map<std::string, std::string>& given);

/// The same for an object of names and values, as programs give them; null counts as not given.
/// Throws definition_error with every problem.
json checked_values(const std::string& job, const std::vector<parameter_spec>& specs,
                    const json& given);

/// The canonical text of the identifying parameters: equal for equal work.
std::string identity_of(const std::vector<parameter_spec>& specs, const json& values);

/// The candidate closest to `word` by edit distance, if it is close enough to be a typing error.
std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates);

}  // namespace partita
