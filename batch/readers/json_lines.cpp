#include "batch/readers/json_lines.hpp"

#include <algorithm>

#include "batch/readers/split.hpp"
#include "batch/utf8.hpp"

namespace partita::json_lines {

namespace {

bool is_opening(char c) { return c == '[' || c == '{'; }

/// How deep lists and objects lie in each other, in text that may be no JSON.
int depth_of(std::string_view text) {
  int depth = 0;
  int deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (quoted && text[i] == '\\') ++i;
    if (quoted) continue;
    if (is_opening(text[i])) deepest = std::max(deepest, ++depth);
    if (text[i] == ']' || text[i] == '}') --depth;
  }
  return deepest;
}

bool is_too_deep(std::string_view text) {
  return std::count_if(text.begin(), text.end(), is_opening) > max_depth &&
         depth_of(text) > max_depth;
}

/// What the library says, without its own names and its line, which is always 1.
std::string plain(const json::exception& e) {
  std::string_view text = e.what();
  for (const std::string_view front : {"] ", "parse error at line 1, "})
    if (const auto at = text.find(front); at != text.npos) text.remove_prefix(at + front.size());
  return utf8::printable(text);
}

}  // namespace

std::vector<slice> split(const std::filesystem::path& path, std::int64_t max_slices) {
  return split_records(path, {}, max_slices);
}

documents::documents(std::filesystem::path path, const slice& part)
    : lines_(std::move(path), part) {}

std::optional<json> documents::next() {
  const auto line = lines_.next_view();
  if (!line) return std::nullopt;
  if (line->find_first_not_of(" \t\r") == line->npos) lines_.fail("a blank line");
  if (is_too_deep(*line))
    lines_.fail("lists and objects lie more than " + std::to_string(max_depth) + " deep");
  try {
    return json::parse(*line);
  } catch (const json::exception& e) {
    lines_.fail("no JSON: " + plain(e));
  }
}

void documents::fail(const json::exception& why) const { lines_.fail(plain(why)); }

}  // namespace partita::json_lines
