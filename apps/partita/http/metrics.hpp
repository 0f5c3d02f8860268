#pragma once

#include "apps/partita/http/probes.hpp"

namespace partita::http {

/// /metrics for Prometheus: what the node in this process has done, and how the cluster is, as the
/// database tells; where that is away, only the former. Never an id of a run as a label: a series
/// would be left behind by each.
route metrics_route(std::shared_ptr<const vital_signs> own, api_state& state);

}  // namespace partita::http
