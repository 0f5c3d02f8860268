#include "batch/readers/csv.hpp"
#include "batch/readers/fixed_width.hpp"
#include "batch/readers/json_lines.hpp"
#include "batch/readers/lines.hpp"
#include "tests/batch/reading.hpp"
#include "tests/support/temp_dir.hpp"

// Whatever the bytes of a file: cut into any number of slices, its records are the same, those that
// are refused too, and a reader goes on at each of its positions.

using namespace partita;
using test::read_all;
namespace fs = std::filesystem;

namespace {

using texts = std::vector<std::string>;
using row = std::vector<std::string>;

row fields_of(const record& r) { return row(r.fields.begin(), r.fields.end()); }
std::string text_of(const std::string& text) { return text; }
std::string text_of(const json& document) { return document.dump(); }
std::string text_of(const row& fields) {
  std::string text;
  for (const auto& field : fields) text += "[" + field + "]";
  return text;
}

struct csv_format {
  static constexpr auto* header = "a,b\n";
  static std::vector<std::string> pieces() {
    return {"1,2\n", "\"a\nb\",c\r\n", "\"\"\"\",\n",        ",",    "\"", "\n",      "\r\n",
            "x",     "\"\"",           std::string(1, '\0'), "\xFF", "ë",  "1,2,3\n", "one\n"};
  }
  static auto split(const fs::path& file, std::int64_t most) {
    return csv::split(file, "a,b", most);
  }
  static auto reader(const fs::path& file, const file_slice& slice) {
    return csv::rows<row>{file, slice, 2, fields_of};
  }
};

struct lines_format {
  static constexpr auto* header = "";
  static std::vector<std::string> pieces() {
    return {"a\n", "b\r\n", "\n", "\r", "ë", "\"", std::string(1, '\0'), "\xFF", "\xEF\xBB\xBF"};
  }
  static auto split(const fs::path& file, std::int64_t most) { return lines::split(file, most); }
  static auto reader(const fs::path& file, const file_slice& slice) {
    return lines::reader{file, slice};
  }
};

struct fixed_width_format {
  static constexpr auto* header = "";
  static std::vector<std::string> pieces() {
    return {"a b cd\n", "abcdefgh\r\n", "ëëë\n", "aëb  c\n", "\n", "\r\n", "x", " ", "\xFF"};
  }
  static auto split(const fs::path& file, std::int64_t most) {
    return fixed_width::split(file, most);
  }
  static auto reader(const fs::path& file, const file_slice& slice) {
    return fixed_width::rows<row>{file, slice, {{0, 2}, {2, 4}}, fields_of};
  }
};

struct json_lines_format {
  static constexpr auto* header = "";
  static std::vector<std::string> pieces() {
    return {"{\"a\":1}\n", "[1,2]\r\n", "\"ë\"\n", "{", "}", "\"", "\n", "\r\n", "7", "\xFF", " "};
  }
  static auto split(const fs::path& file, std::int64_t most) {
    return json_lines::split(file, most);
  }
  static auto reader(const fs::path& file, const file_slice& slice) {
    return json_lines::reader<json>{file, slice};
  }
};

}  // namespace

TEMPLATE_TEST_CASE("any slices of any bytes give the same records, and go on anywhere", "",
                   csv_format, lines_format, fixed_width_format, json_lines_format) {
  using format = TestType;
  const auto text = [](const auto& item) { return text_of(item); };
  test::dice dice;
  test::temp_dir dir;
  const auto file = dir / "f";
  std::size_t records = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 400; ++round) {
    std::string body;
    for (auto n = dice.below(16); n > 0; --n) body += dice.one_of(format::pieces());
    test::write_file(file, format::header + body);
    INFO("round " << round << ", body:\n" << body);
    auto whole = format::reader(file, format::split(file, 1).front());
    const auto expected = read_all(whole, text);
    records += expected.size();
    for (const auto& one : expected) refused += one.starts_with("REFUSED") ? 1 : 0;
    for (const std::int64_t most : {1, 2, 3, 7, 100}) {
      texts all;
      for (const auto& slice : format::split(file, most)) {
        auto reader = format::reader(file, slice);
        const auto some = read_all(reader, text);
        all.insert(all.end(), some.begin(), some.end());
        test::require_it_goes_on([&] { return format::reader(file, slice); }, text);
        if (!all.empty() && all.back().starts_with("ENDED")) break;
      }
      INFO("slices " << most);
      REQUIRE(all == expected);
    }
  }
  CHECK(records > 1000);
  CHECK(refused > 100);
  CHECK(records - refused > 100);
}

TEMPLATE_TEST_CASE("a position that is none of the slice is refused", "", csv_format, lines_format,
                   fixed_width_format, json_lines_format) {
  using format = TestType;
  test::temp_dir dir;
  const auto file =
      test::write_file(dir / "f", format::header + std::string{"\"1234\",5\n\"6\",7\n9,9\n"});
  const auto slice = format::split(file, 1).front();
  auto reader = format::reader(file, slice);
  const auto begin = slice.range.begin;
  const auto line = slice.first_line;
  reader.seek({{"offset", begin}, {"line", line}, {"row", 0}});
  reader.seek({{"offset", begin + 9}, {"line", line + 1}, {"row", 1}});
  const std::vector<json> wrong{nullptr,
                                7,
                                json::array(),
                                json::object(),
                                {{"offset", begin}, {"line", line}},
                                {{"offset", "9"}, {"line", line}, {"row", 0}},
                                {{"offset", 1.5}, {"line", line}, {"row", 0}},
                                {{"offset", begin - 1}, {"line", line}, {"row", 0}},
                                {{"offset", slice.range.end + 1}, {"line", line + 3}, {"row", 3}},
                                {{"offset", begin + 8}, {"line", line + 1}, {"row", 1}},
                                {{"offset", begin + 9}, {"line", line + 1}, {"row", 0}},
                                {{"offset", begin + 9}, {"line", line + 1}, {"row", 3}},
                                {{"offset", begin + 9}, {"line", line - 1}, {"row", 1}},
                                {{"offset", begin + 9}, {"line", line + 1}, {"row", -1}},
                                {{"offset", begin}, {"line", line}, {"row", 1}},
                                {{"offset", slice.range.end}, {"line", line + 3}, {"row", 2}},
                                {{"offset", std::uint64_t{1} << 63}, {"line", line}, {"row", 1}}};
  for (const auto& position : wrong) {
    INFO(position.dump());
    CHECK_THROWS_WITH(reader.seek(position), "the stored position " + position.dump() +
                                                 " is none of the slice of " + file.string());
  }
}
