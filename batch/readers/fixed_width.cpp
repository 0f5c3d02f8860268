#include "batch/readers/fixed_width.hpp"

#include <algorithm>

#include "batch/readers/split.hpp"

namespace partita::fixed_width {

namespace {

bool is_inside_character(std::string_view line, std::size_t at) {
  return at < line.size() && (static_cast<unsigned char>(line[at]) & 0xC0) == 0x80;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices) {
  return split_records(path, {}, max_slices);
}

reader::reader(std::filesystem::path path, const slice& part, std::vector<column> columns)
    : lines_(std::move(path), part), columns_(std::move(columns)) {
  for (const auto& [offset, width] : columns_) {
    if (offset > max_record_bytes || width > max_record_bytes)
      throw definition_error("a column of fixed width lies past 4 MiB");
    least_ = std::max(least_, offset + width);
  }
}

bool reader::next(record& into) {
  const auto line = lines_.next_view();
  if (!line) return false;
  if (line->size() < least_)
    lines_.fail(std::to_string(line->size()) + " bytes, but the columns end at " +
                std::to_string(least_));
  into.line = lines_.line();
  into.fields.clear();
  for (const auto& [offset, width] : columns_) {
    if (is_inside_character(*line, offset) || is_inside_character(*line, offset + width))
      lines_.fail("column " + std::to_string(into.fields.size() + 1) + " cuts a character");
    into.fields.push_back(trimmed(line->substr(offset, width)));
  }
  return true;
}

}  // namespace partita::fixed_width
