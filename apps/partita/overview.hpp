#pragma once

#include <cstddef>
#include <string>

#include "apps/partita/render.hpp"

namespace partita::cli {

/// A screen to draw on. Without `rows` it has as many as are needed.
struct screen_size {
  std::size_t columns = 80;
  std::size_t rows = 0;
};

/// The document of `top` as text for a screen: health and warnings, live runs, nodes, failures.
std::string draw_overview(const document& shown, const style& how, screen_size size);

/// The first `columns` code points of a line that may hold colours; they are ended where it is cut.
std::string clip_drawn(std::string_view line, std::size_t columns);

}  // namespace partita::cli
