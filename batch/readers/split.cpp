#include "batch/readers/split.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

#include "batch/errors.hpp"
#include "batch/readers/input_file.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

constexpr std::size_t scan_bytes = 1024 * 1024;
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr char end_of_text = 0x1A;  // to CP/M and DOS

const char* find(const char* at, const char* end, char wanted) {
  const auto* hit = std::memchr(at, wanted, static_cast<std::size_t>(end - at));
  return hit ? static_cast<const char*>(hit) : end;
}

/// Deals records to slices: a record belongs to the slice its middle byte falls into when the bytes
/// are cut into equal parts.
class dealer {
 public:
  dealer(std::int64_t begin, std::int64_t line, const file_version& file, std::int64_t max_slices,
         bool blank_end)
      : blank_end_(blank_end),
        begin_(begin),
        bytes_(file.size - begin),
        parts_(std::max<std::int64_t>(1, std::min({max_slices, bytes_, most_parts}))) {
    slices_.push_back({{begin, begin}, line, 0, file.size, file.mtime_ns});
    next_target();
  }

  /// The record at bytes [begin, end), which starts on `line`. Blank lines are held back: unless
  /// `blank_end`, they are rows only if another record follows.
  void add(std::int64_t begin, std::int64_t end, std::int64_t line, bool blank) {
    if (blank && !blank_end_) {
      ++blanks_;
      return;
    }
    slices_.back().range.end = begin;
    slices_.back().rows += std::exchange(blanks_, 0);
    const auto middle = begin + (end - begin) / 2;
    if (middle >= target_) {
      while (middle >= target_) next_target();
      if (slices_.back().rows > 0) {
        const auto& last = slices_.back();
        slices_.push_back({{begin, begin}, line, 0, last.file_size, last.file_mtime_ns});
      }
    }
    slices_.back().range.end = end;
    ++slices_.back().rows;
  }

  std::vector<file_slice> take() && { return std::move(slices_); }

 private:
  static constexpr std::int64_t most_parts = 1 << 30;

  // bytes * part / parts, in an order that cannot overflow with most_parts.
  void next_target() {
    ++part_;
    target_ = part_ >= parts_ ? std::numeric_limits<std::int64_t>::max()
                              : begin_ + bytes_ / parts_ * part_ + bytes_ % parts_ * part_ / parts_;
  }

  bool blank_end_;
  std::int64_t begin_;
  std::int64_t bytes_;
  std::int64_t parts_;
  std::int64_t part_ = 0;
  std::int64_t target_ = 0;
  std::int64_t blanks_ = 0;
  std::vector<file_slice> slices_;
};

/// Finds the ends of records: the line ends or, where quotes count, those with an even number of
/// quotes before them. In a file of well-formed rows this is exact. In any other, every end up to
/// the first malformed row is right, so the slice that holds this row begins where a record does.
class scanner {
 public:
  scanner(bool quotes, std::int64_t begin, std::int64_t line, dealer& to)
      : dealer_(to),
        quotes_(quotes),
        offset_(begin),
        record_(begin),
        record_line_(line),
        line_(line) {}

  void scan(const char* block, std::size_t size) {
    const auto* at = block;
    const auto* end = block + size;
    for (;;) {
      const auto* quote = quotes_ ? find(at, end, '"') : end;
      if (quoted_)
        line_ += std::count(at, quote, '\n');
      else
        scan_plain(block, at, quote);
      if (quote == end) break;
      quoted_ = !quoted_;
      at = quote + 1;
    }
    if (size > 0) before_block_ = end[-1];
    offset_ += static_cast<std::int64_t>(size);
  }

  void finish() {
    if (record_ == offset_) return;
    dealer_.add(record_, offset_, record_line_, offset_ - record_ == 1 && before_block_ == '\r');
  }

 private:
  void scan_plain(const char* block, const char* at, const char* end) {
    for (const auto* hit = find(at, end, '\n'); hit != end; hit = find(hit + 1, end, '\n')) {
      const auto here = offset_ + (hit - block);
      const auto before = hit == block ? before_block_ : hit[-1];
      const auto length = here - record_;
      dealer_.add(record_, here + 1, record_line_, length == 0 || (length == 1 && before == '\r'));
      record_ = here + 1;
      record_line_ = ++line_;
    }
  }

  dealer& dealer_;
  bool quotes_;
  std::int64_t offset_;  // of the block in the file
  std::int64_t record_;  // where the record under way begins
  std::int64_t record_line_;
  std::int64_t line_;
  char before_block_ = '\n';
  bool quoted_ = false;
};

/// Bytes before the first record at the front of the file: a byte order mark, and the header line
/// with its end.
std::size_t skip_front(const input_file& file, std::string_view front, const record_rules& rules) {
  const std::size_t mark = front.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
  if (!rules.header) return mark;
  const auto refuse = [&](const std::string& found) {
    throw permanent_error(file.path().string() + ", line 1: the header must be \"" +
                          utf8::printable(*rules.header) + "\", but " + found);
  };
  if (front.empty()) refuse("the file is empty");
  const auto end = front.find('\n', mark);
  auto line = front.substr(mark, end == front.npos ? end : end - mark);
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (line != *rules.header) refuse("it is \"" + utf8::printable(line) + "\"");
  return end == front.npos ? front.size() : end + 1;
}

}  // namespace

std::vector<file_slice> split_records(const std::filesystem::path& path, const record_rules& rules,
                                      std::int64_t max_slices) {
  input_file file{path};
  const auto version = file.version();
  const auto block = std::make_unique_for_overwrite<char[]>(scan_bytes);

  std::int64_t bytes = 0;
  std::size_t size = 0;
  // Returns how many of the bytes read are of records, or before them.
  const auto read = [&] {
    size = file.read(block.get(), scan_bytes);
    bytes += static_cast<std::int64_t>(size);
    const bool last = size > 0 && bytes == version.size;
    return last && rules.end_mark && block[size - 1] == end_of_text ? size - 1 : size;
  };
  const auto first = read();
  const auto skipped = skip_front(file, {block.get(), first}, rules);
  const auto begin = static_cast<std::int64_t>(skipped);
  const std::int64_t line = rules.header ? 2 : 1;
  dealer slices{begin, line, version, max_slices, rules.blank_end};
  scanner records{rules.quotes, begin, line, slices};
  records.scan(block.get() + skipped, first - skipped);
  while (size == scan_bytes) records.scan(block.get(), read());
  records.finish();
  if (bytes != version.size) file.fail_changed();
  file.require_version(version);
  return std::move(slices).take();
}

}  // namespace partita
