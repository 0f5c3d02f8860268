#pragma once

#include <string>

#include "apps/partita/text.hpp"

namespace partita::report {

/// When partitions were executed on which node, as SVG: each of few, how busy nodes were of many.
/// `timeline` as http/timeline_view tells it.
std::string timeline_chart(const cli::document& timeline);

/// How long the partitions of a step took, as rows of bars. `step` as http/run_view tells it.
std::string duration_chart(const cli::document& step);

}  // namespace partita::report
