#include "batch/readers/lines.hpp"

#include "batch/readers/fixed_width.hpp"
#include "batch/readers/json_lines.hpp"
#include "tests/batch/reading.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace std::string_literals;
using test::read_all;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

using texts = std::vector<std::string>;

std::string same(const std::string& text) { return text; }
std::string joined(const std::vector<std::string>& fields) {
  std::string text;
  for (const auto& field : fields) text += "[" + field + "]";
  return text;
}
std::string dumped(const json& document) { return document.dump(); }

/// What a reader of this file says, without the folder.
template <class Read>
texts said(std::string_view bytes, Read read) {
  temp_dir dir;
  const auto file = write_file(dir / "f", bytes);
  auto all = read(file);
  const auto folder = dir.path().string() + "/";
  for (auto& text : all)
    if (const auto at = text.find(folder); at != text.npos) text.erase(at, folder.size());
  return all;
}

texts read_lines(const fs::path& file) {
  lines::reader reader{file, lines::split(file, 1).front()};
  return read_all(reader, same);
}

using row = std::vector<std::string>;

/// Columns at bytes 0-2, 3-4 and 6-9.
texts read_columns(const fs::path& file) {
  fixed_width::rows<row> reader{
      file, fixed_width::split(file, 1).front(), {{0, 3}, {3, 2}, {6, 4}}, [](const record& r) {
        if (r.fields[0] == "bad") throw data_error("a bad one");
        return row(r.fields.begin(), r.fields.end());
      }};
  return read_all(reader, joined);
}

struct point {
  int x = 0;
  int y = 0;
};

void from_json(const json& from, point& to) {
  from.at("x").get_to(to.x);
  from.at("y").get_to(to.y);
  if (to.x < 0) throw data_error("a negative x");
}

texts read_json(const fs::path& file) {
  json_lines::reader<json> reader{file, json_lines::split(file, 1).front()};
  return read_all(reader, dumped);
}

texts read_points(const fs::path& file) {
  json_lines::reader<point> reader{file, json_lines::split(file, 1).front()};
  return read_all(reader,
                  [](const point& p) { return std::to_string(p.x) + " " + std::to_string(p.y); });
}

}  // namespace

TEST_CASE("lines are read with LF, CRLF, a byte order mark, with or without a last line end") {
  CHECK(said("one\ntwo\n", read_lines) == texts{"one", "two"});
  CHECK(said("one\r\ntwo", read_lines) == texts{"one", "two"});
  CHECK(said("\xEF\xBB\xBFone\n\n", read_lines) == texts{"one", ""});
  CHECK(said("Zoë 🎼\n \t\n\"a\nb\"", read_lines) == texts{"Zoë 🎼", " \t", "\"a", "b\""});
  CHECK(said("a\rb\r\r\n", read_lines) == texts{"a\rb\r"});
  CHECK(said("", read_lines).empty());
  CHECK(said("\xEF\xBB\xBF", read_lines).empty());
  CHECK(said("\n", read_lines) == texts{""});
}

TEST_CASE("a line that is no text is refused with file, line and reason, and the next is read") {
  CHECK(said("a\nb\0c\nd\n"s, read_lines) == texts{"a", "REFUSED f, line 2: a NUL byte", "d"});
  CHECK(said("\xFF\nd\n\xC3", read_lines) ==
        texts{"REFUSED f, line 1: invalid UTF-8", "d", "REFUSED f, line 3: invalid UTF-8"});
}

TEST_CASE("a line that is too long is refused, and the next is read") {
  const auto size = GENERATE(as<std::size_t>{}, max_record_bytes, max_record_bytes + 2'000'000,
                             3 * max_record_bytes);
  const std::string refused = "REFUSED f, line 2: the line is longer than 4 MiB";
  const std::string longest(max_record_bytes - 1, 'y');
  const std::string huge(size, 'x');
  CHECK(said("a\n" + huge + "\n" + longest + "\nb\n", read_lines) ==
        texts{"a", refused, longest, "b"});
  CHECK(said("a\n" + huge + "\n", read_lines) == texts{"a", refused});
  if (size > max_record_bytes) CHECK(said("a\n" + huge, read_lines) == texts{"a", refused});
}

TEST_CASE("a huge line is passed at its positions") {
  temp_dir dir;
  const auto file = write_file(
      dir / "f", "a\n" + std::string(8'300'000, 'x') + "\nb\n" + std::string(8'300'000, 'z'));
  const auto slice = lines::split(file, 1).front();
  CHECK(slice.rows == 4);
  test::require_it_goes_on([&] { return lines::reader{file, slice}; }, same);
}

TEST_CASE("columns of fixed width are bytes of a line, without the blanks around them") {
  CHECK(said("abcde fghi\nA        C ZZ\r\n         ", read_columns) ==
        texts{"[abc][de][fghi]", "[A][][C]",
              "REFUSED f, line 3: 9 bytes, but the columns end at 10"});
  CHECK(said("ab ë    üx\n\n\r\n", read_columns) ==
        texts{"REFUSED f, line 1: column 3 cuts a character"});
  CHECK(said("ab ë ü j x\n\n\r\n", read_columns) == texts{"[ab][ë][ü j]"});
  CHECK(said("", read_columns).empty());
}

TEST_CASE("a line of other columns is refused with file, line and reason, and the next is read") {
  const std::string good = "abcde fghi\n";
  const auto after = [&](const std::string& line) {
    const auto all = said(good + line + "\n" + good, read_columns);
    REQUIRE(all.size() == 3);
    CHECK(all.back() == "[abc][de][fghi]");
    return all[1];
  };
  CHECK(after("abcde fgh") == "REFUSED f, line 2: 9 bytes, but the columns end at 10");
  CHECK(after("") == "REFUSED f, line 2: 0 bytes, but the columns end at 10");
  CHECK(after("abëde fghi") == "REFUSED f, line 2: column 1 cuts a character");
  CHECK(after("abcdë ghij") == "REFUSED f, line 2: column 2 cuts a character");
  CHECK(after("abcd\0 fghi"s) == "REFUSED f, line 2: a NUL byte");
  CHECK(after("abcde \xFFghi") == "REFUSED f, line 2: invalid UTF-8");
  CHECK(after("badde fghi") == "REFUSED f, line 2: a bad one");
}

TEST_CASE("each line is a JSON document") {
  CHECK(said("{\"x\":1,\"y\":[null,\"ë\"]}\r\n 7 \n\"\\n\"\n\n \r\n", read_json) ==
        texts{"{\"x\":1,\"y\":[null,\"ë\"]}", "7", "\"\\n\"", "REFUSED f, line 4: a blank line",
              "REFUSED f, line 5: a blank line"});
  CHECK(said("\xEF\xBB\xBF{}\n[]\n\n\r\n", read_json) == texts{"{}", "[]"});
  CHECK(said("", read_json).empty());
  CHECK(said("{\"x\":1,\"y\":2}", read_points) == texts{"1 2"});
}

TEST_CASE("a line that is no JSON is refused with file, line and reason, and the next is read") {
  const auto after = [&](const std::string& line) {
    const auto all = said("{\"x\":1,\"y\":2}\n" + line + "\n{\"x\":3,\"y\":4}\n", read_points);
    REQUIRE(all.size() == 3);
    CHECK(all.back() == "3 4");
    return all[1];
  };
  const std::string front = "REFUSED f, line 2: ";
  CHECK(after("{\"x\":") ==
        front +
            "no JSON: column 6: syntax error while parsing value - unexpected end of input; "
            "expected '[', '{', or a literal");
  CHECK(after("{} {}") == front +
                              "no JSON: column 4: syntax error while parsing value - "
                              "unexpected '{'; expected end of input");
  CHECK(after("1e999") == front + "no JSON: number overflow parsing '1e999'");
  CHECK(after("\"\x01\"").starts_with(front + "no JSON: column 2: syntax error"));
  CHECK(after("{}") == front + "key 'x' not found");
  CHECK(after("[1]") == front + "cannot use at() with array");
  CHECK(after("{\"x\":\"a\",\"y\":2}") == front + "type must be number, but is string");
  CHECK(after("{\"x\":-1,\"y\":2}") == "REFUSED f, line 2: a negative x");
  CHECK(after("\"\xFF\"") == "REFUSED f, line 2: invalid UTF-8");
  CHECK(after("\0"s) == "REFUSED f, line 2: a NUL byte");
  CHECK(after("") == "REFUSED f, line 2: a blank line");
}

TEST_CASE("a document may be so deep and no deeper, whatever stands in its texts") {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  const std::string refused = "REFUSED f, line 1: lists and objects lie more than 100 deep";
  CHECK(said(nested(100), read_json) == texts{nested(100)});
  CHECK(said(nested(101), read_json) == texts{refused});
  CHECK(said(nested(1'000'000), read_json) == texts{refused});
  const auto quoted = "[\"" + nested(200) + "\\\"" + nested(200) + "\"]";
  CHECK(said(quoted, read_json) == texts{quoted});
  std::string flat = "[{}";
  for (int i = 0; i < 200; ++i) flat += ",{}";
  CHECK(said(flat + "]", read_json) == texts{flat + "]"});
}
