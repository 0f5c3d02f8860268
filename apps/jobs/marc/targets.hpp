#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace partita::marc {

/// What MARC records are mapped to.
enum class entity_type { authority, instance };

/// Where a value goes in an entity, named "title" or "identifiers.value".
struct target {
  /// text: the last value stays. texts: a list. flag: true or false.
  enum class kind { text, texts, flag };
  kind is = kind::text;
  std::string object;           // the member of the entity that it is a part of; empty: none
  bool object_in_list = false;  // that member is a list of such objects
  std::string name;
};

/// Nothing: entities of this type have no such target.
std::optional<target> find_target(entity_type type, const std::string& path);

/// All of a type, for messages.
std::vector<std::string> target_names(entity_type type);

}  // namespace partita::marc
