#include "batch/readers/csv.hpp"

#include <algorithm>
#include <cstring>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita::csv {

namespace {

constexpr std::size_t block_bytes = 1024 * 1024;

/// Holds the longest record and a block, or all of a smaller slice.
std::size_t buffer_bytes(const byte_range& range) {
  return std::min(max_record_bytes + block_bytes, static_cast<std::size_t>(range.size()));
}

/// Whether the bytes hold no quote, no CR, and only ASCII without NUL. Then the reader needs to
/// look at commas and line ends only. Most blocks of most files are like this.
bool is_plain(const char* at, const char* end) {
  const auto is_plain_byte = [](char c) { return (c > 0) & (c != '"') & (c != '\r'); };
  constexpr std::size_t lane = 64;  // a constant count, which compilers turn into vectors
  bool plain = true;
  for (; plain && static_cast<std::size_t>(end - at) >= lane; at += lane)
    for (std::size_t i = 0; i < lane; ++i) plain &= is_plain_byte(at[i]);
  return plain && std::all_of(at, end, is_plain_byte);
}

std::string columns_text(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " column" : " columns");
}

}  // namespace

void to_json(json& to, const slice& from) {
  to = from.range;
  to["first_line"] = from.first_line;
  to["rows"] = from.rows;
  to["file_size"] = from.file_size;
  to["file_mtime_ns"] = from.file_mtime_ns;
}

void from_json(const json& from, slice& to) {
  from.get_to(to.range);
  from.at("first_line").get_to(to.first_line);
  from.at("rows").get_to(to.rows);
  from.at("file_size").get_to(to.file_size);
  from.at("file_mtime_ns").get_to(to.file_mtime_ns);
}

reader::reader(std::filesystem::path path, const slice& part, std::size_t columns)
    : file_(std::move(path)),
      slice_(part),
      columns_(columns),
      buffer_(std::make_unique_for_overwrite<char[]>(buffer_bytes(part.range))),
      unread_(part.range.size()),
      line_(part.first_line) {
  const auto& [begin, end] = part.range;
  if (begin < 0 || end < begin || end > part.file_size)
    throw permanent_error("the slice does not lie in " + file_.path().string());
  file_.require_version({part.file_size, part.file_mtime_ns});
  file_.seek(begin);
}

bool reader::next(record& into) {
  into.line = line_;
  const auto size = find_record();
  if (size == 0) {
    file_.require_version({slice_.file_size, slice_.file_mtime_ns});
    if (rows_ != slice_.rows) file_.fail_changed();
    return false;
  }
  auto* at = buffer_.get() + begin_;
  auto* end = at + size;
  begin_ += size;
  ++rows_;
  if (end[-1] == '\n') --end;
  if (end != at && end[-1] == '\r') --end;
  if (size > max_record_bytes) {
    // After a misplaced quote all that follows is one record: if there is one, parse() reports it.
    parse(at, end, into);
    fail(into, "the record is longer than 4 MiB");
  }
  if (!plain_) {
    const std::string_view text{at, end};
    if (text.find('\0') != text.npos) fail(into, "a NUL byte");
    if (!utf8::is_valid(text)) fail(into, "invalid UTF-8");
  }
  const auto columns = parse(at, end, into);
  if (columns != columns_)
    fail(into, columns_text(columns) + " instead of " + std::to_string(columns_));
  return true;
}

std::string reader::where(const record& at) const {
  return file_.path().string() + ", line " + std::to_string(at.line) + ": ";
}

/// Bytes of the next record with its line end, all of them in the buffer at begin_; 0 at the end of
/// the slice. More than max_record_bytes means that the record is too long, and perhaps not whole.
std::size_t reader::find_record() {
  bool quoted = false;
  auto scanned = begin_;
  while (end_ - begin_ <= max_record_bytes || scanned < end_) {
    const auto* at = buffer_.get() + scanned;
    const auto* limit = buffer_.get() + end_;
    const auto* hit = static_cast<const char*>(std::memchr(at, '\n', end_ - scanned));
    const auto* stop = hit ? hit + 1 : limit;
    if (!plain_ && std::count(at, stop, '"') % 2 != 0) quoted = !quoted;
    if (hit) ++line_;
    scanned += static_cast<std::size_t>(stop - at);
    if (hit && !quoted) return scanned - begin_;
    if (hit) continue;
    const auto before = begin_;
    if (!refill()) break;
    scanned -= before - begin_;
  }
  return end_ - begin_;
}

/// Moves what is left to the front of the buffer and reads a block behind it. False at the end of
/// the slice, and when a record too long fills the buffer.
bool reader::refill() {
  const auto left = end_ - begin_;
  if (unread_ == 0 || left > max_record_bytes) return false;
  std::memmove(buffer_.get(), buffer_.get() + begin_, left);
  begin_ = 0;
  const auto most = static_cast<std::size_t>(std::min<std::int64_t>(block_bytes, unread_));
  if (file_.read(buffer_.get() + left, most) != most) file_.fail_changed();
  end_ = left + most;
  plain_ = is_plain(buffer_.get(), buffer_.get() + end_);
  unread_ -= static_cast<std::int64_t>(most);
  return true;
}

/// Returns how many fields the record has; those past the columns are not kept.
std::size_t reader::parse(char* at, char* end, record& into) const {
  into.fields.clear();
  std::size_t columns = 0;
  for (;; ++at) {  // past the comma
    std::string_view field;
    const bool quoted = at != end && *at == '"';
    at = quoted ? parse_quoted(at + 1, end, into, field) : parse_plain(at, end, into, field);
    if (field.size() > max_field_bytes)
      fail(into, "field " + std::to_string(columns + 1) + " is longer than 1 MiB");
    if (++columns <= columns_) into.fields.push_back(field);
    if (at == end) return columns;
  }
}

/// Closes the gaps that doubled quotes leave, in place. Returns where the comma or the end is.
char* reader::parse_quoted(char* at, char* end, const record& of, std::string_view& field) const {
  auto* const begin = at;
  auto* out = at;
  for (;;) {
    auto* quote = static_cast<char*>(std::memchr(at, '"', static_cast<std::size_t>(end - at)));
    if (!quote && static_cast<std::size_t>(end - begin) > max_field_bytes)
      fail(of, "a quoted field is not closed within 1 MiB");
    if (!quote) fail(of, "a quoted field is not closed");
    const auto size = static_cast<std::size_t>(quote - at);
    if (out != at) std::memmove(out, at, size);
    out += size;
    at = quote + 1;
    if (at == end || *at != '"') break;
    *out++ = *at++;
  }
  if (at != end && *at != ',') fail(of, "text after a closing quote");
  field = {begin, out};
  return at;
}

char* reader::parse_plain(char* at, char* end, const record& of, std::string_view& field) const {
  auto* const begin = at;
  if (plain_) {
    auto* comma = static_cast<char*>(std::memchr(at, ',', static_cast<std::size_t>(end - at)));
    at = comma ? comma : end;
  }
  for (; at != end && *at != ','; ++at) {
    if (*at == '"') fail(of, "a quote inside an unquoted field");
    if (*at == '\r') fail(of, "a carriage return inside an unquoted field");
  }
  field = {begin, at};
  return at;
}

void reader::fail(const record& at, const std::string& reason) const {
  throw permanent_error(where(at) + reason);
}

}  // namespace partita::csv
