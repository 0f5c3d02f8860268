#pragma once

#include <memory>

#include "apps/partita/http/access.hpp"
#include "apps/partita/http/reader_pool.hpp"
#include "apps/partita/http/router.hpp"
#include "batch/registry.hpp"

namespace partita::http {

/// The routes that change something, as one who may: the login of `by` must be one that may launch
/// (the role partita_launch); where it may not, the answer says what is missing. Each change is in
/// the event log with the name of the token.
///
/// What is submitted is checked as on the command line, by the job itself where it is one of `jobs`
/// (job::check). Such a check reads files that the client names as far as confine_files lets this
/// process: of a node those of its jobs, of `serve` none.
std::vector<route> changing_routes(const std::shared_ptr<database>& by, reader_pool& readers,
                                   const access_rules& access,
                                   std::shared_ptr<const registry> jobs);

}  // namespace partita::http
