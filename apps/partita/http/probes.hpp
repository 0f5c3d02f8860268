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

/// Who gets to know the address of a database that does not answer.
enum class audience { readers, everybody };

/// /livez: the process does something. It never asks the database, for a restart would not help
///         when that is away.
/// /readyz: it could take work now; ?verbose tells each check. Everybody learns only of which kind
///          the trouble with the database is.
/// /startupz: it has begun: a node has joined, a server listens.
/// Without a node only the database counts. 200 or 503, as text.
std::vector<route> probe_routes(std::shared_ptr<const vital_signs> own, api_state& state,
                                audience to);

/// Of the membership of a node: what is wrong where its last renewal is so old; "": nothing.
std::string trouble_of_renewal(milliseconds age, const settings& limits);

}  // namespace partita::http
