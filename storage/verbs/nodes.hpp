#pragma once

#include "storage/transaction.hpp"

// Contracts: store.hpp.
namespace partita::verbs {

node_id register_node(transaction& tx, const node_info& info);
cluster_view heartbeat(transaction& tx, node_id node, node_load load, bool draining,
                       const std::optional<liveness_limits>& limits);
sweep_verdict sweep(transaction& tx, node_id suspect, const liveness_limits& limits);
void request_drain(transaction& tx, node_id node, const std::string& by);
bool leave(transaction& tx, node_id node, int most);

/// What a heartbeat learns of the cluster: the part of it that changes nothing.
cluster_view view_of_cluster(transaction& tx, node_id observer,
                             const std::optional<liveness_limits>& limits);

}  // namespace partita::verbs
