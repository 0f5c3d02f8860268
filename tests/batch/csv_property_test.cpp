#include <catch2/catch.hpp>
#include <optional>
#include <random>
#include <utility>

#include "batch/errors.hpp"
#include "batch/readers/csv.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;

namespace {

using rows = std::vector<std::vector<std::string>>;

/// RFC 4180 again, a character at a time and with the whole text at hand. Nothing: malformed.
std::optional<rows> parse_simply(const std::string& text, std::size_t columns) {
  rows all;
  std::vector<std::string> raws;  // the bytes of each row without its \n: "" and "\r" are blank
  enum { field_start, plain, quoted, closed, after_cr } state = field_start;
  std::vector<std::string> row;
  std::string field;
  std::string raw;
  const auto end_field = [&] {
    row.push_back(std::exchange(field, {}));
    state = field_start;
  };
  const auto end_row = [&] {
    end_field();
    all.push_back(std::exchange(row, {}));
    raws.push_back(std::exchange(raw, {}));
  };
  for (const char c : text) {
    if (c == '\n' && state != quoted) {
      end_row();
      continue;
    }
    raw += c;
    if (state == quoted && c != '"') {
      field += c;
    } else if (state == quoted) {
      state = closed;
    } else if (state == after_cr) {
      return std::nullopt;
    } else if (c == '\r') {
      state = after_cr;
    } else if (c == ',') {
      end_field();
    } else if (c == '"') {
      if (state == plain) return std::nullopt;
      if (state == closed) field += c;
      state = quoted;
    } else {
      if (state == closed) return std::nullopt;
      field += c;
      state = plain;
    }
  }
  if (state == quoted) return std::nullopt;
  if (!raw.empty()) end_row();
  for (; !raws.empty() && (raws.back().empty() || raws.back() == "\r"); raws.pop_back())
    all.pop_back();
  for (const auto& one : all)
    if (one.size() != columns) return std::nullopt;
  return all;
}

std::optional<rows> read_in_slices(const std::filesystem::path& file, std::int64_t slices) {
  try {
    rows all;
    for (const auto& slice : csv::split(file, "a,b", slices)) {
      csv::reader reader{file, slice, 2};
      for (csv::record record; reader.next(record);)
        all.emplace_back(record.fields.begin(), record.fields.end());
    }
    return all;
  } catch (const permanent_error&) {
    return std::nullopt;
  }
}

}  // namespace

TEST_CASE("splitting and reading agrees with a simple parser on random bytes") {
  const auto seed = Catch::rngSeed() != 0 ? Catch::rngSeed() : std::random_device{}();
  WARN("seed " << seed << " (replay with --rng-seed " << seed << ")");
  std::mt19937 random{seed};
  const auto below = [&](std::size_t n) { return random() % n; };
  test::temp_dir dir;
  const auto file = dir / "f.csv";
  // Whole rows make well-formed files likely, single characters the others.
  const std::vector<std::string> whole{
      "x,y\n", "1,2\r\n",        "\"a\nb\",c\n",   "\"\"\"\",\"\"\r\n",
      ",\n",   "e,\"u,\r\n\"\n", "\"p\"\"q\",r\n", "long,text\n"};
  const std::vector<std::string> noise{",", "\"", "\n", "\r\n", "\r", "x", "\"\"", "\n\n"};
  int well_formed = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string body;
    const auto kind = below(4);  // whole rows, rows with flaws, nothing but noise
    if (kind < 3)
      for (auto n = below(12); n > 0; --n) body += whole[below(whole.size())];
    for (auto n = kind == 0 ? 0 : kind < 3 ? below(3) : below(30); n > 0; --n)
      body.insert(below(body.size() + 1), noise[below(noise.size())]);
    test::write_file(file, "a,b\n" + body);
    const auto expected = parse_simply(body, 2);
    well_formed += expected ? 1 : 0;
    for (const std::int64_t slices : {1, 2, 3, 5, 28}) {
      const auto read = read_in_slices(file, slices);
      INFO("round " << round << ", slices " << slices << ", body:\n" << body);
      if (read || expected) REQUIRE(read.has_value());
      if (read) REQUIRE(read == expected);
    }
  }
  CHECK(well_formed > 500);
}
