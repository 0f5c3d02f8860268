#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <set>

#include "apps/jobs/marc/formats.hpp"
#include "apps/jobs/marc/generate.hpp"
#include "apps/jobs/marc/record_file.hpp"
#include "batch/errors.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::marc;
using test::temp_dir;
using test::write_file;

namespace {

std::string refusal(format how, const std::string& bytes) {
  try {
    decode(how, bytes);
  } catch (const data_error& e) {
    return e.what();
  }
  return "none";
}

/// Leaders differ by what a format writes into them.
bool is_same(const record& a, const record& b) { return a.fields == b.fields; }

std::vector<std::string> all_of(const std::filesystem::path& file, const file_part& part) {
  record_file records{file, part};
  std::vector<std::string> all;
  while (auto one = records.next()) all.push_back(std::move(*one));
  return all;
}

}  // namespace

TEST_CASE("a record is the same in every format") {
  for (std::int64_t n = 0; n < 200; ++n) {
    const auto one = generated_authority(n, 7);
    CAPTURE(n);
    CHECK(decode(format::json, to_json_text(one)) == one);
    CHECK(is_same(decode(format::iso2709, to_iso2709(one)), one));
    CHECK(is_same(decode(format::marcxml, to_marcxml(one)), one));
  }
}

TEST_CASE("MARC-8 becomes UTF-8") {
  // An accent of its own is two code points; the letter with it is one.
  const auto plain = [](record r) {
    for (auto& f : r.fields)
      for (auto& s : f.subfields)
        for (const auto& [one, two] :
             {std::pair{"á", "a\u0301"}, std::pair{"é", "e\u0301"}, std::pair{"í", "i\u0301"},
              std::pair{"ó", "o\u0301"}, std::pair{"ú", "u\u0301"}, std::pair{"Í", "I\u0301"}})
          for (std::size_t at; (at = s.value.find(two)) != std::string::npos;)
            s.value.replace(at, std::string_view{two}.size(), one);
    return r;
  };
  bool any_accent = false;
  for (std::int64_t n = 0; n < 200; ++n) {
    const auto one = generated_authority(n, 7);
    const auto bytes = to_marc8(one);
    any_accent = any_accent || bytes.find('\xE2') != std::string::npos;
    CAPTURE(n);
    CHECK(is_same(plain(decode(format::iso2709, bytes)), one));
  }
  CHECK(any_accent);
}

TEST_CASE("what is wrong with a record of ISO 2709 is told") {
  const auto one = generated_authority(3, 7);
  const auto of = [&](flaw what) {
    return refusal(format::iso2709, broken(one, what, format::iso2709));
  };
  CHECK(of(flaw::none) == "none");
  CHECK_THAT(of(flaw::length), Catch::Contains("its leader says that it has 42 bytes, and it has"));
  CHECK(of(flaw::directory) == "field 1 (001): its entry of the directory is no number");
  CHECK_THAT(of(flaw::indicators), Catch::Contains("an indicator is no character"));
  CHECK_THAT(of(flaw::truncated), Catch::Contains("its leader says that it has"));
  CHECK(of(flaw::encoding) == "its leader says UTF-8, and its text is not");
  const auto bytes = to_iso2709(one);
  CHECK(refusal(format::iso2709, bytes.substr(0, bytes.size() - 1)) ==
        "it is cut off: it has no terminator");
  CHECK(refusal(format::iso2709, "") == "it has 0 bytes, less than a leader");
}

TEST_CASE("nothing of a record of ISO 2709 is left out without a word") {
  record one{"00000nz  a2200000n  4500",
             {{"001", "n1", {' ', ' '}, {}},
              {"100", "", {'1', ' '}, {{'a', "AB"}, {'d', "1900-"}}},
              {"400", "", {'1', ' '}, {{'a', "C"}}}}};
  const auto bytes = to_iso2709(one);
  CHECK(decode(format::iso2709, bytes).fields == one.fields);
  const auto with = [&](std::size_t at, std::string_view text) {
    auto changed = bytes;
    return refusal(format::iso2709, changed.replace(at, text.size(), text));
  };
  const std::size_t second = 24 + 12;  // entry of the directory
  CHECK(with(second + 3, "0000") ==
        "field 2 (100): it is not where its entry of the directory says");
  CHECK(with(second + 3, "9999") ==
        "field 2 (100): it is not where its entry of the directory says");
  CHECK(with(second + 7, "00000") ==
        "field 2 (100): it does not end where its entry of the directory says");
  CHECK(with(12, "00001") == "its directory does not end where its leader says");
  const auto data = bytes.find("AB");
  CHECK(with(data - 2, "X") == "field 2 (100): something stands before its first subfield");
  CHECK(with(data, std::string_view{"\0", 1}) == "it holds a NUL byte");
  CHECK(with(data - 1, "\x1F") == "field 2 (100): a subfield has no code");
  auto twice = bytes;  // the third entry names the second field: the third is in none
  twice.replace(second + 12 + 3, 9, bytes.substr(second + 3, 9));
  CHECK(refusal(format::iso2709, twice) == "its directory does not name all that it holds");
}

TEST_CASE("MARC-8 that would lose something is refused") {
  const auto of = [](const std::string& value) {
    record one{"00000nz  a2200000n  4500",
               {{"001", "n1", {' ', ' '}, {}}, {"100", "", {'1', ' '}, {{'a', value}}}}};
    auto bytes = to_iso2709(one);
    bytes[9] = ' ';
    return refusal(format::iso2709, bytes);
  };
  const std::string said = "its leader says MARC-8, and its text is not";
  const std::string acute = "\xE2";
  CHECK(of("Caf" + acute + "e") == "none");
  CHECK(of("Smith, Jos" + acute) == said);
  CHECK(of(std::string(200, 'x') + acute) == said);
  CHECK(of("abc\x1B(Zdef") == said);
  CHECK(of("abc\x1B") == said);
  CHECK(of(acute + acute + acute + acute + acute + acute + acute + acute + "abc") == said);
  CHECK(of(acute + acute + acute + acute + acute + acute + acute + "\x1B)!E" + acute + "ab") ==
        said);
  CHECK(of("x\x1B(N\x41\x42\x1B(B y") == "none");               // Cyrillic and back
  CHECK(of("\x1B$1\x21\x30\x21\x21\x30\x22\x1B(B") == "none");  // East Asian
}

TEST_CASE("a leader that says MARC-8 and a text that is not do not pass") {
  record one{"00000nz  a2200000n  4500",
             {{"001", "1", {}, {}}, {"100", "", {'1', ' '}, {{'a', "é"}}}}};
  auto utf8 = to_iso2709(one);
  utf8[9] = ' ';
  CHECK(refusal(format::iso2709, utf8) == "its leader says MARC-8, and its text is UTF-8");
  one.fields[1].subfields[0].value = "x\xFF\xFF";
  auto neither = to_iso2709(one);
  neither[9] = ' ';
  CHECK(refusal(format::iso2709, neither) == "its leader says MARC-8, and its text is not");
}

TEST_CASE("what is wrong with an element of MARC-XML is told") {
  const auto xml = [](const std::string& content) {
    return refusal(format::marcxml,
                   "<record><leader>00000nz  a2200000n  4500</leader>" + content + "</record>");
  };
  CHECK(xml("") == "none");
  CHECK(refusal(format::marcxml,
                "<m:record><m:leader>00000nz  a2200000n  4500</m:leader>"
                "</m:record>") == "none");
  CHECK(refusal(format::marcxml, "<record></record>") == "the leader has 0 characters, not 24");
  CHECK(xml("<controlfield tag='100'>x</controlfield>") == "a controlfield has the tag 100");
  CHECK(xml("<datafield tag='001' ind1=' ' ind2=' '/>") == "a datafield has the tag 001");
  CHECK(xml("<datafield tag='100' ind1='' ind2=' '/>") ==
        "the attribute ind1 of a datafield is not one character: \"\"");
  CHECK(
      xml("<datafield tag='100' ind1=' ' ind2=' '><subfield code='ab'>x</subfield></datafield>") ==
      "the attribute code of a subfield is not one character: \"ab\"");
  CHECK(xml("<p/>") == "a record holds a p");
  CHECK_THAT(xml("<datafield>"), Catch::StartsWith("it is no XML: ") &&
                                     Catch::Contains("datafield") && !Catch::Contains("line"));
  const auto unfinished = refusal(format::marcxml, "<record><leader>00000nz</leader>");
  CHECK_THAT(unfinished, Catch::Contains("in tag record") && !Catch::Contains("collection") &&
                             !Catch::Contains("line"));
  CHECK_THAT(xml("&xxe;"), Catch::StartsWith("it is no XML: "));
  const auto text = decode(format::marcxml,
                           "<record><leader>00000nz  a2200000n  4500</leader>"
                           "<controlfield tag='001'>a<![CDATA[<b>]]>&amp;</controlfield></record>");
  CHECK(text.fields.front().value == "a<b>&");
}

TEST_CASE("MARC-in-JSON that is none is refused") {
  const auto with = [](const std::string& field) {
    return refusal(format::json,
                   R"({"leader":"00000nz  a2200000n  4500","fields":[)" + field + "]}");
  };
  CHECK(with("") == "none");
  CHECK(refusal(format::json, "[") == "it is no JSON object");
  CHECK(refusal(format::json, "{}") == "it has no leader");
  CHECK(with("7") == "field 1 (?): it is no object with a tag");
  CHECK(with(R"({"1":"x"})") == "field 1 (1): a tag has three letters or digits");
  CHECK(with(R"({"001":7})") == "field 1 (001): a control field is a text");
  CHECK(with(R"({"001":"x"},{"100":{"ind1":"1"}})") == "field 2 (100): ind2 is missing");
  CHECK(with(R"({"100":{"ind1":"1","ind2":"12"}})") == "field 1 (100): ind2 is not one character");
  CHECK(with(R"({"100":{"ind1":"1","ind2":"1","subfields":[{"a":1}]}})") ==
        "field 1 (100): a subfield is no object with a code and a text");
}

TEST_CASE("every record of a file is in exactly one part of it") {
  const temp_dir dir;
  const auto how = GENERATE(format::iso2709, format::marcxml);
  const std::int64_t broken_ones = GENERATE(0, 200);
  const auto file = dir / "records";
  generate_marc(file, how, 300, broken_ones, 7);
  const auto whole = cut(file, 1'000'000);
  REQUIRE(whole.size() == 1);
  const auto all = all_of(file, whole.front());
  CHECK(all.size() == 300);
  for (const std::int64_t records : {1, 2, 7, 100}) {
    std::vector<std::string> parts;
    for (const auto& part : cut(file, records))
      for (auto& one : all_of(file, part)) parts.push_back(std::move(one));
    CAPTURE(records);
    CHECK(parts == all);
  }
  // Any two cuts, wherever they are.
  const auto size = whole.front().file_size;
  for (std::int64_t at = 0; at <= size; at += 97) {
    auto first = whole.front();
    auto second = first;
    first.range.end = second.range.begin = at;
    auto both = all_of(file, first);
    for (auto& one : all_of(file, second)) both.push_back(std::move(one));
    CAPTURE(at);
    REQUIRE(both == all);
  }
}

TEST_CASE("comments and CDATA hold no records, and a record around another one is none") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto one = to_marcxml(generated_authority(1, 1));
  const auto whole = one.substr(0, one.rfind('>') + 1);
  auto within = whole;
  within.insert(whole.find('>') + 1, "<!-- </record> <record> --><x><![CDATA[</record>]]></x>");
  const std::string header = "<header><identifier>1</identifier></header>";
  write_file(file, "<collection><!-- " + whole + " - <![CDATA[ -->" + whole +
                       "<d><![CDATA[<record>" + whole + "<!-- ]]></d>" + within + "<record>" +
                       header + "<metadata>" + whole +
                       "</metadata></record><zs:record><zs:recordData>" + whole +
                       "</zs:recordData></zs:record><!-- " + whole + "</collection>");
  const auto all = all_of(file, cut(file, 1'000'000).front());
  CHECK(all == std::vector<std::string>{whole, within, whole, whole});
  const auto part = cut(file, 1'000'000).front();
  for (std::int64_t at = 0; at <= part.file_size; at += 7) {
    auto first = part;
    auto second = part;
    first.range.end = second.range.begin = at;
    auto both = all_of(file, first);
    for (auto& another : all_of(file, second)) both.push_back(std::move(another));
    CAPTURE(at);
    REQUIRE(both == all);
  }
}

TEST_CASE("a record of MARC-XML that is not whole is not lost") {
  const temp_dir dir;
  const auto file = dir / "records";
  const std::string cut_off = "<record><controlfield tag='001'>1</controlfield>";
  write_file(file, "<collection>" + cut_off + "<record></record></collection>");
  const auto all = all_of(file, cut(file, 100).front());
  CHECK(all == std::vector<std::string>{cut_off, "<record></record>"});
}

TEST_CASE("a file may hold no records") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto is_empty = [&](const char* text) { return may_be_empty(write_file(file, text)); };
  CHECK(is_empty(""));
  CHECK(is_empty(" \r\n"));
  CHECK(is_empty("<collection/>"));
  CHECK(is_empty("\xEF\xBB\xBF<?xml version='1.0'?>\n<m:collection xmlns:m='u'> </m:collection>"));
  CHECK_FALSE(is_empty("<collection>"));
  CHECK_FALSE(is_empty("<html/>"));
}

TEST_CASE("a reader of records goes on where another was") {
  const temp_dir dir;
  const auto how = GENERATE(format::iso2709, format::marcxml);
  const auto file = dir / "records";
  generate_marc(file, how, 50, 0, 7);
  const auto part = cut(file, 100).front();
  const auto all = all_of(file, part);
  for (std::size_t before = 0; before <= all.size(); ++before) {
    record_file first{file, part};
    for (std::size_t i = 0; i < before; ++i) first.next();
    record_file second{file, part};
    second.seek(json::parse(first.position().dump()));
    for (std::size_t i = before; i < all.size(); ++i) REQUIRE(second.next() == all[i]);
    REQUIRE_FALSE(second.next());
  }
  record_file one{file, part};
  CHECK_THROWS_AS(one.seek("x"), permanent_error);
  CHECK_THROWS_AS(one.seek(-1), permanent_error);
}

TEST_CASE("where a reader is does not depend on whether it has looked for more") {
  const temp_dir dir;
  const auto how = GENERATE(format::iso2709, format::marcxml);
  const auto file = dir / "records";
  generate_marc(file, how, 20, 0, 7);
  std::ofstream{file, std::ios::app} << "\n \n";
  record_file records{file, cut(file, 100).front()};
  json last;
  for (int n = 0; n < 20; ++n) {
    REQUIRE(records.next());
    last = records.position();
  }
  CHECK_FALSE(records.next());
  CHECK(records.position() == last);
}

TEST_CASE("a byte order mark at the front is no part of a record") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto one = to_iso2709(generated_authority(1, 1));
  write_file(file, "\xEF\xBB\xBF" + one + one);
  CHECK(all_of(file, cut(file, 100).front()) == std::vector<std::string>{one, one});
}

TEST_CASE(
    "a record of MARC-XML that never ends is a bad item, and takes no more memory than that") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto one = to_marcxml(generated_authority(1, 1));
  std::string many;
  while (many.size() < 6 * 1024 * 1024) many += "<a/>";
  write_file(file, "<collection>" + one + "<record>" + many + one + "</collection>");
  record_file records{file, cut(file, 1'000'000'000).front()};
  CHECK(records.next() == one.substr(0, one.size() - 1));
  CHECK_THROWS_WITH(records.next(), Catch::Contains("a record longer than 4 MiB"));
  CHECK(records.next() == one.substr(0, one.size() - 1));
  CHECK_FALSE(records.next());
}

TEST_CASE("lines between records, and what CP/M leaves at the end, are no records") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto one = to_iso2709(generated_authority(1, 1));
  write_file(file, "\n" + one + "\r\n" + one + "\n\x1A\n");
  for (const std::int64_t records : {1, 100}) {
    std::size_t found = 0;
    for (const auto& part : cut(file, records)) found += all_of(file, part).size();
    CHECK(found == 2);
  }
  write_file(file, "");
  CHECK(cut(file, 10).size() == 1);
  CHECK(all_of(file, cut(file, 10).front()).empty());
}

TEST_CASE("a file of something else is refused, and one that changed") {
  const temp_dir dir;
  const auto file = dir / "records";
  write_file(file, "hello");
  CHECK_THROWS_WITH(cut(file, 10), Catch::Contains("holds no records"));
  write_file(file, to_iso2709(generated_authority(1, 1)));
  const auto part = cut(file, 10).front();
  write_file(file, to_iso2709(generated_authority(2, 1)) + "\n\n");
  CHECK_THROWS_WITH(record_file(file, part),
                    Catch::Contains("changed while the run was under way"));
}

TEST_CASE("a record that never ends is a bad item") {
  const temp_dir dir;
  const auto file = dir / "records";
  const auto one = to_iso2709(generated_authority(1, 1));
  write_file(file, one + std::string(5 * 1024 * 1024, '1') + record_terminator + one);
  const auto version = cut(file, 1'000'000'000).front();
  record_file records{file, version};
  CHECK(records.next() == one);
  CHECK_THROWS_WITH(records.next(), Catch::Contains("a record longer than 4 MiB"));
  CHECK(records.next() == one);
  CHECK_FALSE(records.next());
}
