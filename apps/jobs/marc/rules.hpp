#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/jobs/marc/functions.hpp"
#include "apps/jobs/marc/targets.hpp"

/// How the fields of a record become an entity: by tag, a list of mappings.
namespace partita::marc {

/// Holds when its functions, one behind the other, give the text that is wanted, or where none is
/// wanted. What they give is the new value then, unless the rule has a constant, or they look at
/// the leader.
struct condition {
  std::vector<value_function> functions;
  std::optional<std::string> wanted;
  bool of_leader = false;  // it looks at the leader, not at the value
};

/// When all conditions hold: the constant, and no rule behind it is looked at; without a constant,
/// what the conditions made of the value. Otherwise the value stays as it is.
struct rule {
  std::vector<condition> conditions;
  std::optional<std::string> constant;
};

/// What becomes of some subfields of a field.
struct part {
  target to;
  std::string subfields;  // their codes; of the leader and control fields: none
  std::vector<rule> rules;
  bool rules_after_joining = false;
  std::string required;   // the field has all of these, or nothing comes of it
  std::string exclusive;  // the field has none of these, or nothing comes of it
  std::size_t split = 0;  // each value is cut into pieces of so many characters; 0: it is not
};

struct indicator_choice {
  char first = '*';  // '*': any
  char second = '*';
  bool matches(const field& f) const {
    return (first == '*' || first == f.indicators[0]) &&
           (second == '*' || second == f.indicators[1]);
  }
};

/// Parts of one entity stand together in one object; without `is_entity` there is one part, and all
/// such of a field stand together.
struct mapping {
  std::vector<part> parts;
  bool is_entity = false;
  bool per_subfield = false;  // an object for each subfield, not for each field
  bool keeps_backslash = false;
  std::optional<indicator_choice> indicators;
};

struct mapping_rules {
  entity_type type = entity_type::authority;
  std::map<std::string, std::vector<mapping>, std::less<>> by_tag;  // "LDR": the leader
};

/// Reads rules as JSON: {"100": [{"target": "personalName", "subfield": ["a", "b"], "rules": [],
/// "exclusiveSubfield": ["t"]}, …], …}. Members of a mapping: target, description, subfield, rules,
/// entity, entityPerRepeatedSubfield, applyRulesOnConcatenatedData, exclusiveSubfield,
/// requiredSubfield, indicators, subFieldSplit, keepTrailingBackslash. Throws definition_error with
/// a sentence for each thing that is unknown or malformed.
mapping_rules parse_rules(std::string_view text, entity_type type, const reference& types);

}  // namespace partita::marc
