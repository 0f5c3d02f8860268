#include "apps/jobs/marc/mapper.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

/// A condition that does not hold gives nothing. One that looks at the leader leaves the value.
std::optional<std::string> value_of(const condition& c, std::string value, const occurrence& at,
                                    bool has_constant) {
  auto made = c.of_leader ? at.of->leader : value;
  for (const auto& f : c.functions) made = f(made, at);
  if (c.wanted && made != *c.wanted) return std::nullopt;
  if (c.of_leader || has_constant) return value;
  return made;
}

std::string apply(const std::vector<rule>& rules, std::string value, const occurrence& at) {
  for (const auto& r : rules) {
    std::optional<std::string> made = value;
    for (const auto& c : r.conditions) {
      made = value_of(c, std::move(*made), at, r.constant.has_value());
      if (!made) break;
    }
    if (!made) continue;
    if (r.constant) return *r.constant;
    value = std::move(*made);
  }
  return value;
}

/// The objects that values of one field are put into: by the member of the entity, the place in its
/// list.
using open_objects = std::map<std::string, std::size_t, std::less<>>;

void set(json& object, const target& to, std::string value) {
  if (to.is == target::kind::texts)
    object[to.name].push_back(std::move(value));
  else if (to.is == target::kind::flag)
    object[to.name] = value == "true";
  else
    object[to.name] = std::move(value);
}

/// Values of the parts of a mapping, by the subfield they are of and its piece.
using pieces = std::map<std::pair<std::size_t, std::size_t>, std::vector<std::string>>;

/// One record on its way into an entity.
class mapping_of_record {
 public:
  mapping_of_record(const record& from, const mapping_rules& rules) : from_(from), rules_(rules) {}

  json made() {
    map_value("LDR", from_.leader);
    for (const auto& f : from_.fields) {
      if (f.is_control())
        map_value(f.tag, f.value);
      else
        map_field(f);
    }
    return std::move(entity_);
  }

 private:
  /// The value of the leader or of a control field.
  void map_value(const std::string& tag, const std::string& value) {
    const auto found = rules_.by_tag.find(tag);
    if (found == rules_.by_tag.end()) return;
    open_objects open;
    for (const auto& m : found->second)
      for (const auto& p : m.parts) put(p.to, finished(apply(p.rules, value, {&from_}), m), open);
  }

  void map_field(const field& f) {
    const auto found = rules_.by_tag.find(f.tag);
    if (found == rules_.by_tag.end()) return;
    const bool some_match =
        std::any_of(found->second.begin(), found->second.end(),
                    [&](const mapping& m) { return m.indicators && m.indicators->matches(f); });
    open_objects of_field;
    for (const auto& m : found->second) {
      if (m.indicators ? !m.indicators->matches(f) : some_match) continue;
      if (!is_wanted(m, f)) continue;
      if (!m.is_entity) {
        put(m.parts.front().to, joined(m.parts.front(), m, f), of_field);
      } else if (m.per_subfield) {
        for (auto& [at, values] : by_piece(m, f)) put_entity(m, std::move(values));
      } else {
        std::vector<std::string> values;
        for (const auto& p : m.parts) values.push_back(joined(p, m, f));
        put_entity(m, std::move(values));
      }
    }
  }

  static bool is_wanted(const mapping& m, const field& f) {
    const auto in_field = [&](char code) { return f.has(code); };
    return std::all_of(m.parts.begin(), m.parts.end(), [&](const part& p) {
      return std::all_of(p.required.begin(), p.required.end(), in_field) &&
             std::none_of(p.exclusive.begin(), p.exclusive.end(), in_field);
    });
  }

  /// All subfields of a part.
  std::string joined(const part& p, const mapping& m, const field& f) const {
    std::string all;
    bool any = p.subfields.empty();  // then it is a constant, or the id of a type
    for_each_value(p, f, [&](std::string value, const occurrence& at) {
      any = true;
      if (!p.rules_after_joining) value = finished(apply(p.rules, std::move(value), at), m);
      if (!all.empty()) all += ' ';
      all += value;
    });
    if (any && (p.rules_after_joining || p.subfields.empty()))
      all = finished(apply(p.rules, std::move(all), {&from_, &f}), m);
    return all;
  }

  /// The values of the parts, for each piece of each subfield that one of them is for.
  pieces by_piece(const mapping& m, const field& f) const {
    pieces all;
    const auto set = [&](std::vector<std::string>& values, std::size_t i, std::string value,
                         const occurrence& at) {
      values[i] = finished(apply(m.parts[i].rules, std::move(value), at), m);
    };
    for (std::size_t i = 0; i < m.parts.size(); ++i)
      for_each_value(m.parts[i], f, [&](std::string value, const occurrence& at) {
        auto& values = all.try_emplace({at.subfield, at.piece}, m.parts.size()).first->second;
        set(values, i, std::move(value), at);
      });
    for (auto& [at, values] : all)
      for (std::size_t i = 0; i < m.parts.size(); ++i)
        if (m.parts[i].subfields.empty()) set(values, i, "", {&from_, &f, at.first, at.second});
    return all;
  }

  /// One value for each part. Where all that comes from the field is empty there is no entity, and
  /// no constant and no type of it either.
  void put_entity(const mapping& m, std::vector<std::string> values) {
    bool any_content = false;
    for (std::size_t i = 0; i < values.size(); ++i)
      any_content = any_content || (!m.parts[i].subfields.empty() && !values[i].empty());
    if (!any_content) return;
    open_objects open;
    for (std::size_t i = 0; i < values.size(); ++i) put(m.parts[i].to, std::move(values[i]), open);
  }

  template <class Take>
  void for_each_value(const part& p, const field& f, const Take& take) const {
    for (std::size_t i = 0; i < f.subfields.size(); ++i) {
      const auto& s = f.subfields[i];
      if (p.subfields.find(s.code) == std::string::npos) continue;
      if (p.split == 0) {
        take(s.value, occurrence{&from_, &f, i});
        continue;
      }
      std::size_t piece = 0;
      for (std::string_view rest = s.value; !rest.empty(); ++piece) {
        const auto whole = rest;
        for (std::size_t n = 0; n < p.split && !rest.empty(); ++n) utf8::pop(rest);
        take(std::string{whole.substr(0, whole.size() - rest.size())},
             occurrence{&from_, &f, i, piece});
      }
    }
  }

  static std::string finished(std::string value, const mapping& m) {
    if (!m.keeps_backslash && value.ends_with('\\')) value.pop_back();
    return value;
  }

  void put(const target& to, std::string value, open_objects& open) {
    if (value.empty()) return;
    if (to.object.empty()) return set(entity_, to, std::move(value));
    if (!to.object_in_list) return set(entity_[to.object], to, std::move(value));
    auto& all = entity_[to.object];
    const auto [at, is_new] = open.try_emplace(to.object, all.size());
    if (is_new) all.push_back(json::object());
    set(all[at->second], to, std::move(value));
  }

  const record& from_;
  const mapping_rules& rules_;
  json entity_ = json::object();
};

}  // namespace

json map_record(const record& from, const mapping_rules& rules) {
  return mapping_of_record{from, rules}.made();
}

}  // namespace partita::marc
