#include "batch/readers/lines.hpp"

#include "batch/readers/split.hpp"

namespace partita::lines {

std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices) {
  return split_records(path, {.header = {}, .blank_end = true}, max_slices);
}

reader::reader(std::filesystem::path path, const slice& part)
    : source_(std::move(path), part, false) {}

std::optional<std::string> reader::next() {
  const auto line = next_view();
  if (!line) return std::nullopt;
  return std::string{*line};
}

std::optional<std::string_view> reader::next_view() {
  if (!source_.next()) return std::nullopt;
  if (const auto* flaw = source_.text_flaw()) source_.fail(flaw);
  return std::string_view{source_.begin(), source_.end()};
}

}  // namespace partita::lines
