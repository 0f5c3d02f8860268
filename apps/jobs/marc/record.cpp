#include "apps/jobs/marc/record.hpp"

#include <algorithm>

#include "batch/errors.hpp"
#include "batch/json.hpp"
#include "batch/utf8.hpp"

namespace partita::marc {

namespace {

constexpr std::size_t leader_size = 24;

/// "field 3 (100): REASON"
[[noreturn]] void refuse(std::size_t no, const std::string& tag, const std::string& reason) {
  throw data_error("field " + std::to_string(no) + " (" + utf8::printable(tag) + "): " + reason);
}

/// The only member of an object, as MARC-in-JSON names things. Null: it is no such object.
const json::object_t::value_type* only_member(const json& document) {
  const auto* object = document.get_ptr<const json::object_t*>();
  return object != nullptr && object->size() == 1 ? &*object->begin() : nullptr;
}

const std::string* text_of(const json& document, const char* name) {
  const auto found = document.find(name);
  return found == document.end() ? nullptr : found->get_ptr<const std::string*>();
}

char indicator_of(const json& document, const char* name, std::size_t no, const std::string& tag) {
  const auto* text = text_of(document, name);
  if (text == nullptr) refuse(no, tag, std::string{name} + " is missing");
  if (text->size() != 1) refuse(no, tag, std::string{name} + " is not one character");
  return text->front();
}

field field_of(const json& document, std::size_t no) {
  const auto* member = only_member(document);
  if (member == nullptr) refuse(no, "?", "it is no object with a tag");
  field made;
  made.tag = member->first;
  if (!is_tag(made.tag)) refuse(no, made.tag, "a tag has three letters or digits");
  const auto& content = member->second;
  if (made.is_control()) {
    const auto* text = content.get_ptr<const std::string*>();
    if (text == nullptr) refuse(no, made.tag, "a control field is a text");
    made.value = *text;
    require_valid(made, no);
    return made;
  }
  if (!content.is_object()) refuse(no, made.tag, "it has no indicators and subfields");
  made.indicators = {indicator_of(content, "ind1", no, made.tag),
                     indicator_of(content, "ind2", no, made.tag)};
  const auto subfields = content.find("subfields");
  if (subfields == content.end() || !subfields->is_array())
    refuse(no, made.tag, "its subfields are no list");
  for (const auto& one : *subfields) {
    const auto* of = only_member(one);
    const auto* text = of == nullptr ? nullptr : of->second.get_ptr<const std::string*>();
    if (text == nullptr) refuse(no, made.tag, "a subfield is no object with a code and a text");
    if (of->first.size() != 1) refuse(no, made.tag, "the code of a subfield is not one character");
    made.subfields.push_back({of->first.front(), *text});
  }
  require_valid(made, no);
  return made;
}

}  // namespace

bool is_tag(const std::string& tag) {
  return tag.size() == 3 && std::all_of(tag.begin(), tag.end(), [](unsigned char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

bool field::has(char code) const {
  return std::any_of(subfields.begin(), subfields.end(),
                     [code](const subfield& s) { return s.code == code; });
}

void require_valid(const field& f, std::size_t no) {
  if (!is_tag(f.tag)) refuse(no, f.tag, "a tag has three letters or digits");
  if (f.is_control()) return;
  for (const auto indicator : f.indicators)
    if (indicator < ' ' || indicator > '~') refuse(no, f.tag, "an indicator is no character");
  for (const auto& s : f.subfields)
    if (s.code <= ' ' || s.code > '~')
      refuse(no, f.tag, "the code of a subfield is no letter, digit or sign");
}

void require_leader(const std::string& leader) {
  if (leader.size() != leader_size)
    throw data_error("the leader has " + std::to_string(leader.size()) + " characters, not " +
                     std::to_string(leader_size));
}

record parse_record(std::string_view text) {
  const auto document = json::parse(text, nullptr, false);
  if (!document.is_object()) throw data_error("it is no JSON object");
  const auto* leader = text_of(document, "leader");
  if (leader == nullptr) throw data_error("it has no leader");
  require_leader(*leader);
  const auto fields = document.find("fields");
  if (fields == document.end() || !fields->is_array()) throw data_error("its fields are no list");
  record made{*leader, {}};
  made.fields.reserve(fields->size());
  for (const auto& one : *fields) made.fields.push_back(field_of(one, made.fields.size() + 1));
  return made;
}

std::string to_json_text(const record& r) {
  auto fields = json::array();
  for (const auto& f : r.fields) {
    if (f.is_control()) {
      fields.push_back({{f.tag, f.value}});
      continue;
    }
    auto subfields = json::array();
    for (const auto& s : f.subfields) subfields.push_back({{std::string{s.code}, s.value}});
    fields.push_back({{f.tag,
                       {{"ind1", std::string{f.indicators[0]}},
                        {"ind2", std::string{f.indicators[1]}},
                        {"subfields", subfields}}}});
  }
  try {
    return json{{"leader", r.leader}, {"fields", fields}}.dump();
  } catch (const json::exception&) {
    throw data_error("it holds text that is no UTF-8");
  }
}

std::string control_number(const record& r) {
  const auto found =
      std::find_if(r.fields.begin(), r.fields.end(), [](const field& f) { return f.tag == "001"; });
  if (found == r.fields.end()) return "";
  const std::string_view value = found->value;
  const auto first = value.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string{value.substr(first, value.find_last_not_of(' ') + 1 - first)};
}

}  // namespace partita::marc
