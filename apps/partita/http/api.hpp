#pragma once

#include "apps/partita/http/access.hpp"
#include "apps/partita/http/answers.hpp"
#include "apps/partita/http/pace_cache.hpp"
#include "apps/partita/http/reader_pool.hpp"
#include "apps/partita/http/router.hpp"
#include "apps/partita/http/tile_cache.hpp"

namespace partita::http {

/// What the routes that read share.
struct api_state {
  explicit api_state(std::shared_ptr<database> db) : readers(std::move(db)) {}

  reader_pool readers;
  answers shared;
  tile_cache tiles;
  pace_cache pace;
};

/// The routes of /api/v1 that change nothing.
std::vector<route> reading_routes(api_state& state, const access_rules& access);

}  // namespace partita::http
