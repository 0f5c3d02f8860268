#include "batch/readers/csv.hpp"

#include <cstring>

#include "batch/errors.hpp"
#include "batch/readers/split.hpp"

namespace partita::csv {

namespace {

std::string columns_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " column" : " columns");
}

std::string expected_text(const column_counts& expected) {
  const auto most = std::to_string(expected.most);
  return expected.least == expected.most ? most : std::to_string(expected.least) + " to " + most;
}

}  // namespace

std::vector<slice> split(const std::filesystem::path& path, std::string_view header,
                         std::int64_t max_slices) {
  return split_records(path, {.header = header, .quotes = true, .end_mark = true}, max_slices);
}

std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices) {
  return split_records(path, {.header = {}, .quotes = true, .end_mark = true}, max_slices);
}

reader::reader(std::filesystem::path path, const slice& part, column_counts expected)
    : source_(std::move(path), part, true), columns_(expected) {}

bool reader::next(record& into) {
  if (!source_.next()) return false;
  into.line = source_.line();
  auto* at = source_.begin();
  auto* end = source_.end();
  if (source_.too_long()) {
    parse(at, end, into);  // reports the quote that is to blame, if there is one
    fail("the record is longer than 4 MiB");
  }
  if (const auto* flaw = source_.text_flaw()) {
    parse(at, end, into);  // whether its end is known
    source_.fail(flaw);
  }
  const auto found = parse(at, end, into);
  if (found < columns_.least || found > columns_.most)
    source_.fail(columns_text(found) + " instead of " + expected_text(columns_));
  return true;
}

std::string reader::where(const record& at) const {
  return source_.path().string() + ", line " + std::to_string(at.line) + ": ";
}

/// Returns how many fields the record has; those past the columns are not kept.
std::size_t reader::parse(char* at, char* end, record& into) const {
  into.fields.clear();
  std::size_t count = 0;
  for (;; ++at) {  // past the comma
    std::string_view field;
    const bool quoted = at != end && *at == '"';
    at = quoted ? parse_quoted(at + 1, end, field) : parse_plain(at, end, field);
    if (field.size() > max_field_bytes)
      fail("field " + std::to_string(count + 1) + " is longer than 1 MiB");
    if (++count <= columns_.most) into.fields.push_back(field);
    if (at == end) return count;
  }
}

/// Closes the gaps that doubled quotes leave, in place. Returns where the comma or the end is.
char* reader::parse_quoted(char* at, char* end, std::string_view& field) const {
  auto* const begin = at;
  auto* out = at;
  for (;;) {
    auto* quote = static_cast<char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    if (!quote && static_cast<std::size_t>(end - begin) > max_field_bytes)
      fail("a quoted field is not closed within 1 MiB");
    if (!quote) fail("a quoted field is not closed");
    const auto size = static_cast<std::size_t>(quote - at);
    if (out != at) std::memmove(out, at, size);
    out += size;
    at = quote + 1;
    if (at == end || *at != '"') break;
    *out++ = *at++;
  }
  if (at != end && *at != ',') fail("text after a closing quote");
  field = {begin, out};
  return at;
}

char* reader::parse_plain(char* at, char* end, std::string_view& field) const {
  auto* const begin = at;
  if (source_.is_plain()) {
    auto* comma = static_cast<char*>(std::memchr(at, ',', static_cast<std::size_t>(end - at)));
    at = comma ? comma : end;
  }
  for (; at != end && *at != ','; ++at) {
    if (*at == '"') fail("a quote inside an unquoted field");
    if (*at == '\r') fail("a carriage return inside an unquoted field");
  }
  field = {begin, at};
  return at;
}

void reader::fail(const std::string& reason) const {
  if (source_.spans_lines() || source_.too_long()) throw permanent_error(where() + ": " + reason);
  source_.fail(reason);
}

}  // namespace partita::csv
