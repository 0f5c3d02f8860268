#include <catch2/catch.hpp>

#include "apps/jobs/marc/mapper.hpp"
#include "apps/jobs/marc/shipped_rules.hpp"
#include "batch/errors.hpp"

using namespace partita;
using namespace partita::marc;

namespace {

using field_list = std::vector<json>;

record record_with(const field_list& fields) {
  return parse_record(json{{"leader", "00000nz  a2200000n  4500"}, {"fields", fields}}.dump());
}

json data(const char* tag, const std::string& indicators, const json& subfields) {
  return {{tag,
           {{"ind1", indicators.substr(0, 1)},
            {"ind2", indicators.substr(1)},
            {"subfields", subfields}}}};
}

json authority(const json& rules, const field_list& fields, const reference& types = {}) {
  return map_record(record_with(fields), parse_rules(rules.dump(), entity_type::authority, types));
}

json instance(const json& rules, const field_list& fields) {
  return map_record(record_with(fields), parse_rules(rules.dump(), entity_type::instance, {}));
}

/// What one function makes of the value of $a.
json made_by(const json& condition, const std::string& value,
             const std::string& indicators = "  ") {
  const json rules{{"150",
                    {{{"target", "topicalTerm"},
                      {"subfield", {"a"}},
                      {"rules", {{{"conditions", {condition}}}}}}}}};
  return authority(rules, {data("150", indicators, {{{"a", value}}})}).value("topicalTerm", json{});
}

std::string refusal(const json& rules, const reference& types = {}) {
  try {
    parse_rules(rules.dump(), entity_type::authority, types);
  } catch (const definition_error& e) {
    return e.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("subfields of a target are joined, in the order of the record") {
  const json rules{{"100", {{{"target", "personalName"}, {"subfield", {"a", "d"}}}}}};
  CHECK(
      authority(rules, {data("100", "1 ", {{{"d", "1835-"}}, {{"x", "no"}}, {{"a", "Twain"}}})}) ==
      json{{"personalName", "1835- Twain"}});
  CHECK(authority(rules, {data("100", "1 ", {{{"x", "no"}}})}) == json::object());
}

TEST_CASE("a field is mapped by what it has and what it has not") {
  const json rules{
      {"400",
       {{{"target", "sftPersonalName"}, {"subfield", {"a"}}, {"exclusiveSubfield", {"t"}}},
        {{"target", "sftPersonalNameTitle"},
         {"subfield", {"a", "t"}},
         {"requiredSubfield", {"t"}}}}}};
  CHECK(authority(rules, {data("400", "1 ", {{{"a", "A"}}}),
                          data("400", "1 ", {{{"a", "B"}}, {{"t", "Book"}}}),
                          data("400", "1 ", {{{"a", "C"}}})}) ==
        json{{"sftPersonalName", {"A", "C"}}, {"sftPersonalNameTitle", {"B Book"}}});
}

TEST_CASE("the parts of an entity stand in one object, for the field or for each subfield") {
  const auto rules = [](bool each) {
    return json{{"035",
                 {{{"entityPerRepeatedSubfield", each},
                   {"entity",
                    {{{"target", "identifiers.value"},
                      {"subfield", {"a"}},
                      {"rules", {{{"conditions", {{{"type", "trim"}}}}}}}},
                     {{"target", "identifiers.identifierTypeId"},
                      {"rules",
                       {{{"conditions",
                          {{{"type", "set_identifier_type_id_by_name"},
                            {"parameter", {{"name", "System"}}}}}}}}}}}}}}}};
  };
  const field_list fields{data("035", "  ", {{{"a", " 1"}}, {{"a", "2 "}}, {{"a", "  "}}})};
  CHECK(authority(rules(true), fields) ==
        json{{"identifiers",
              {{{"value", "1"}, {"identifierTypeId", "System"}},
               {{"value", "2"}, {"identifierTypeId", "System"}}}}});
  CHECK(authority(rules(false), fields) ==
        json{{"identifiers", {{{"value", "1 2 "}, {"identifierTypeId", "System"}}}}});
}

TEST_CASE("control fields and the leader fill one object of a list") {
  const json rules{
      {"LDR",
       {{{"target", "sourceFileId"},
         {"rules",
          {{{"conditions",
             {{{"type", "char_select"}, {"parameter", {{"from", 5}, {"to", 7}}}}}}}}}}}},
      {"001",
       {{{"target", "identifiers.value"}},
        {{"target", "identifiers.identifierTypeId"},
         {"rules", {{{"conditions", json::array()}, {"value", "number"}}}}}}}};
  CHECK(authority(rules, {json{{"001", "n 1"}}}) ==
        json{{"sourceFileId", "nz"},
             {"identifiers", {{{"value", "n 1"}, {"identifierTypeId", "number"}}}}});
}

TEST_CASE("a mapping with indicators is for those, one without for all others") {
  const json rules{{"150",
                    {{{"target", "topicalTerm"},
                      {"subfield", {"a"}},
                      {"indicators", {{"ind1", "*"}, {"ind2", "0"}}}},
                     {{"target", "genreTerm"}, {"subfield", {"a"}}}}}};
  CHECK(authority(rules, {data("150", "10", {{{"a", "x"}}})}) == json{{"topicalTerm", "x"}});
  CHECK(authority(rules, {data("150", "07", {{{"a", "x"}}})}) == json{{"genreTerm", "x"}});
}

TEST_CASE("a constant takes the place of a value whose conditions hold") {
  const json rules{{"150",
                    {{{"target", "topicalTerm"},
                      {"subfield", {"a"}},
                      {"rules",
                       {{{"conditions", {{{"type", "trim"}, {"value", "old"}}}}, {"value", "new"}},
                        {{"conditions", {{{"type", "trim_period"}}}}}}}}}}};
  CHECK(authority(rules, {data("150", "  ", {{{"a", " old "}}})})["topicalTerm"] == "new");
  CHECK(authority(rules, {data("150", "  ", {{{"a", "other."}}})})["topicalTerm"] == "other");
}

TEST_CASE("rules are for each subfield, or for all of them joined") {
  const auto rules = [](bool joined) {
    return json{{"150",
                 {{{"target", "topicalTerm"},
                   {"subfield", {"a"}},
                   {"applyRulesOnConcatenatedData", joined},
                   {"rules", {{{"conditions", {{{"type", "trim_period"}}}}}}}}}}};
  };
  const field_list fields{data("150", "  ", {{{"a", "a."}}, {{"a", "b."}}})};
  CHECK(authority(rules(false), fields)["topicalTerm"] == "a b");
  CHECK(authority(rules(true), fields)["topicalTerm"] == "a. b");
}

TEST_CASE("a backslash at the end goes unless it is kept") {
  const auto rules = [](bool kept) {
    return json{
        {"150",
         {{{"target", "topicalTerm"}, {"subfield", {"a"}}, {"keepTrailingBackslash", kept}}}}};
  };
  const field_list fields{data("150", "  ", {{{"a", "x\\"}}})};
  CHECK(authority(rules(false), fields)["topicalTerm"] == "x");
  CHECK(authority(rules(true), fields)["topicalTerm"] == "x\\");
}

TEST_CASE("a subfield is split into pieces") {
  const json rules{{"041",
                    {{{"entityPerRepeatedSubfield", true},
                      {"entity",
                       {{{"target", "languages"},
                         {"subfield", {"a"}},
                         {"subFieldSplit", {{"type", "split_every"}, {"value", "3"}}}}}}}}}};
  CHECK(instance(rules, {data("041", "0 ", {{{"a", "itaspa"}}, {{"a", "eng"}}})}) ==
        json{{"languages", {"ita", "spa", "eng"}}});
}

TEST_CASE("what the functions make of a value") {
  const auto by = [](const char* name) { return json{{"type", name}}; };
  CHECK(made_by(by("trim"), " \t a b \n") == "a b");
  CHECK(made_by(by("trim_period"), "a..") == "a.");
  CHECK(made_by(by("capitalize"), "abc") == "Abc");
  CHECK(made_by(by("remove_ending_punc"), "London :") == "London ");
  CHECK(made_by(by("remove_ending_punc, trim"), "London :") == "London");
  CHECK(made_by(by("trim_punctuation"), "Twain, Mark,") == "Twain, Mark");
  CHECK(made_by(by("trim_punctuation"), "Twain, Mark.") == "Twain, Mark");
  CHECK(made_by(by("trim_punctuation"), "Twain, M.") == "Twain, M.");
  CHECK(made_by(by("trim_punctuation"), "Twain, M,.") == "Twain, M.");
  CHECK(made_by(by("trim_punctuation"), "1835-") == "1835-");
  CHECK(made_by(by("remove_prefix_by_indicator"), "The end", " 4") == "end");
  CHECK(made_by(by("remove_prefix_by_indicator"), "The", " 4") == "The");
  CHECK(made_by(by("set_note_staff_only_via_indicator"), "x", "0 ") == "true");
  CHECK(made_by({{"type", "remove_substring"}, {"parameter", {{"substring", "/"}}}}, "a/b/") ==
        "ab");
  const json select{{"type", "char_select"}, {"parameter", {{"from", 1}, {"to", 3}}}};
  CHECK(made_by(select, "aéic") == "éi");
  CHECK(made_by(select, "ab").is_null());
}

TEST_CASE("subfields behind a value join it, up to the next of its code") {
  const json rules{
      {"150",
       {{{"target", "topicalTerm"},
         {"subfield", {"a"}},
         {"rules",
          {{{"conditions",
             {{{"type", "concat_subfields_by_name"},
               {"parameter",
                {{"subfieldsToConcat", {"q", "c"}}, {"subfieldsToStopConcat", {"z"}}}}}}}}}}}}}};
  CHECK(authority(rules, {data("150", "  ",
                               {{{"a", "1"}},
                                {{"c", "c1"}},
                                {{"q", "q1"}},
                                {{"a", "2"}},
                                {{"q", "q2"}},
                                {{"z", "-"}},
                                {{"q", "q3"}}})})["topicalTerm"] == "1 q1 c1 2 q2");
}

TEST_CASE("types are looked up in the reference data, by name or by what a value is like") {
  const reference types{{{"identifierTypes",
                          {{{"id", "id-1"}, {"name", "System control number"}},
                           {{"id", "id-2"}, {"name", "OCLC"}}}}}};
  const json condition{
      {"type", "set_identifier_type_id_by_value"},
      {"parameter",
       {{"names", {"system control NUMBER", "OCLC"}}, {"oclc_regex", "(\\(OCoLC\\)|ocm).*"}}}};
  const json rules{{"150",
                    {{{"target", "topicalTerm"},
                      {"subfield", {"a"}},
                      {"rules", {{{"conditions", {condition}}}}}}}}};
  const auto of = [&](const char* value) {
    return authority(rules, {data("150", "  ", {{{"a", value}}})}, types)["topicalTerm"];
  };
  CHECK(of("(OCoLC)77") == "id-2");
  CHECK(of("ocm7") == "id-2");
  CHECK(of("(DLC)ocm") == "id-1");
  CHECK_THAT(refusal({{"667",
                       {{{"target", "notes.noteTypeId"},
                         {"rules",
                          {{{"conditions",
                             {{{"type", "set_authority_note_type_id"},
                               {"parameter", {{"name", "x"}}}}}}}}}}}}},
                     types),
             Catch::Contains("the reference data have no authorityNoteTypes"));
}

TEST_CASE("a pattern has the classes of characters that people know") {
  const reference types{
      {{"identifierTypes", {{{"id", "1"}, {"name", "a"}}, {{"id", "2"}, {"name", "b"}}}}}};
  const auto made = [&](const char* regex, const char* value) {
    const json condition{{"type", "set_identifier_type_id_by_value"},
                         {"parameter", {{"names", {"a", "b"}}, {"oclc_regex", regex}}}};
    const json rules{{"150",
                      {{{"target", "topicalTerm"},
                        {"subfield", {"a"}},
                        {"rules", {{{"conditions", {condition}}}}}}}}};
    return authority(rules, {data("150", "  ", {{{"a", value}}})}, types)["topicalTerm"] == "2";
  };
  CHECK(made(R"(oc\w\s?\d+)", "ocm 77"));
  CHECK_FALSE(made(R"(oc\w\s?\d+)", "ocm 7x"));
  CHECK(made(R"([^\s\d]+\D)", "abc"));
  CHECK_FALSE(made(R"([^\s\d]+)", "a7"));
  CHECK(made(R"([[:alpha:]\d]+\.)", "a7."));
  CHECK(made(R"([]\d]+)", "]7"));
  CHECK_THROWS_WITH(made(R"(\p{L}+)", "x"), Catch::Contains("oclc_regex holds \\p"));
  CHECK_THROWS_WITH(made(R"([\D])", "x"), Catch::Contains("oclc_regex holds \\D in a list"));
}

TEST_CASE("rules that are no JSON are refused with the place, and a tag has one list") {
  const auto said = [](const char* text) {
    try {
      parse_rules(text, entity_type::authority, {});
    } catch (const definition_error& e) {
      return std::string{e.what()};
    }
    return std::string{"none"};
  };
  CHECK(said("{\"100\": [],\n  \"110\" []}") == "the rules are no JSON: line 2, column 9");
  CHECK_THAT(said("{"), Catch::Contains("the rules are no JSON: line 1, column 2"));
  CHECK(said(R"({"100": [], "110": [], "100": []})") ==
        "the rules have \"100\" twice in one object");
  CHECK(said(R"({"100": [{"target": "personalName", "subfield": ["a"], "subfield": ["b"]}]})") ==
        "the rules have \"subfield\" twice in one object");
  CHECK(said(R"({"100": [1e999]})") == "the rules are no JSON: a number is too large");
  CHECK(said("{}") == "none");
}

TEST_CASE("rules that cannot be are refused, and everything wrong is named") {
  const auto said = refusal(
      {{"100", {{{"target", "personalNam"}, {"subfield", {"ab"}}, {"subfeld", {"a"}}}}},
       {"15", {{{"subfield", {"a"}}}}},
       {"150",
        {{{"target", "topicalTerm"},
          {"rules", {{{"conditions", {{{"type", "trimm"}}, {{"type", "char_select"}}}}}}}}}}});
  CHECK_THAT(said, Catch::Contains("100: \"subfeld\" is not known; did you mean \"subfield\"?"));
  CHECK_THAT(said,
             Catch::Contains("100: there is no target personalNam; did you mean personalName?"));
  CHECK_THAT(said, Catch::Contains("100: subfield holds \"ab\", which is no subfield"));
  CHECK_THAT(said, Catch::Contains("15: a tag is LDR or has three letters or digits"));
  CHECK_THAT(said, Catch::Contains("15: a mapping has no target"));
  CHECK_THAT(said, Catch::Contains("150: trimm: there is no function trimm; did you mean trim?"));
  CHECK_THAT(said, Catch::Contains("150: char_select: its parameter has no number from"));
  CHECK_THAT(
      refusal({{"400",
                {{{"target", "sftPersonalName"}, {"entityPerRepeatedSubfield", true}},
                 {{"entity", json::array()}},
                 {{"entity", {{{"target", "identifiers.value"}}}}},
                 {{"target", "sftPersonalName"},
                  {"subfield", {"a"}},
                  {"requiredSubfield", {"t"}},
                  {"exclusiveSubfield", {"x", "t"}},
                  {"indicators", {{"ind1", "1"}, {"ind2", "*"}, {"ind3", "0"}}},
                  {"rules",
                   {{{"conditions",
                      {{{"type", "trim"}, {"parameter", {{"foo", 1}}}},
                       {{"type", "char_select, trim"},
                        {"parameter", {{"from", 0}, {"to", 1}, {"upto", 2}}}}}}}}}}}}}),
      Catch::Contains("400: entityPerRepeatedSubfield has no entity") &&
          Catch::Contains("400: a target has neither subfield nor rules") &&
          Catch::Contains("400: an entity has no parts") &&
          Catch::Contains("400: no part of an entity has a subfield") &&
          Catch::Contains("400: subfield t is in requiredSubfield and in exclusiveSubfield") &&
          Catch::Contains("400: indicators: \"ind3\" is not known") &&
          Catch::Contains("400: the parameter of trim: \"foo\" is not known") &&
          Catch::Contains("400: the parameter of char_select, trim: \"upto\" is not known"));
  CHECK(refusal({{"100", 7}}) == "100: its mappings are no list");
  CHECK(refusal(json::array()) == "the rules are no JSON object");
}

TEST_CASE("the rules that ship are whole") {
  const auto authorities =
      parse_rules(shipped_rules(entity_type::authority), entity_type::authority, {});
  std::size_t targets = 0;
  for (const auto& [tag, mappings] : authorities.by_tag)
    for (const auto& m : mappings) targets += m.parts.size();
  CHECK(authorities.by_tag.size() == 28);
  CHECK(targets == 42);
  CHECK(parse_rules(shipped_rules(entity_type::instance), entity_type::instance, {})
            .by_tag.contains("245"));
}
