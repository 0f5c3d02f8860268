#pragma once

#include <string_view>
#include <vector>

#include "apps/partita/http/router.hpp"

namespace partita::http {

/// A file of the page, compiled in.
struct asset {
  std::string_view path;  // "views/runs.js"
  std::string_view content;
};
const std::vector<asset>& assets();

/// The page: its files, and "/" for index.html.
std::vector<route> page_routes();

}  // namespace partita::http
