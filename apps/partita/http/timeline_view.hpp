#pragma once

#include "apps/partita/http/message.hpp"
#include "apps/partita/http/tile_cache.hpp"
#include "apps/partita/text.hpp"

namespace partita::http {

/// When the partitions of a run were executed, and where: from= to= pixels=. Few partitions are
/// told one by one, many as bins of each node. Throws http_error.
cli::document timeline_view(const reader& look, tile_cache& tiles, run_id run, const request& what);

}  // namespace partita::http
