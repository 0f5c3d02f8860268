#include "apps/jobs/marc/rules.hpp"

#include <algorithm>

#include "batch/errors.hpp"
#include "batch/parameters.hpp"
#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

constexpr std::size_t most_problems = 10;

/// Reads the rules of one document, and keeps what is wrong with them.
class rules_reader {
 public:
  rules_reader(entity_type type, const reference& types) : type_(type), types_(types) {}

  mapping_rules read(const json& document) {
    mapping_rules made{type_, {}};
    if (!document.is_object()) throw definition_error("the rules are no JSON object");
    for (const auto& [tag, mappings] : document.items()) {
      tag_ = tag;
      if (!is_tag(tag_)) problem("a tag is LDR or has three letters or digits");
      if (!mappings.is_array()) {
        problem("its mappings are no list");
        continue;
      }
      for (const auto& one : mappings) made.by_tag[tag].push_back(mapping_of(one));
    }
    return made;
  }

  const std::vector<std::string>& problems() const { return problems_; }

 private:
  static constexpr auto of_mappings = {"entityPerRepeatedSubfield", "keepTrailingBackslash",
                                       "indicators", "entity"};
  static constexpr auto of_parts = {"target",
                                    "description",
                                    "subfield",
                                    "rules",
                                    "exclusiveSubfield",
                                    "requiredSubfield",
                                    "subFieldSplit",
                                    "applyRulesOnConcatenatedData"};

  void problem(const std::string& what) {
    problems_.push_back(utf8::printable(tag_) + ": " + what);
  }

  bool is_whole_value() const { return tag_ == "LDR" || tag_.starts_with("00"); }

  // --- members

  void require_known(const json& object, std::initializer_list<const char*> known,
                     std::initializer_list<const char*> more = {}) {
    std::vector<std::string> names(known.begin(), known.end());
    names.insert(names.end(), more.begin(), more.end());
    require_named(object, names, "");
  }

  /// `where`: in front of the sentence.
  void require_named(const json& object, const std::vector<std::string>& names,
                     const std::string& where) {
    for (const auto& [name, value] : object.items()) {
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      const auto near = nearest(name, names);
      problem(where + "\"" + utf8::printable(name) + "\" is not known" +
              (near ? "; did you mean \"" + *near + "\"?" : ""));
    }
  }

  bool flag(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return false;
    if (!found->is_boolean()) problem(std::string{name} + " is neither true nor false");
    return found->is_boolean() && found->get<bool>();
  }

  std::optional<std::string> text(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return std::nullopt;
    if (found->is_string()) return found->get<std::string>();
    problem(std::string{name} + " is no text");
    return std::nullopt;
  }

  const json& list(const json& object, const char* name) {
    static const auto nothing = json::array();
    const auto found = object.find(name);
    if (found == object.end() || found->is_null()) return nothing;
    if (found->is_array()) return *found;
    problem(std::string{name} + " is no list");
    return nothing;
  }

  std::string codes(const json& object, const char* name) {
    std::string all;
    for (const auto& one : list(object, name)) {
      if (one.is_string() && one.get_ref<const std::string&>().size() == 1)
        all += one.get_ref<const std::string&>();
      else
        problem(std::string{name} + " holds " + utf8::printable(one.dump()) +
                ", which is no subfield");
    }
    return all;
  }

  // --- what they are

  mapping mapping_of(const json& object) {
    mapping made;
    if (!object.is_object()) {
      problem("a mapping is no object");
      return made;
    }
    made.is_entity = object.contains("entity");
    made.per_subfield = flag(object, "entityPerRepeatedSubfield");
    made.keeps_backslash = flag(object, "keepTrailingBackslash");
    if (object.contains("indicators")) made.indicators = indicators_of(object["indicators"]);
    if (!made.is_entity) {
      if (made.per_subfield) problem("entityPerRepeatedSubfield has no entity");
      require_known(object, of_mappings, of_parts);
      made.parts.push_back(part_of(object));
      return made;
    }
    require_known(object, of_mappings, {"description"});
    if (is_whole_value()) problem("the leader and control fields have no entity");
    for (const auto& one : list(object, "entity")) {
      if (!one.is_object()) {
        problem("a part of an entity is no object");
        continue;
      }
      require_known(one, of_parts);
      made.parts.push_back(part_of(one));
    }
    require_content(made);
    return made;
  }

  /// An entity is made where one of its parts has a value of the field.
  void require_content(const mapping& entity) {
    if (entity.parts.empty())
      problem("an entity has no parts");
    else if (std::all_of(entity.parts.begin(), entity.parts.end(),
                         [](const part& p) { return p.subfields.empty(); }))
      problem("no part of an entity has a subfield");
  }

  indicator_choice indicators_of(const json& object) {
    indicator_choice made;
    const auto one = [&](const char* name) {
      const auto value = object.is_object() ? text(object, name) : std::nullopt;
      if (value && value->size() == 1) return value->front();
      problem("indicators have no " + std::string{name} + " of one character");
      return '*';
    };
    made.first = one("ind1");
    made.second = one("ind2");
    if (object.is_object()) require_named(object, {"ind1", "ind2"}, "indicators: ");
    return made;
  }

  part part_of(const json& object) {
    part made;
    const auto path = text(object, "target");
    if (!path) {
      problem("a mapping has no target");
    } else if (const auto found = find_target(type_, *path)) {
      made.to = *found;
    } else {
      const auto near = nearest(*path, target_names(type_));
      problem("there is no target " + utf8::printable(*path) +
              (near ? "; did you mean " + *near + "?" : ""));
    }
    made.subfields = codes(object, "subfield");
    made.required = codes(object, "requiredSubfield");
    made.exclusive = codes(object, "exclusiveSubfield");
    made.rules_after_joining = flag(object, "applyRulesOnConcatenatedData");
    if (object.contains("subFieldSplit")) made.split = split_of(object["subFieldSplit"]);
    for (const auto& one : list(object, "rules")) made.rules.push_back(rule_of(one));
    if (made.subfields.empty() && made.rules.empty() && !is_whole_value())
      problem("a target has neither subfield nor rules, so it gets no value");
    for (const auto code : made.required)
      if (made.exclusive.find(code) != std::string::npos)
        problem(std::string{"subfield "} + code +
                " is in requiredSubfield and in exclusiveSubfield, so no field is mapped");
    return made;
  }

  std::size_t split_of(const json& object) {
    const auto type = object.is_object() ? text(object, "type") : std::nullopt;
    const auto value = object.is_object() ? text(object, "value") : std::nullopt;
    if (type == "split_every" && value && value->size() == 1 && value->front() >= '1' &&
        value->front() <= '9')
      return static_cast<std::size_t>(value->front() - '0');
    problem("subFieldSplit is not {\"type\": \"split_every\", \"value\": \"N\"} with N of 1 to 9");
    return 0;
  }

  rule rule_of(const json& object) {
    rule made;
    if (!object.is_object()) {
      problem("a rule is no object");
      return made;
    }
    require_known(object, {"conditions", "value"});
    made.constant = text(object, "value");
    for (const auto& one : list(object, "conditions")) made.conditions.push_back(condition_of(one));
    return made;
  }

  condition condition_of(const json& object) {
    condition made;
    const auto names = object.is_object() ? text(object, "type") : std::nullopt;
    if (!names) {
      problem("a condition has no type");
      return made;
    }
    require_known(object, {"type", "parameter", "value", "LDR", "description"});
    made.wanted = text(object, "value");
    made.of_leader = flag(object, "LDR");
    const auto parameter = object.contains("parameter") ? object["parameter"] : json{};
    std::vector<std::string> members;  // of the parameter, which all the functions share
    for (std::size_t at = 0; at <= names->size();) {
      const auto end = std::min(names->find(',', at), names->size());
      const std::string name{trimmed(std::string_view{*names}.substr(at, end - at))};
      const auto more = members_of_parameter(name);
      members.insert(members.end(), more.begin(), more.end());
      try {
        made.functions.push_back(find_function(name, parameter, types_));
      } catch (const definition_error& e) {
        problem(name + ": " + e.what());
      }
      at = end + 1;
    }
    if (parameter.is_object())
      require_named(parameter, members, "the parameter of " + utf8::printable(*names) + ": ");
    else if (!parameter.is_null())
      problem("the parameter of " + utf8::printable(*names) + " is no object");
    return made;
  }

  entity_type type_;
  const reference& types_;
  std::string tag_;
  std::vector<std::string> problems_;
};

}  // namespace

mapping_rules parse_rules(std::string_view text, entity_type type, const reference& types) {
  const auto document = parse_shallow(text, "the rules");
  rules_reader reader{type, types};
  auto made = reader.read(document);
  const auto& problems = reader.problems();
  if (problems.empty()) return made;
  std::string all;
  for (std::size_t i = 0; i < std::min(problems.size(), most_problems); ++i)
    all += (i == 0 ? "" : "; ") + problems[i];
  if (problems.size() > most_problems)
    all += "; and " + std::to_string(problems.size() - most_problems) + " more";
  throw definition_error(all);
}

}  // namespace partita::marc
