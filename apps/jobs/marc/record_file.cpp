#include "apps/jobs/marc/record_file.hpp"

#include <algorithm>
#include <utility>

#include "batch/errors.hpp"
#include "batch/readers/record_source.hpp"

namespace partita::marc {

namespace {

constexpr std::size_t block_bytes = 256 * 1024;
constexpr std::size_t sample_bytes = 1024 * 1024;
constexpr std::size_t longest_tag = 100;         // that is looked at: prefix, colon, "record"
constexpr std::int64_t looked_back = 64 * 1024;  // bytes before a part
constexpr std::int64_t most_parts = 1'000'000;

/// A tag of an element, without the prefix of its name. No name: there is none.
struct xml_tag {
  std::string_view name;
  bool is_end = false;

  bool begins_record() const { return name == "record" && !is_end; }
  bool ends_record() const { return name == "record" && is_end; }
  bool begins_content() const {
    return !is_end && (name == "leader" || name == "controlfield" || name == "datafield");
  }
};

/// The one that the bytes begin with.
xml_tag tag_of(std::string_view at) {
  at = at.substr(0, longest_tag);
  if (!at.starts_with('<')) return {};
  const bool is_end = at.starts_with("</");
  at.remove_prefix(is_end ? 2 : 1);
  const auto end = at.find_first_of(" \t\r\n/>");
  if (end == std::string_view::npos) return {};
  at = at.substr(0, end);
  return {at.substr(at.rfind(':') + 1), is_end};
}

/// What is no markup whatever it looks like: how it begins and ends.
struct hidden_text {
  std::string_view begin;
  std::string_view end;
};

constexpr hidden_text all_hidden[]{{"<!--", "-->"}, {"<![CDATA[", "]]>"}};

/// The one that the bytes begin with; null: none.
const hidden_text* hidden_of(std::string_view at) {
  for (const auto& one : all_hidden)
    if (at.starts_with(one.begin)) return &one;
  return nullptr;
}

/// Between records; 0x1A is the end of a text to CP/M.
bool is_separator(char c) {
  return c == '\n' || c == '\r' || c == '\t' || c == ' ' || c == '\0' || c == 0x1A;
}

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

format format_of(const std::filesystem::path& path, std::string_view beginning) {
  if (beginning.starts_with(byte_order_mark)) beginning.remove_prefix(byte_order_mark.size());
  while (!beginning.empty() && is_separator(beginning.front())) beginning.remove_prefix(1);
  if (beginning.empty() || (beginning.front() >= '0' && beginning.front() <= '9'))
    return format::iso2709;
  if (beginning.front() == '<') return format::marcxml;
  throw permanent_error(path.string() +
                        " holds no records: it begins neither with a leader of ISO 2709 nor as"
                        " MARC-XML in UTF-8");
}

std::string beginning_of(input_file& file, std::size_t bytes) {
  std::string beginning(bytes, '\0');
  file.seek(0);
  beginning.resize(file.read(beginning.data(), beginning.size()));
  return beginning;
}

std::int64_t records_in(std::string_view bytes, format how) {
  if (how == format::iso2709) return std::count(bytes.begin(), bytes.end(), record_terminator);
  std::int64_t leaders = 0;
  std::int64_t ends = 0;  // also of elements called so that records of MARC lie in
  for (std::size_t at = 0; (at = bytes.find("</", at)) != std::string_view::npos; ++at) {
    const auto found = tag_of(bytes.substr(at));
    if (found.name == "leader") ++leaders;
    if (found.ends_record()) ++ends;
  }
  return leaders > 0 ? std::min(leaders, ends) : ends;
}

}  // namespace

void to_json(json& to, const file_part& part) {
  to = part.range;
  to["file_size"] = part.file_size;
  to["file_mtime_ns"] = part.file_mtime_ns;
}

void from_json(const json& from, file_part& part) {
  from.get_to(part.range);
  from.at("file_size").get_to(part.file_size);
  from.at("file_mtime_ns").get_to(part.file_mtime_ns);
}

std::vector<file_part> cut(const std::filesystem::path& path, std::int64_t records) {
  input_file file{path};
  const auto version = file.version();
  const auto sample = beginning_of(file, sample_bytes);
  const auto found = records_in(sample, format_of(path, sample));
  const auto record_bytes =
      static_cast<std::int64_t>(sample.size()) / std::max<std::int64_t>(1, found);
  const auto part_bytes =
      std::max({std::int64_t{1}, record_bytes * std::max<std::int64_t>(1, records),
                version.size / most_parts + 1});
  std::vector<file_part> parts;
  for (std::int64_t at = 0; at < version.size || parts.empty(); at += part_bytes)
    parts.push_back(
        {{at, std::min(version.size, at + part_bytes)}, version.size, version.mtime_ns});
  return parts;
}

bool may_be_empty(const std::filesystem::path& path) {
  input_file file{path};
  const auto text = beginning_of(file, sample_bytes);
  std::string_view rest = text;
  if (rest.starts_with(byte_order_mark)) rest.remove_prefix(byte_order_mark.size());
  while (!rest.empty() && is_separator(rest.front())) rest.remove_prefix(1);
  return rest.empty() || is_collection(rest);
}

record_file::record_file(std::filesystem::path path, const file_part& part)
    : file_(std::move(path)), part_(part), how_(format::iso2709) {
  const auto& [begin, end] = part.range;
  if (begin < 0 || end < begin || end > part.file_size)
    throw permanent_error("the part does not lie in " + file_.path().string());
  file_.require_version({part.file_size, part.file_mtime_ns});
  how_ = format_of(file_.path(), beginning_of(file_, block_bytes));
  if (begin == 0) {
    begin_at(0);
  } else if (how_ == format::marcxml) {
    begin_behind_hidden(begin);
  } else {
    begin_at(begin - 1);
    skip_to_terminator();
  }
  if (begin == 0 && has(byte_order_mark.size()) && bytes().starts_with(byte_order_mark))
    drop(byte_order_mark.size());
  behind_ = at_;
}

std::optional<std::string> record_file::next() {
  return how_ == format::iso2709 ? next_iso2709() : next_marcxml();
}

void record_file::seek(const json& position) {
  if (!position.is_number_integer() || position < part_.range.begin || position > part_.file_size)
    throw permanent_error("the stored position " + position.dump() + " is not in the part of " +
                          file_.path().string());
  begin_at(position.get<std::int64_t>());
  behind_ = at_;
}

std::string record_file::where() const {
  return file_.path().string() + ", byte " + std::to_string(record_at_);
}

void record_file::begin_at(std::int64_t offset) {
  file_.seek(offset);
  at_ = offset;
  buffer_.clear();
  taken_ = 0;
}

/// False at the end of the file.
bool record_file::load() {
  buffer_.erase(0, std::exchange(taken_, 0));
  const auto before = buffer_.size();
  buffer_.resize(before + block_bytes);
  buffer_.resize(before + file_.read(buffer_.data() + before, block_bytes));
  return buffer_.size() > before;
}

bool record_file::has(std::size_t count) {
  while (bytes().size() < count)
    if (!load()) return false;
  return true;
}

void record_file::drop(std::size_t count) {
  taken_ += count;
  at_ += static_cast<std::int64_t>(count);
}

std::string record_file::take(std::size_t count) {
  const bool is_long = count > max_record_bytes;
  std::string taken{bytes().substr(0, is_long ? 0 : count)};
  drop(count);
  behind_ = at_;
  if (is_long) refuse_long();
  return taken;
}

void record_file::refuse_long() {
  behind_ = at_;
  throw data_error(where() + ": a record longer than 4 MiB");
}

/// Its place among the bytes; none: the file ends before, or a record would be too long.
std::size_t record_file::find(char wanted, std::size_t from) {
  for (;;) {
    const auto found = bytes().find(wanted, from);
    if (found != std::string_view::npos) return found;
    from = bytes().size();
    if (from > max_record_bytes || !load()) return std::string_view::npos;
  }
}

void record_file::skip_to_terminator() {
  for (;;) {
    const auto found = bytes().find(record_terminator);
    if (found != std::string_view::npos) return drop(found + 1);
    drop(bytes().size());
    if (!load()) return;
  }
}

/// The same for a text. `from`: behind a '<' that was found.
std::size_t record_file::find(std::string_view wanted, std::size_t from) {
  for (;;) {
    const auto found = bytes().find(wanted, from);
    if (found != std::string_view::npos) return found;
    const auto size = bytes().size();
    if (size >= wanted.size()) from = std::max(from, size - wanted.size() + 1);
    if (size > max_record_bytes || !load()) return std::string_view::npos;
  }
}

void record_file::skip_behind(std::string_view end) {
  for (;;) {
    const auto found = bytes().find(end);
    if (found != std::string_view::npos) return drop(found + end.size());
    const auto rest = std::min(bytes().size(), end.size() - 1);
    drop(bytes().size() - rest);
    if (!load()) return drop(bytes().size());
  }
}

/// Goes to the offset, or behind the comment or CDATA that it is in, where that begins not too far
/// before.
void record_file::begin_behind_hidden(std::int64_t offset) {
  begin_at(std::max(std::int64_t{0}, offset - looked_back));
  while (at_ < offset) {
    const auto next = find('<', 0);
    const auto left = static_cast<std::size_t>(offset - at_);
    if (next >= left) return drop(std::min(left, bytes().size()));
    drop(next);
    has(longest_tag);
    if (const auto* inside = hidden_of(bytes())) {
      drop(inside->begin.size());
      skip_behind(inside->end);
    } else {
      drop(1);
    }
  }
}

std::optional<std::string> record_file::at_end() {
  file_.require_version({part_.file_size, part_.file_mtime_ns});
  return std::nullopt;
}

std::optional<std::string> record_file::next_iso2709() {
  if (at_ >= part_.range.end) return at_end();
  while (has(1) && is_separator(bytes().front())) drop(1);
  if (!has(1)) return at_end();
  record_at_ = at_;
  const auto end = find(record_terminator, 0);
  if (end != std::string_view::npos) return take(end + 1);
  if (bytes().size() <= max_record_bytes) return take(bytes().size());  // the file is cut off
  skip_to_terminator();
  refuse_long();
}

/// Goes to the next start tag of a record. False: no other begins in the part.
bool record_file::go_to_record() {
  for (;;) {
    const auto next = find('<', 0);
    drop(next == std::string_view::npos ? bytes().size() : next);
    if (at_ >= part_.range.end || (next == std::string_view::npos && !has(1))) return false;
    if (next == std::string_view::npos) continue;
    has(longest_tag);
    if (const auto* inside = hidden_of(bytes())) {
      drop(inside->begin.size());
      skip_behind(inside->end);
    } else if (tag_of(bytes()).begins_record()) {
      break;
    } else {
      drop(1);
    }
  }
  record_at_ = at_;
  return true;
}

std::optional<std::string> record_file::next_marcxml() {
  if (!go_to_record()) return at_end();
  bool has_content = false;
  for (auto at = find('<', 1); at <= max_record_bytes; at = find('<', at + 1)) {
    has(at + longest_tag);
    const auto here = bytes().substr(at);
    if (const auto* inside = hidden_of(here)) {
      at = find(inside->end, at + inside->begin.size());
      if (at == std::string_view::npos) break;
      continue;
    }
    const auto found = tag_of(here);
    if (found.ends_record()) {
      const auto end = std::min(find('>', at), find('<', at + 1));
      if (end == std::string_view::npos) return take(bytes().size());
      return take(bytes()[end] == '>' ? end + 1 : end);
    }
    has_content = has_content || found.begins_content();
    if (!found.begins_record()) continue;
    if (has_content) return take(at);  // its end tag is missing
    // It is around a record of MARC, as those of OAI-PMH and SRU are.
    drop(at);
    if (!go_to_record()) return at_end();
    at = 0;
  }
  if (bytes().size() <= max_record_bytes) return take(bytes().size());
  drop(1);
  refuse_long();
}

}  // namespace partita::marc
