#include "batch/errors.hpp"
#include "batch/readers/csv.hpp"
#include "batch/readers/json_lines.hpp"
#include "batch/writers/csv.hpp"
#include "batch/writers/json_lines.hpp"
#include "batch/writers/xml.hpp"
#include "tests/batch/reading.hpp"
#include "tests/batch/writing.hpp"
#include "tests/batch/xml_document.hpp"

using namespace partita;
using namespace std::string_literals;
using test::read_file;
using test::require_it_can_be_continued;
using test::require_it_refuses;
using test::temp_dir;
using test::written;
namespace fs = std::filesystem;

namespace {

using row = std::vector<std::string>;

csv::writer<row> csv_writer(const fs::path& file) {
  return {file, {"a", "b"}, [](csv::fields& to, const row& from) {
            for (const auto& field : from) to.add(field);
          }};
}

csv::writer<std::string> column_writer(const fs::path& file) {
  return {file, {"a"}, [](csv::fields& to, const std::string& from) { to.add(from); }};
}

xml::writer<row> xml_writer(const fs::path& file) {
  return {file, "rows", [](xml::elements& to, const row& from) {
            to.start("row");
            for (const auto& field : from) to.element("field", field);
          }};
}

/// The same, written in one go.
std::string document_of(const std::vector<row>& rows) {
  temp_dir dir;
  test::xml_document writer{dir / "f", "rows"};
  for (const auto& one : rows) {
    writer->start("row");
    for (const auto& field : one) writer->element("field", field);
    writer->end();
  }
  writer.close();
  return read_file(dir / "f");
}

std::vector<row> read_csv(const fs::path& file, std::string_view header, std::size_t columns) {
  csv::rows<row> reader{file, csv::split(file, header, 1).front(), columns,
                        [](const csv::record& r) { return row(r.fields.begin(), r.fields.end()); }};
  std::vector<row> all;
  while (auto one = reader.next()) all.push_back(std::move(*one));
  return all;
}

std::vector<row> many_rows(std::size_t count, std::size_t bytes) {
  std::vector<row> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(
        {std::to_string(i), std::string(i * 7919 % bytes, static_cast<char>('a' + i % 26))});
  return all;
}

struct reading {
  std::string place;
  double celsius = 0;
  friend bool operator==(const reading&, const reading&) = default;
};

void to_json(json& to, const reading& from) {
  to = json{{"place", from.place}, {"celsius", from.celsius}};
}
void from_json(const json& from, reading& to) {
  from.at("place").get_to(to.place);
  from.at("celsius").get_to(to.celsius);
}

template <class Writer, class T>
void require_only_the_bad_one_is_refused(Writer writer, const fs::path& file,
                                         const std::vector<T>& items, std::size_t bad,
                                         const std::string& why) {
  test::write_chunk(writer, items, 0, 1);
  const auto before = writer.position();
  REQUIRE_THROWS_WITH(test::write_chunk(writer, items, 1, items.size() - 1), why);
  REQUIRE_THROWS_AS(test::write_chunk(writer, items, bad, 1), data_error);
  CHECK(writer.position() == before);
  CHECK(before == fs::file_size(file));
  for (std::size_t i = 1; i < items.size(); ++i)
    if (i != bad) test::write_chunk(writer, items, i, 1);
  writer.close();
}

}  // namespace

TEST_CASE("CSV is written as RFC 4180 has it") {
  temp_dir dir;
  const std::vector<row> rows{{"1", "x"}, {"a,b", "say \"hi\""}, {"l\nm", "\r"}, {"", " Zoë "}};
  CHECK(written(dir / "f", csv_writer(dir / "f"), rows) ==
        "a,b\n1,x\n\"a,b\",\"say \"\"hi\"\"\"\n\"l\nm\",\"\r\"\n, Zoë \n");
  CHECK(read_csv(dir / "f", "a,b", 2) == rows);
  CHECK(written(dir / "f", csv_writer(dir / "f"), std::vector<row>{}) == "a,b\n");
  const std::vector<std::string> column{"", "x", ""};
  CHECK(written(dir / "f", column_writer(dir / "f"), column) == "a\n\"\"\nx\n\"\"\n");
  CHECK(read_csv(dir / "f", "a", 1) == std::vector<row>{{""}, {"x"}, {""}});
}

TEST_CASE("numbers are written to CSV as they are read again") {
  csv::fields row;
  row.begin();
  row.add(-7);
  row.add(std::uint64_t{18446744073709551615u});
  row.add(0.1);
  CHECK(row.end(3) == "-7,18446744073709551615,0.1\n");
  row.begin();
  CHECK_THROWS_WITH(row.end(2), "a row of CSV has 0 fields, and the header 2");
}

TEST_CASE("any rows come back from CSV and from JSON lines") {
  test::dice dice;
  temp_dir dir;
  const std::vector<std::string> pieces{"x", ",", "\"", "\n", "\r\n", "\r",
                                        " ", "ë", "🎼",  "\\", "{"};
  for (int round = 0; round < 100; ++round) {
    std::vector<row> rows(dice.below(20), row(2));
    for (auto& one : rows)
      for (auto& field : one)
        for (auto n = dice.below(4); n > 0; --n) field += dice.one_of(pieces);
    const auto file = dir / "f";
    written(file, csv_writer(file), rows, 1 + dice.below(7));
    REQUIRE(read_csv(file, "a,b", 2) == rows);
    written(file, json_lines::writer<row>{file}, rows, 1 + dice.below(7));
    json_lines::reader<row> reader{file, json_lines::split(file, 1).front()};
    for (const auto& one : rows) REQUIRE(reader.next() == one);
    REQUIRE(reader.next() == std::nullopt);
  }
}

TEST_CASE("JSON lines are written by to_json") {
  temp_dir dir;
  const auto file = dir / "f";
  const std::vector<reading> readings{{"Zoë\n", 0.5}, {"", -1}};
  CHECK(written(file, json_lines::writer<reading>{file}, readings) ==
        "{\"celsius\":0.5,\"place\":\"Zoë\\n\"}\n{\"celsius\":-1.0,\"place\":\"\"}\n");
  json_lines::reader<reading> reader{file, json_lines::split(file, 1).front()};
  CHECK(reader.next() == readings[0]);
  CHECK(reader.next() == readings[1]);
  CHECK(written(file, json_lines::writer<json>{file}, std::vector<json>{}).empty());
}

TEST_CASE("items are written to XML as a whole document is") {
  temp_dir dir;
  const auto file = dir / "f";
  const auto rows = GENERATE(std::vector<row>{}, std::vector<row>{{}, {"a<b>&\"c\r\n", "", "Zoë"}},
                             many_rows(3000, 600));
  CHECK(written(file, xml_writer(file), rows, 100) == document_of(rows));
}

TEST_CASE("a file is continued at the end of any chunk, byte for byte") {
  const auto rows = many_rows(23, 40);
  require_it_can_be_continued(csv_writer, rows, 4);
  require_it_can_be_continued(xml_writer, rows, 4);
  const auto json_writer = [](const fs::path& file) { return json_lines::writer<row>{file}; };
  require_it_can_be_continued(json_writer, rows, 4);
  const auto long_rows = many_rows(40, 200'000);  // a chunk is longer than all buffers
  require_it_can_be_continued(csv_writer, long_rows, 10);
  require_it_can_be_continued(xml_writer, long_rows, 10);
}

TEST_CASE("writers refuse what cannot be written or continued, with path and reason") {
  require_it_refuses(csv_writer, row{"1", "2"});
  require_it_refuses(xml_writer, row{"1", "2"});
  require_it_refuses([](const fs::path& file) { return json_lines::writer<json>{file}; }, json{1});
}

TEST_CASE("an item that cannot be written is refused, and leaves nothing of its chunk") {
  temp_dir dir;
  const auto file = dir / "f";
  auto rows = many_rows(30, 100'000);  // so that a part of the chunk was handed over already
  const std::size_t bad = 20;
  auto good = rows;
  good.erase(good.begin() + bad);
  SECTION("CSV") {
    rows[bad][1] = "\xFF";
    require_only_the_bad_one_is_refused(csv_writer(file), file, rows, bad,
                                        "field 2: invalid UTF-8 cannot be written as CSV");
    CHECK(read_csv(file, "a,b", 2) == good);
  }
  SECTION("CSV, NUL") {
    rows[bad][0] = "\0"s;
    require_only_the_bad_one_is_refused(csv_writer(file), file, rows, bad,
                                        "field 1: a NUL byte cannot be written as CSV");
    CHECK(read_csv(file, "a,b", 2) == good);
  }
  SECTION("JSON lines") {
    rows[bad][1] = "\xFF";
    require_only_the_bad_one_is_refused(json_lines::writer<row>{file}, file, rows, bad,
                                        "invalid UTF-8 cannot be written as JSON");
    CHECK(read_file(file) == written(dir / "g", json_lines::writer<row>{dir / "g"}, good));
  }
  SECTION("XML") {
    rows[bad][1] = "\x01";
    require_only_the_bad_one_is_refused(
        xml_writer(file), file, rows, bad,
        "element field: the character U+0001 cannot be written as XML");
    CHECK(read_file(file) == document_of(good));
  }
}

TEST_CASE("what an author's function does wrong with XML is told") {
  temp_dir dir;
  const auto write = [&](auto add) {
    xml::writer<int> writer{dir / "f", "r", add};
    test::write_chunk(writer, std::vector<int>{1}, 0, 1);
  };
  CHECK_THROWS_WITH(write([](xml::elements& to, int) { to.attribute("a", "1"); }),
                    "the attribute a comes after no start tag");
  CHECK_THROWS_WITH(write([](xml::elements& to, int) { to.end(); }),
                    "an element is ended, but none is open");
}
