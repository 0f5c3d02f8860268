#include "batch/readers/record_source.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

constexpr std::size_t block_bytes = 1024 * 1024;

/// Holds the longest record and a block, or all of a smaller slice.
std::size_t buffer_bytes(const byte_range& range) {
  return std::min(max_record_bytes + block_bytes, static_cast<std::size_t>(range.size()));
}

bool is_plain_block(const char* at, const char* end) {
  // A byte for a byte and a constant count: GCC makes vectors of it at -O2.
  constexpr std::size_t lane = 64;
  const auto flaw_of = [](char c) {
    return static_cast<unsigned char>((c <= 0) | (c == '"') | (c == '\r'));
  };
  for (; static_cast<std::size_t>(end - at) >= lane; at += lane) {
    unsigned char flaws = 0;
    for (std::size_t i = 0; i < lane; ++i) flaws |= flaw_of(at[i]);
    if (flaws != 0) return false;
  }
  return std::none_of(at, end, flaw_of);
}

byte_range range_in_file(const std::filesystem::path& path, const file_slice& part) {
  const auto& [begin, end] = part.range;
  if (begin < 0 || end < begin || end > part.file_size)
    throw permanent_error("the slice does not lie in " + path.string());
  return part.range;
}

}  // namespace

record_source::record_source(std::filesystem::path path, const file_slice& part, bool quotes)
    : file_(std::move(path)),
      slice_(part),
      quotes_(quotes),
      buffer_(
          std::make_unique_for_overwrite<char[]>(buffer_bytes(range_in_file(file_.path(), part)))),
      unread_(part.range.size()),
      line_(part.first_line) {
  file_.require_version({part.file_size, part.file_mtime_ns});
  file_.seek(part.range.begin);
}

bool record_source::next() {
  record_line_ = line_;
  const auto size = find_record();
  if (size == 0) {
    file_.require_version({slice_.file_size, slice_.file_mtime_ns});
    if (rows_ != slice_.rows) file_.fail_changed();
    return false;
  }
  ++rows_;
  record_ = buffer_.get() + begin_;
  record_end_ = record_ + size;
  begin_ += size;
  const bool ended = record_end_[-1] == '\n';
  spans_lines_ = line_ - record_line_ > (ended ? 1 : 0);
  too_long_ = size > max_record_bytes;
  if (too_long_ && !quotes_) {
    if (!ended) drop_line();
    fail("the line is longer than 4 MiB");
  }
  if (ended) --record_end_;
  if (record_end_ != record_ && record_end_[-1] == '\r') --record_end_;
  return true;
}

const char* record_source::text_flaw() const {
  if (plain_) return nullptr;
  const std::string_view text{record_, record_end_};
  if (text.find('\0') != text.npos) return "a NUL byte";
  return utf8::is_valid(text) ? nullptr : "invalid UTF-8";
}

std::int64_t record_source::offset() const {
  return slice_.range.end - unread_ - static_cast<std::int64_t>(end_ - begin_);
}

json record_source::position() const {
  return json{{"offset", offset()}, {"line", line_}, {"row", rows_}};
}

void record_source::seek(const json& position) {
  const auto refuse = [&] {
    throw permanent_error("the stored position " + utf8::printable(position.dump()) +
                          " is none of the slice of " + file_.path().string());
  };
  const auto number = [&](const char* name) {
    const auto found = position.is_object() ? position.find(name) : position.end();
    if (found == position.end() || !found->is_number_integer()) refuse();
    return found->get<std::int64_t>();
  };
  const auto offset = number("offset");
  const auto line = number("line");
  const auto row = number("row");
  const auto& [begin, end] = slice_.range;
  const bool at_begin = offset == begin;
  const bool at_end = offset == end;
  if (offset < begin || offset > end || at_begin != (row == 0) || at_end != (row == slice_.rows))
    refuse();
  if (row < 0 || row > slice_.rows || line < slice_.first_line ||
      line - slice_.first_line < row - 1)
    refuse();
  if (!at_begin && !at_end) {
    char before = 0;
    file_.seek(offset - 1);
    if (file_.read(&before, 1) != 1) file_.fail_changed();
    if (before != '\n') refuse();
  }
  file_.seek(offset);
  begin_ = end_ = 0;
  unread_ = end - offset;
  line_ = line;
  rows_ = row;
}

std::string record_source::where() const {
  return file_.path().string() + ", line " + std::to_string(record_line_);
}

void record_source::fail(const std::string& reason) const {
  throw data_error(where() + ": " + reason);
}

/// Bytes of the next record with its line end, all of them in the buffer at begin_; 0 at the end of
/// the slice. More than max_record_bytes means that the record is too long, and perhaps not whole.
std::size_t record_source::find_record() {
  bool quoted = false;
  auto scanned = begin_;
  while (end_ - begin_ <= max_record_bytes || scanned < end_) {
    const auto* at = buffer_.get() + scanned;
    const auto* limit = buffer_.get() + end_;
    const auto* hit = static_cast<const char*>(std::memchr(at, '\n', end_ - scanned));
    const auto* stop = hit ? hit + 1 : limit;
    if (quotes_ && !plain_ && std::count(at, stop, '"') % 2 != 0) quoted = !quoted;
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

/// Drops what is in the buffer, and the file up to the next line end.
void record_source::drop_line() {
  begin_ = end_;
  while (refill()) {
    const auto* hit = static_cast<const char*>(std::memchr(buffer_.get(), '\n', end_));
    begin_ = hit ? static_cast<std::size_t>(hit + 1 - buffer_.get()) : end_;
    if (hit) ++line_;
    if (hit) return;
  }
}

/// Moves what is left to the front of the buffer and reads a block behind it. False at the end of
/// the slice, and when a record too long fills the buffer.
bool record_source::refill() {
  const auto left = end_ - begin_;
  if (unread_ == 0 || left > max_record_bytes) return false;
  std::memmove(buffer_.get(), buffer_.get() + begin_, left);
  begin_ = 0;
  const auto most = static_cast<std::size_t>(std::min<std::int64_t>(block_bytes, unread_));
  if (file_.read(buffer_.get() + left, most) != most) file_.fail_changed();
  end_ = left + most;
  plain_ = is_plain_block(buffer_.get(), buffer_.get() + end_);
  unread_ -= static_cast<std::int64_t>(most);
  return true;
}

}  // namespace partita
