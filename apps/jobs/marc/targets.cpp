#include "apps/jobs/marc/targets.hpp"

#include <array>
#include <map>

namespace partita::marc {

namespace {

using kind = target::kind;

/// What a heading is; each has a name, names seen from and names seen also from.
constexpr std::array<std::string_view, 17> headings{
    "personalName",   "personalNameTitle",  "corporateName",         "corporateNameTitle",
    "meetingName",    "meetingNameTitle",   "uniformTitle",          "namedEvent",
    "chronTerm",      "topicalTerm",        "geographicName",        "genreTerm",
    "mediumPerfTerm", "generalSubdivision", "geographicSubdivision", "chronSubdivision",
    "formSubdivision"};

using table = std::map<std::string, target, std::less<>>;

void add(table& to, kind is, std::initializer_list<const char*> names) {
  for (const auto* name : names) to.emplace(name, target{is, "", false, name});
}

void add_object(table& to, const std::string& object, bool in_list,
                std::initializer_list<const char*> names, kind is = kind::text) {
  for (const auto* name : names) to.emplace(object + '.' + name, target{is, object, in_list, name});
}

std::string capitalized(std::string_view word) {
  std::string made{word};
  made[0] = static_cast<char>(made[0] - 'a' + 'A');
  return made;
}

table authority_targets() {
  table all;
  for (const auto heading : headings) {
    const std::string name{heading};
    const auto upper = capitalized(heading);
    add(all, kind::text, {name.c_str()});
    add(all, kind::texts, {("sft" + upper).c_str(), ("saft" + upper).c_str()});
  }
  add(all, kind::text, {"id", "naturalId", "sourceFileId", "subjectHeadings"});
  add_object(all, "identifiers", true, {"value", "identifierTypeId"});
  add_object(all, "notes", true, {"note", "noteTypeId"});
  add_object(all, "notes", true, {"staffOnly"}, kind::flag);
  return all;
}

table instance_targets() {
  table all;
  add(all, kind::text, {"id", "hrid", "title", "indexTitle", "instanceTypeId", "modeOfIssuanceId"});
  add(all, kind::texts,
      {"administrativeNotes", "editions", "instanceFormatIds", "languages",
       "natureOfContentTermIds", "physicalDescriptions", "publicationFrequency",
       "publicationRange"});
  add(all, kind::flag, {"deleted", "discoverySuppress", "staffSuppress"});
  add_object(all, "identifiers", true, {"value", "identifierTypeId"});
  add_object(all, "alternativeTitles", true,
             {"alternativeTitle", "alternativeTitleTypeId", "authorityId"});
  add_object(
      all, "contributors", true,
      {"name", "contributorNameTypeId", "contributorTypeId", "contributorTypeText", "authorityId"});
  add_object(all, "contributors", true, {"primary"}, kind::flag);
  add_object(all, "subjects", true, {"value", "authorityId", "sourceId", "typeId"});
  add_object(all, "series", true, {"value", "authorityId"});
  add_object(all, "classifications", true, {"classificationNumber", "classificationTypeId"});
  add_object(all, "publication", true, {"place", "publisher", "dateOfPublication", "role"});
  add_object(all, "notes", true, {"note", "instanceNoteTypeId"});
  add_object(all, "notes", true, {"staffOnly"}, kind::flag);
  add_object(all, "electronicAccess", true,
             {"uri", "linkText", "materialsSpecification", "publicNote", "relationshipId"});
  add_object(all, "dates", false, {"dateTypeId", "date1", "date2"});
  return all;
}

const table& targets_of(entity_type type) {
  static const auto authority = authority_targets();
  static const auto instance = instance_targets();
  return type == entity_type::authority ? authority : instance;
}

}  // namespace

std::optional<target> find_target(entity_type type, const std::string& path) {
  const auto& all = targets_of(type);
  const auto found = all.find(path);
  return found == all.end() ? std::nullopt : std::optional{found->second};
}

std::vector<std::string> target_names(entity_type type) {
  std::vector<std::string> names;
  for (const auto& [name, what] : targets_of(type)) names.push_back(name);
  return names;
}

}  // namespace partita::marc
