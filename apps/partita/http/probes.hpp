#pragma once

#include <memory>
#include <vector>

#include "actors/counters.hpp"
#include "actors/span_sink.hpp"
#include "apps/partita/http/api.hpp"
#include "apps/partita/http/router.hpp"
#include "protocol/settings.hpp"

namespace partita::http {

/// How a node is, as it knows without asking anybody.
struct vital_signs {
  std::shared_ptr<const node_counters> counters;
  settings limits;
  std::shared_ptr<const span_sink> traces{};  // null: none are made
};

/// /livez: the process does something. It never asks the database, for a restart would not help
///         when that is away.
/// /readyz: it could take work now; ?verbose tells each check.
/// /startupz: it has begun.
/// Without a node only the database counts. 200 or 503, as text.
std::vector<route> probe_routes(std::shared_ptr<const vital_signs> own, api_state& state);

/// What is wrong, by check; nothing where it is fine.
struct check {
  std::string name;
  std::string trouble;
};
std::vector<check> readiness(const vital_signs* own, api_state& state);

}  // namespace partita::http
