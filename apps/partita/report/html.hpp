#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "apps/partita/render.hpp"

// Pieces of an HTML page. What they get is text, whatever it holds; what they return is markup.
namespace partita::report {

/// At most `most` characters of a text. Markup and control characters lose their meaning, lines
/// stay lines, and bytes that are no UTF-8 become U+FFFD.
std::string html(std::string_view text, std::size_t most = 2'000);

/// A table with a line for each item, or the sentence `none`.
std::string html_table(const cli::listing& what, const std::vector<cli::document>& items,
                       const std::string& none);

/// Names and values, one below the other. A value is markup.
std::string html_fields(const std::vector<std::pair<std::string, std::string>>& fields);

/// A bar that is filled to this share, of 0 to 1. `color` is a class of the page.
std::string html_bar(double share, const std::string& color);

/// "COMPLETED", in its colour.
std::string html_state(const std::string& state);

/// "3 ms", "0.4s", "2h 07m"; "-" for what is no number.
std::string time_text(const cli::document& seconds);

}  // namespace partita::report
