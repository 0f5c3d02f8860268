#include "batch/readers/csv.hpp"

#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <algorithm>

#include "batch/errors.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

using row = std::vector<std::string>;

struct read_rows {
  std::vector<row> rows;
  std::vector<std::int64_t> lines;
};

void read_slice(const fs::path& file, const csv::slice& slice, std::size_t columns, read_rows& to) {
  csv::reader reader{file, slice, columns};
  for (csv::record record; reader.next(record);) {
    to.rows.emplace_back(record.fields.begin(), record.fields.end());
    to.lines.push_back(record.line);
  }
}

read_rows read_all(const fs::path& file, std::int64_t slices, std::string_view header = "a,b") {
  read_rows all;
  const auto columns = static_cast<std::size_t>(std::count(header.begin(), header.end(), ',')) + 1;
  for (const auto& slice : csv::split(file, header, slices)) read_slice(file, slice, columns, all);
  return all;
}

/// What reading the file with these bytes says.
std::string complaint(std::string_view bytes, std::int64_t slices = 1) {
  temp_dir dir;
  const auto file = write_file(dir / "f.csv", bytes);
  try {
    read_all(file, slices);
  } catch (const permanent_error& e) {
    std::string text = e.what();
    return text.starts_with(dir.path().string()) ? text.substr(dir.path().string().size() + 1)
                                                 : text;
  }
  return "none";
}

}  // namespace

TEST_CASE("a slice travels as JSON") {
  const csv::slice slice{{10, 20}, 3, 4, 50, 60};
  CHECK(json(slice).get<csv::slice>() == slice);
  CHECK_THROWS_AS((json{{"begin", 1}}.get<csv::slice>()), json::exception);
}

TEST_CASE("rows are read with LF, CRLF, a byte order mark and with or without a last line end") {
  const std::vector<row> expected{{"1", "x"}, {"2", "y"}, {"3", ""}};
  const auto text =
      GENERATE(as<std::string>{}, "a,b\n1,x\n2,y\n3,\n", "a,b\n1,x\n2,y\n3,",
               "a,b\r\n1,x\r\n2,y\r\n3,\r\n", "a,b\r\n1,x\r\n2,y\r\n3,",
               "\xEF\xBB\xBF"
               "a,b\n1,x\n2,y\n3,\n",
               "a,b\n1,x\n2,y\n3,\n\n\r\n\n", "a,b\n\"1\",\"x\"\n2,y\n\"3\",\"\"\r\n\r");
  const auto slices = GENERATE(1, 2, 3, 7);
  temp_dir dir;
  const auto read = read_all(write_file(dir / "f.csv", text), slices);
  CHECK(read.rows == expected);
  CHECK(read.lines == std::vector<std::int64_t>{2, 3, 4});
}

TEST_CASE("quoted fields hold commas, line ends and doubled quotes") {
  temp_dir dir;
  const auto file = write_file(
      dir / "f.csv", "a,b\r\n\"1,\r\n2\",\"say \"\"hi\"\"\"\r\n\"\"\"\",\"\n\n\n\"\r\nz,é\r\n");
  const auto read = read_all(file, GENERATE(1, 2, 3, 9));
  CHECK(read.rows == std::vector<row>{{"1,\r\n2", "say \"hi\""}, {"\"", "\n\n\n"}, {"z", "é"}});
  CHECK(read.lines == std::vector<std::int64_t>{2, 4, 8});
}

TEST_CASE("with a single column a blank line between rows is an empty field") {
  temp_dir dir;
  const auto file = write_file(dir / "f.csv", "a\n\n1\n\n\n2\n\n");
  const auto read = read_all(file, GENERATE(1, 2, 3, 9), "a");
  CHECK(read.rows == std::vector<row>{{""}, {"1"}, {""}, {""}, {"2"}});
}

TEST_CASE("a file without rows is one empty slice") {
  temp_dir dir;
  const auto text = GENERATE(as<std::string>{}, "a,b", "a,b\n", "a,b\r\n", "a,b\n\n\n");
  const auto file = write_file(dir / "f.csv", text);
  const auto slices = csv::split(file, "a,b", 5);
  REQUIRE(slices.size() == 1);
  CHECK(slices[0].rows == 0);
  CHECK(slices[0].range.size() == 0);
  CHECK(read_all(file, 5).rows.empty());
}

TEST_CASE("a file without a header is read from its first line") {
  temp_dir dir;
  const auto text = GENERATE(as<std::string>{}, "1,x\n2,y\n", "\xEF\xBB\xBF\"1\",x\r\n2,y");
  const auto file = write_file(dir / "f.csv", text);
  read_rows read;
  for (const auto& slice : csv::split(file, GENERATE(1, 2, 9))) read_slice(file, slice, 2, read);
  CHECK(read.rows == std::vector<row>{{"1", "x"}, {"2", "y"}});
  CHECK(read.lines == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("a last byte 0x1A is not part of the file, any other is") {
  temp_dir dir;
  const auto slices = GENERATE(1, 3);
  const auto mark = GENERATE(as<std::string>{}, "\x1A", "\n\x1A", "\r\n\x1A", "\n\n\x1A");
  CHECK(read_all(write_file(dir / "f.csv", "a,b\n1,x\n2,y" + mark), slices).rows ==
        std::vector<row>{{"1", "x"}, {"2", "y"}});
  // The mark as the last byte of a block that is scanned at once, and as the first of the next.
  constexpr std::size_t block = 1024 * 1024;
  for (const auto length : {block - 1, block, block + 1}) {
    std::string text = "a,b\n";
    while (text.size() + 100'010 < length) text += "1," + std::string(100'000, 'x') + "\n";
    text += "1," + std::string(length - text.size() - 2, 'y');
    const auto read = read_all(write_file(dir / "f.csv", text + "\x1A"), slices);
    CHECK(read.rows.size() == 11);
    CHECK(read.rows.back()[1].back() == 'y');
  }
  CHECK(read_all(write_file(dir / "f.csv", "a,b\n1,x\x1A"), slices).rows ==
        std::vector<row>{{"1", "x"}});
  CHECK(read_all(write_file(dir / "f.csv", "a,b\n1,\x1A\x1A"), slices).rows ==
        std::vector<row>{{"1", "\x1A"}});
  CHECK(complaint("a,b\n\x1A\n") == "f.csv, line 2: 1 column instead of 2");
  CHECK(csv::split(write_file(dir / "f.csv", "\x1A"), 3).front().rows == 0);
}

TEST_CASE("a record may have one of several numbers of columns") {
  temp_dir dir;
  const auto file = write_file(dir / "f.csv", "1,2\n1,2,3\n1\n1,2,3,4\n");
  csv::reader reader{file, csv::split(file, 1).front(), {2, 3}};
  csv::record record;
  REQUIRE(reader.next(record));
  CHECK(record.fields.size() == 2);
  REQUIRE(reader.next(record));
  CHECK(record.fields.size() == 3);
  CHECK_THROWS_WITH(reader.next(record), file.string() + ", line 3: 1 column instead of 2 to 3");
  CHECK_THROWS_WITH(reader.next(record), file.string() + ", line 4: 4 columns instead of 2 to 3");
  CHECK_FALSE(reader.next(record));
}

TEST_CASE("slices follow each other, are balanced by bytes and never more than the rows") {
  temp_dir dir;
  std::string text = "a,b\n";
  for (int i = 0; i < 1000; ++i) text += std::to_string(i) + ",x\n";
  const auto file = write_file(dir / "f.csv", text);
  const auto wanted = GENERATE(1, 2, 3, 10, 999, 1000, 1001, 5'000'000);
  const auto slices = csv::split(file, "a,b", wanted);
  CHECK(slices.size() <= std::min<std::size_t>(1000, static_cast<std::size_t>(wanted)));
  if (wanted <= 10) CHECK(slices.size() == static_cast<std::size_t>(wanted));
  std::int64_t at = 4;
  std::int64_t line = 2;
  const auto share = (static_cast<std::int64_t>(text.size()) - at) / wanted;
  for (const auto& slice : slices) {
    CHECK(slice.range.begin == at);
    CHECK(slice.first_line == line);
    CHECK(slice.rows > 0);
    CHECK(slice.range.size() <= share + 12);
    at = slice.range.end;
    line += slice.rows;
  }
  CHECK(at == static_cast<std::int64_t>(text.size()));
  CHECK(line == 1002);
}

TEST_CASE("records across the block size are read whole") {
  temp_dir dir;
  std::string text = "a,b\n";
  std::vector<row> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string big(static_cast<std::size_t>(i * 13'001), static_cast<char>('a' + i % 26));
    expected.push_back({std::to_string(i) + "\n\"", big});
    text += "\"" + std::to_string(i) + "\n\"\"\"," + big + "\r\n";
  }
  const auto file = write_file(dir / "f.csv", text);
  CHECK(read_all(file, GENERATE(1, 2, 3, 7, 40)).rows == expected);
}

TEST_CASE("malformed rows are refused with file, line and reason") {
  using namespace std::string_literals;
  CHECK(complaint("a,b\n1,2\n3\n") == "f.csv, line 3: 1 column instead of 2");
  CHECK(complaint("a,b\n1,2,3\n") == "f.csv, line 2: 3 columns instead of 2");
  CHECK(complaint("a,b\n1,2\n\n3,4\n") == "f.csv, line 3: 1 column instead of 2");
  CHECK(complaint("a,b\n1,2\n\n3,4\n", 2) == "f.csv, line 3: 1 column instead of 2");
  CHECK(complaint("a,b\n1,\"2\"x\n") == "f.csv, line 2: text after a closing quote");
  CHECK(complaint("a,b\n1,2\"x\n3,4\n") == "f.csv, line 2: a quote inside an unquoted field");
  CHECK(complaint("a,b\n\"x\ny\",1\n1,\"2\n3,4\n") ==
        "f.csv, line 4: a quoted field is not closed");
  CHECK(complaint("a,b\n1,\"") == "f.csv, line 2: a quoted field is not closed");
  CHECK(complaint("a,b\n1,2\rx\n") == "f.csv, line 2: a carriage return inside an unquoted field");
  CHECK(complaint("a,b\n1,\0\n"s) == "f.csv, line 2: a NUL byte");
  CHECK(complaint("a,b\n1,\xFF\n") == "f.csv, line 2: invalid UTF-8");
  CHECK(complaint("a,b\n1,\xC3") == "f.csv, line 2: invalid UTF-8");
  CHECK(complaint("a,b\n1,\xED\xA0\x80\n") == "f.csv, line 2: invalid UTF-8");
  CHECK(complaint("a,b\n1,\xC0\x80\n") == "f.csv, line 2: invalid UTF-8");
  CHECK(complaint("a,b\n1,\xF4\x90\x80\x80\n") == "f.csv, line 2: invalid UTF-8");
  CHECK(complaint("a,b\n1,\xF0\x9F\x8E\xBC\n") == "none");
}

TEST_CASE("a malformed row is refused, and the next is read") {
  temp_dir dir;
  const auto file =
      write_file(dir / "f.csv",
                 "a,b\n1,2\n3\n\"x\",\"\n\",5\n6,\xFF\n7,8\n\n9,\"1\"0\n11,12\n13\"14\n"
                 "\"\"15\",\n16,17\n18,\"");
  csv::rows<row> reader{file, csv::split(file, "a,b", 1).front(), 2, [](const csv::record& r) {
                          if (r.fields[0] == "7") throw data_error("not seven");
                          return row(r.fields.begin(), r.fields.end());
                        }};
  const auto refusal = [&] {
    try {
      return reader.next() ? std::string{"none"} : "end";
    } catch (const data_error& e) {
      return std::string{e.what()}.substr(file.string().size());
    }
  };
  CHECK(reader.next() == row{"1", "2"});
  CHECK(reader.where() == file.string() + ", line 2");
  CHECK(refusal() == ", line 3: 1 column instead of 2");
  CHECK(reader.where() == file.string() + ", line 3");
  CHECK(refusal() == ", line 4: 3 columns instead of 2");
  CHECK(refusal() == ", line 6: invalid UTF-8");
  CHECK(refusal() == ", line 7: not seven");
  CHECK(refusal() == ", line 8: 1 column instead of 2");
  CHECK(refusal() == ", line 9: text after a closing quote");
  CHECK(reader.next() == row{"11", "12"});
}

TEST_CASE("a row whose end nobody can tell ends the slice") {
  const auto how_it_ends = [](std::string_view rest) -> std::string {
    temp_dir dir;
    const auto file = write_file(dir / "f.csv", std::string{"a,b\n1,2\n"}.append(rest));
    csv::reader reader{file, csv::split(file, "a,b", 1).front(), 2};
    csv::record record;
    REQUIRE(reader.next(record));
    try {
      reader.next(record);
    } catch (const data_error&) {
      return "goes on";
    } catch (const permanent_error&) {
      return "ends";
    }
    return "fine";
  };
  CHECK(how_it_ends("3,\"4\n5,6\n") == "ends");
  CHECK(how_it_ends("3\"4\n5,6\n7\"8\n") == "ends");
  CHECK(how_it_ends("3,\"4\n5,\"6\n7,8\n") == "ends");
  CHECK(how_it_ends("\xFF,\"4\n5,\"6\n7,8\n") == "ends");
  CHECK(how_it_ends(std::string(5'000'000, 'x') + "\n3,4\n") == "ends");
  CHECK(how_it_ends(std::string(5'000'000, '"') + "x\n3,4\n") == "ends");
  CHECK(how_it_ends("3,\"4") == "goes on");
  CHECK(how_it_ends("3,\"4\"\"\n") == "goes on");  // to the end
  CHECK(how_it_ends("\xFF,\"4\n5\"\n7,8\n") == "goes on");
  CHECK(how_it_ends("3,\"4\n5\"\n7,8\n") == "fine");
}

TEST_CASE("fields and records have limits") {
  const std::string field(csv::max_field_bytes, 'x');
  CHECK(complaint("a,b\n1," + field + "\n") == "none");
  CHECK(complaint("a,b\n1," + field + "x\n") == "f.csv, line 2: field 2 is longer than 1 MiB");
  CHECK(complaint("a,b\n\"" + field + "x\",2\n") == "f.csv, line 2: field 1 is longer than 1 MiB");
  std::string record;
  for (int i = 0; i < 5; ++i) record += field + ",";
  CHECK(complaint("a,b\n" + record + "\n") == "f.csv, line 2: the record is longer than 4 MiB");
  std::string open = "a,b\n1,2\n3,\"";
  for (int i = 0; i < 1'000'000; ++i) open += "12345678\n";
  CHECK(complaint(open) == "f.csv, line 3: a quoted field is not closed within 1 MiB");
}

TEST_CASE("the header must be the expected one") {
  CHECK(complaint("") == "f.csv, line 1: the header must be \"a,b\", but the file is empty");
  CHECK(complaint("a,b,c\n1,2\n") ==
        "f.csv, line 1: the header must be \"a,b\", but it is \"a,b,c\"");
  CHECK(complaint("a;b\x01\xFF\n") ==
        "f.csv, line 1: the header must be \"a,b\", but it is \"a;b\\x01\\xFF\"");
  CHECK(complaint(std::string(3'000'000, 'z')).size() < 300);
}

TEST_CASE("what is no readable regular file is refused without waiting") {
  temp_dir dir;
  const auto missing = (dir / "missing").string();
  CHECK_THROWS_WITH(csv::split(missing, "a", 1),
                    "cannot read " + missing + ": No such file or directory");
  CHECK_THROWS_WITH(csv::split(dir.path(), "a", 1),
                    "cannot read " + dir.path().string() + ": it is not a regular file");
  REQUIRE(::mkfifo((dir / "fifo").c_str(), 0600) == 0);
  CHECK_THROWS_AS(csv::split(dir / "fifo", "a", 1), permanent_error);
}

TEST_CASE("a file that changed since it was split is refused") {
  temp_dir dir;
  const auto file = write_file(dir / "f.csv", "a,b\n1,2\n3,4\n");
  const auto slice = csv::split(file, "a,b", 1).front();
  const auto expected = file.string() + " changed while the run was under way";
  read_rows to;
  SECTION("longer") {
    write_file(file, "a,b\n1,2\n3,4\n5,6\n");
    CHECK_THROWS_WITH(read_slice(file, slice, 2, to), expected);
  }
  SECTION("touched") {
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds{1});
    CHECK_THROWS_WITH(read_slice(file, slice, 2, to), expected);
  }
  SECTION("truncated while it is read") {
    csv::reader reader{file, slice, 2};
    fs::resize_file(file, 6);
    csv::record record;
    CHECK_THROWS_WITH(reader.next(record), expected);
  }
  SECTION("rewritten while it is read") {
    csv::reader reader{file, slice, 2};
    csv::record record;
    REQUIRE(reader.next(record));
    fs::last_write_time(file, fs::last_write_time(file) + std::chrono::seconds{1});
    REQUIRE(reader.next(record));
    CHECK_THROWS_WITH(reader.next(record), expected);
  }
  SECTION("with fewer rows in the same bytes") {
    auto wrong = slice;
    wrong.rows = 3;
    CHECK_THROWS_WITH(read_slice(file, wrong, 2, to), expected);
  }
  SECTION("a slice that cannot be of it") {
    auto wrong = slice;
    wrong.range = {5, 3};
    CHECK_THROWS_AS(csv::reader(file, wrong, 2), permanent_error);
  }
}
