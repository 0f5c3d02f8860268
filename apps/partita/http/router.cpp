#include "apps/partita/http/router.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "apps/partita/http/errors.hpp"
#include "apps/partita/text.hpp"

namespace partita::http {

namespace {

/// The parts between the slashes; several slashes count as one.
std::vector<std::string> parts_of(std::string_view path) {
  std::vector<std::string> parts;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) parts.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return parts;
}

using names = std::map<std::string, std::string>;

std::optional<names> match(const std::vector<std::string>& pattern,
                           const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return std::nullopt;
  names found;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const auto& part = pattern[i];
    if (part.front() == '{')
      found[part.substr(1, part.size() - 2)] = path[i];
    else if (part != path[i])
      return std::nullopt;
  }
  return found;
}

}  // namespace

router::router(std::vector<route> routes) {
  for (auto& to : routes) {
    auto parts = parts_of(to.path);
    entries_.push_back({std::move(to), std::move(parts)});
  }
}

response router::operator()(const request& what) const {
  const auto parts = parts_of(what.path);
  const auto method = what.method == "HEAD" ? "GET" : what.method;
  std::set<std::string> others;
  for (const auto& [to, pattern] : entries_)
    if (auto found = match(pattern, parts)) {
      if (to.method == method) return to.answer({what, std::move(*found)});
      others.insert(to.method);
    }
  if (others.empty()) return error_response(404);
  if (others.contains("GET")) others.insert("HEAD");
  auto refused = error_response(405);
  refused.headers.emplace_back("Allow", cli::join({others.begin(), others.end()}, ", "));
  return refused;
}

}  // namespace partita::http
