#pragma once

#include <memory>

#include "apps/partita/http/access.hpp"
#include "apps/partita/http/reader_pool.hpp"
#include "apps/partita/http/router.hpp"

namespace partita::http {

/// The routes that change something, as one who may: the login of `by` must be one that may launch
/// (the role partita_launch); where it may not, the answer says what is missing. Each change is in
/// the event log with the name of the token.
std::vector<route> changing_routes(const std::shared_ptr<database>& by, reader_pool& readers,
                                   const access_rules& access);

}  // namespace partita::http
