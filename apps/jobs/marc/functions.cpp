#include "apps/jobs/marc/functions.hpp"

#include <regex.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "batch/errors.hpp"
#include "batch/parameters.hpp"
#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

using maker = std::function<value_function(const json& parameter, const reference& types)>;

std::string lower(std::string_view text) {
  std::string made{text};
  for (auto& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

// --- parameters

const std::string& text_in(const json& parameter, const char* name) {
  if (parameter.is_object())
    if (const auto found = parameter.find(name); found != parameter.end() && found->is_string())
      return found->get_ref<const std::string&>();
  throw definition_error("its parameter has no text " + std::string{name});
}

std::size_t number_in(const json& parameter, const char* name) {
  if (parameter.is_object())
    if (const auto found = parameter.find(name);
        found != parameter.end() && found->is_number_unsigned())
      return found->get<std::size_t>();
  throw definition_error("its parameter has no number " + std::string{name});
}

std::vector<std::string> texts_in(const json& parameter, const char* name) {
  std::vector<std::string> texts;
  if (!parameter.is_object()) return texts;
  const auto found = parameter.find(name);
  if (found == parameter.end()) return texts;
  if (!found->is_array())
    throw definition_error(std::string{name} + " of its parameter is no list");
  for (const auto& one : *found) {
    if (!one.is_string())
      throw definition_error(std::string{name} + " of its parameter is no list of texts");
    texts.push_back(one.get<std::string>());
  }
  return texts;
}

/// Codes of subfields, each a text of one character.
std::string codes_in(const json& parameter, const char* name) {
  std::string codes;
  for (const auto& one : texts_in(parameter, name)) {
    if (one.size() != 1)
      throw definition_error(std::string{name} + " of its parameter holds \"" +
                             utf8::printable(one) + "\", which is no subfield");
    codes += one;
  }
  return codes;
}

// --- texts

/// The byte at which the n-th character begins; the size when there are fewer.
std::size_t byte_of_character(std::string_view text, std::size_t n) {
  auto rest = text;
  while (n > 0 && !rest.empty()) {
    utf8::pop(rest);
    --n;
  }
  return text.size() - rest.size();
}

std::size_t characters_of(std::string_view text) {
  std::size_t count = 0;
  for (; !text.empty(); ++count) utf8::pop(text);
  return count;
}

bool ends_with_one_of(std::string_view text, std::string_view characters) {
  return !text.empty() && characters.find(text.back()) != std::string_view::npos;
}

value_function char_select(const json& parameter, const reference&) {
  const auto from = number_in(parameter, "from");
  const auto to = number_in(parameter, "to");
  if (from > to) throw definition_error("its parameter ends before it begins");
  return [from, to](const std::string& value, const occurrence&) -> std::string {
    if (characters_of(value) < to) return "";
    const auto first = byte_of_character(value, from);
    return value.substr(first, byte_of_character(value, to) - first);
  };
}

value_function trim(const json&, const reference&) {
  return [](const std::string& value, const occurrence&) { return std::string{trimmed(value)}; };
}

value_function trim_period(const json&, const reference&) {
  return [](const std::string& value, const occurrence&) {
    return value.ends_with('.') ? value.substr(0, value.size() - 1) : value;
  };
}

/// Whether the text ends with an initial, as "Twain, M" does: one character behind a blank.
bool ends_with_initial(std::string_view text) {
  const auto blank = text.find_last_of(' ');
  return blank != std::string_view::npos && characters_of(text.substr(blank + 1)) == 1;
}

/// The period or comma at the end goes, but not the period of an initial. "M.,." loses two.
value_function trim_punctuation(const json&, const reference&) {
  return [](const std::string& value, const occurrence&) {
    std::string_view text = trimmed(value);
    if (text.ends_with(",.") && ends_with_initial(text.substr(0, text.size() - 2)))
      return std::string{text.substr(0, text.size() - 2)} + '.';
    if (text.ends_with('.') && ends_with_initial(text.substr(0, text.size() - 1)))
      return std::string{text};
    if (ends_with_one_of(text, ".,")) text.remove_suffix(1);
    return std::string{text};
  };
}

value_function remove_ending_punc(const json&, const reference&) {
  return [](const std::string& value, const occurrence&) {
    return ends_with_one_of(value, ";:,/+= ") ? value.substr(0, value.size() - 1) : value;
  };
}

value_function remove_substring(const json& parameter, const reference&) {
  const auto& what = text_in(parameter, "substring");
  if (what.empty()) throw definition_error("its parameter has an empty substring");
  return [what](const std::string& value, const occurrence&) {
    std::string left;
    std::size_t at = 0;
    for (std::size_t found; (found = value.find(what, at)) != std::string::npos;
         at = found + what.size())
      left.append(value, at, found - at);
    return left.append(value, at);
  };
}

/// The second indicator says how many characters at the front are not for sorting.
value_function remove_prefix_by_indicator(const json&, const reference&) {
  return [](const std::string& value, const occurrence& at) {
    if (at.in == nullptr || at.in->indicators[1] < '1' || at.in->indicators[1] > '9') return value;
    const auto prefix =
        byte_of_character(value, static_cast<std::size_t>(at.in->indicators[1] - '0'));
    return prefix < value.size() ? value.substr(prefix) : value;
  };
}

value_function capitalize(const json&, const reference&) {
  return [](const std::string& value, const occurrence&) {
    auto made = value;
    if (!made.empty() && made[0] >= 'a' && made[0] <= 'z')
      made[0] = static_cast<char>(made[0] - 'a' + 'A');
    return made;
  };
}

/// Other subfields join this one: those behind it, up to the next of the same code.
value_function concat_subfields_by_name(const json& parameter, const reference&) {
  const auto joined = codes_in(parameter, "subfieldsToConcat");
  const auto stops = codes_in(parameter, "subfieldsToStopConcat");
  if (joined.empty()) throw definition_error("its parameter has no subfieldsToConcat");
  return [joined, stops](const std::string& value, const occurrence& at) {
    if (at.in == nullptr || at.subfield == occurrence::none) return value;
    const auto& all = at.in->subfields;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(at.subfield);
    const auto end = std::find_if(begin + 1, all.end(), [&](const subfield& s) {
      return s.code == begin->code || stops.find(s.code) != std::string::npos;
    });
    auto made = value;
    for (const auto code : joined)
      for (auto s = begin + 1; s != end; ++s)
        if (s->code == code) (made += ' ') += s->value;
    return made;
  };
}

// --- ids of types

value_function constant(std::string id) {
  return [id = std::move(id)](const std::string&, const occurrence&) { return id; };
}

/// The type of this list that the parameter names.
maker id_by_name(const char* list) {
  return [list](const json& parameter, const reference& types) {
    return constant(types.id_of(list, text_in(parameter, "name")));
  };
}

/// What a letter behind a backslash stands for, of which POSIX has none. Throws definition_error
/// for a letter that would stand for itself.
std::string posix_class(char letter, bool in_list) {
  const std::string_view lists[]{"0-9", "[:alnum:]_", "[:space:]"};
  const auto small = std::string_view{"dws"}.find(letter);
  const auto opposite = std::string_view{"DWS"}.find(letter);
  if (small != std::string_view::npos)
    return in_list ? std::string{lists[small]} : "[" + std::string{lists[small]} + "]";
  if (opposite != std::string_view::npos && !in_list)
    return "[^" + std::string{lists[opposite]} + "]";
  throw definition_error(std::string{"its oclc_regex holds \\"} + letter +
                         (in_list ? " in a list" : "") + ", which is not known");
}

/// The end of the "[:name:]" that is at the place of a list; the place itself: there is none.
std::size_t behind_class(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "[:") return at;
  const auto end = text.find(":]", at + 2);
  return end == std::string_view::npos ? at : end + 2;
}

/// With what POSIX has in place of \d, \w, \s and their opposites.
std::string posix_pattern(const std::string& text) {
  constexpr auto none = std::string::npos;
  std::string made;
  std::size_t list = none;  // where the first character of a list is
  for (std::size_t i = 0; i < text.size();) {
    const bool in_list = list != none;
    const char next = i + 1 < text.size() ? text[i + 1] : '\0';
    std::size_t taken = 1;
    if (text[i] == '\\' && ((next >= 'a' && next <= 'z') || (next >= 'A' && next <= 'Z'))) {
      made += posix_class(next, in_list);
      i += 2;
      continue;
    }
    if (text[i] == '\\' && !in_list && next != '\0')
      taken = 2;
    else if (text[i] == '[' && in_list)
      taken = std::max(behind_class(text, i), i + 1) - i;
    else if (text[i] == '[')
      list = i + (next == '^' ? 2 : 1);
    else if (text[i] == ']' && in_list && i > list)
      list = none;
    made.append(text, i, taken);
    i += taken;
  }
  return made;
}

/// A pattern (POSIX, extended, and \d, \w, \s) that the whole value has to match.
class pattern {
 public:
  explicit pattern(const std::string& text) {
    const auto whole = "^(" + posix_pattern(text) + ")$";
    if (::regcomp(&compiled_, whole.c_str(), REG_EXTENDED | REG_NOSUB) != 0)
      throw definition_error("its oclc_regex is no pattern: " + utf8::printable(text));
  }
  ~pattern() { ::regfree(&compiled_); }
  pattern(const pattern&) = delete;
  pattern& operator=(const pattern&) = delete;

  bool matches(const std::string& value) const {
    return ::regexec(&compiled_, value.c_str(), 0, nullptr, 0) == 0;
  }

 private:
  ::regex_t compiled_{};
};

/// The first of the names, or the second when the value matches the pattern.
value_function id_by_value(const json& parameter, const reference& types) {
  const auto names = texts_in(parameter, "names");
  if (names.empty()) throw definition_error("its parameter has no names");
  const auto first = types.id_of("identifierTypes", names[0]);
  if (!parameter.contains("oclc_regex")) return constant(first);
  if (names.size() < 2) throw definition_error("its parameter has no second name");
  const auto second = types.id_of("identifierTypes", names[1]);
  const auto oclc = std::make_shared<const pattern>(text_in(parameter, "oclc_regex"));
  return [first, second, oclc](const std::string& value, const occurrence&) {
    return oclc->matches(value) ? second : first;
  };
}

value_function staff_only(const json&, const reference&) {
  return [](const std::string&, const occurrence& at) -> std::string {
    return at.in != nullptr && at.in->indicators[0] == '0' ? "true" : "false";
  };
}

/// A function, and the members that its parameter may have.
struct known_function {
  maker make;
  std::vector<std::string> members{};
};

const std::map<std::string, known_function>& functions() {
  static const std::map<std::string, known_function> all{
      {"capitalize", {capitalize}},
      {"char_select", {char_select, {"from", "to"}}},
      {"concat_subfields_by_name",
       {concat_subfields_by_name, {"subfieldsToConcat", "subfieldsToStopConcat"}}},
      {"remove_ending_punc", {remove_ending_punc}},
      {"remove_prefix_by_indicator", {remove_prefix_by_indicator}},
      {"remove_substring", {remove_substring, {"substring"}}},
      {"set_alternative_title_type_id", {id_by_name("alternativeTitleTypes"), {"name"}}},
      {"set_authority_note_type_id", {id_by_name("authorityNoteTypes"), {"name"}}},
      {"set_classification_type_id", {id_by_name("classificationTypes"), {"name"}}},
      {"set_contributor_name_type_id", {id_by_name("contributorNameTypes"), {"name"}}},
      {"set_identifier_type_id_by_name", {id_by_name("identifierTypes"), {"name"}}},
      {"set_identifier_type_id_by_value", {id_by_value, {"names", "oclc_regex"}}},
      {"set_note_staff_only_via_indicator", {staff_only}},
      {"set_note_type_id", {id_by_name("instanceNoteTypes"), {"name"}}},
      {"set_subject_source_id", {id_by_name("subjectSources"), {"name"}}},
      {"set_subject_type_id", {id_by_name("subjectTypes"), {"name"}}},
      {"trim", {trim}},
      {"trim_period", {trim_period}},
      {"trim_punctuation", {trim_punctuation}},
  };
  return all;
}

/// `byte` counts from 1; so do lines and columns.
std::string place_in(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, byte == 0 ? 0 : byte - 1);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto begin = before.rfind('\n') + 1;  // 0: it is the first line
  return "line " + std::to_string(line) + ", column " + std::to_string(before.size() - begin + 1);
}

}  // namespace

json parse_shallow(std::string_view text, const std::string& what) {
  constexpr int deepest = 30;
  bool too_deep = false;
  std::vector<std::set<std::string>> open;  // the members so far of each object that has not ended
  std::string twice;
  const auto look = [&](int depth, json::parse_event_t event, json& value) {
    too_deep = too_deep || depth > deepest;
    if (too_deep) return false;
    if (event == json::parse_event_t::object_start) open.emplace_back();
    if (event == json::parse_event_t::object_end) open.pop_back();
    if (event == json::parse_event_t::key && twice.empty() &&
        !open.back().insert(value.get<std::string>()).second)
      twice = value.get<std::string>();
    return true;
  };
  json document;
  try {
    document = json::parse(text, look);
  } catch (const json::parse_error& e) {
    throw definition_error(what + " are no JSON: " + place_in(text, e.byte));
  } catch (const json::exception&) {
    throw definition_error(what + " are no JSON: a number is too large");
  }
  if (too_deep) throw definition_error(what + " are nested more than 30 deep");
  if (!twice.empty())
    throw definition_error(what + " have \"" + utf8::printable(twice) + "\" twice in one object");
  return document;
}

std::string_view trimmed(std::string_view value) {
  const auto is_blank = [](unsigned char c) { return c <= ' '; };
  while (!value.empty() && is_blank(static_cast<unsigned char>(value.front())))
    value.remove_prefix(1);
  while (!value.empty() && is_blank(static_cast<unsigned char>(value.back())))
    value.remove_suffix(1);
  return value;
}

reference::reference(const json& lists) : given_(true) {
  if (!lists.is_object()) throw definition_error("the reference data are no JSON object");
  for (const auto& [list, types] : lists.items()) {
    if (!types.is_array()) continue;
    auto& of = lists_[list];
    for (const auto& one : types) {
      if (!one.is_object() || !one.contains("id") || !one.contains("name") ||
          !one["id"].is_string() || !one["name"].is_string())
        throw definition_error("the reference data have something without id or name in " +
                               utf8::printable(list));
      of[lower(trimmed(one["name"].get_ref<const std::string&>()))] = one["id"].get<std::string>();
    }
  }
}

std::string reference::id_of(const std::string& list, const std::string& name) const {
  if (!given_) return name;
  const auto of = lists_.find(list);
  if (of == lists_.end()) throw definition_error("the reference data have no " + list);
  const auto found = of->second.find(lower(trimmed(name)));
  if (found == of->second.end())
    throw definition_error("the reference data have no \"" + utf8::printable(name) + "\" in " +
                           list);
  return found->second;
}

value_function find_function(const std::string& name, const json& parameter,
                             const reference& types) {
  const auto found = functions().find(name);
  if (found != functions().end()) return found->second.make(parameter, types);
  const auto near = nearest(name, function_names());
  throw definition_error("there is no function " + utf8::printable(name) +
                         (near ? "; did you mean " + *near + "?" : ""));
}

std::vector<std::string> members_of_parameter(const std::string& name) {
  const auto found = functions().find(name);
  return found == functions().end() ? std::vector<std::string>{} : found->second.members;
}

std::vector<std::string> function_names() {
  std::vector<std::string> names;
  for (const auto& [name, function] : functions()) names.push_back(name);
  return names;
}

}  // namespace partita::marc
