#pragma once

#include <span>
#include <string>
#include <variant>
#include <vector>

#include "protocol/values.hpp"

namespace partita {

/// Who may execute a partition. All but `shared` bind partitions to the nodes that live when the
/// split is sealed; a binding ends when its node goes away.
struct shared {};          // whoever is free, late joiners included
struct round_robin {};     // dealt in turn over all live nodes
struct fixed_node_count {  // dealt in turn over the n least loaded live nodes
  int nodes = 1;           // 0 counts as 1
};
struct least_loaded {};  // each to the node with the lightest load per slot, +1 as it is dealt
using assignment = std::variant<shared, round_robin, fixed_node_count, least_loaded>;

/// Whether a node with these tags has all that are wanted.
bool has_tags(std::span<const std::string> tags, std::span<const std::string> wanted);

/// Those of these nodes that have all tags.
std::vector<live_node> with_tags(std::vector<live_node> nodes, std::span<const std::string> tags);

/// Turns partitions 0..count-1 into ready ranges: disjoint, ascending, covering all of them.
/// Dealing goes partition by partition, or block by block where that would make more than
/// `max_ranges` ranges. Shared partitions are one range for every eight nodes, so that many can
/// claim at once. Without live nodes everything is shared.
std::vector<ready_range> assign(const assignment& strategy, std::int64_t count,
                                std::span<const live_node> nodes, std::size_t max_ranges = 1000);

}  // namespace partita
