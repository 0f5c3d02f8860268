#include "protocol/assignment.hpp"

#include <algorithm>
#include <functional>

#include "protocol/overloaded.hpp"

namespace partita {

namespace {

/// A claim locks the row of its range until the commit is on disk: one range allows about a
/// thousand claims a second.
constexpr std::size_t nodes_per_range = 8;

/// Load of a node relative to what it can do.
double load(const live_node& n) { return static_cast<double>(n.running) / std::max(1, n.slots); }

std::vector<live_node> by_load(std::span<const live_node> nodes) {
  std::vector<live_node> sorted(nodes.begin(), nodes.end());
  std::sort(sorted.begin(), sorted.end(), [](const live_node& a, const live_node& b) {
    return std::pair{load(a), a.id} < std::pair{load(b), b.id};
  });
  return sorted;
}

/// The width of each part when 0..count-1 is cut into at most `pieces` equal parts.
std::int64_t width_of(std::int64_t count, std::size_t pieces) {
  const auto most = static_cast<std::int64_t>(std::max<std::size_t>(1, pieces));
  return std::max<std::int64_t>(1, (count + most - 1) / most);
}

/// Deals blocks of partitions to the nodes that `next` names; neighbours of one node are joined.
std::vector<ready_range> deal(std::int64_t count, std::size_t max_ranges,
                              const std::function<node_id(std::int64_t block)>& next) {
  auto block = width_of(count, max_ranges);
  std::vector<ready_range> dealt;
  for (std::int64_t lo = 0; lo < count; lo += block) {
    auto span = cut({lo, count - 1}, block);
    auto node = next(span.size());
    if (!dealt.empty() && dealt.back().node == node)
      dealt.back().span.hi = span.hi;
    else
      dealt.push_back({span, node, 0});
  }
  return dealt;
}

std::vector<ready_range> cut_evenly(std::int64_t count, std::size_t pieces) {
  const auto width = width_of(count, pieces);
  std::vector<ready_range> ranges;
  for (std::int64_t lo = 0; lo < count; lo += width)
    ranges.push_back({cut({lo, count - 1}, width), node_id{}, 0});
  return ranges;
}

std::vector<ready_range> deal_in_turn(std::int64_t count, std::size_t max_ranges,
                                      std::vector<live_node> nodes) {
  std::size_t turn = 0;
  return deal(count, max_ranges, [&](std::int64_t) { return nodes[turn++ % nodes.size()].id; });
}

std::vector<ready_range> deal_to_lightest(std::int64_t count, std::size_t max_ranges,
                                          std::vector<live_node> nodes) {
  return deal(count, max_ranges, [&](std::int64_t block) {
    auto lightest =
        std::min_element(nodes.begin(), nodes.end(), [](const live_node& a, const live_node& b) {
          return std::pair{load(a), a.id} < std::pair{load(b), b.id};
        });
    lightest->running += static_cast<int>(block);
    return lightest->id;
  });
}

}  // namespace

bool has_tags(std::span<const std::string> tags, std::span<const std::string> wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& tag) {
    return std::find(tags.begin(), tags.end(), tag) != tags.end();
  });
}

std::vector<live_node> with_tags(std::vector<live_node> nodes, std::span<const std::string> tags) {
  std::erase_if(nodes, [&](const live_node& node) { return !has_tags(node.tags, tags); });
  return nodes;
}

std::vector<ready_range> assign(const assignment& strategy, std::int64_t count,
                                std::span<const live_node> nodes, std::size_t max_ranges) {
  if (count <= 0) return {};
  if (nodes.empty()) return {{{0, count - 1}, node_id{}, 0}};
  return std::visit(
      overloaded{[&](shared) {
                   const auto pieces = (nodes.size() + nodes_per_range - 1) / nodes_per_range;
                   return cut_evenly(count, std::min(pieces, max_ranges));
                 },
                 [&](round_robin) {
                   return deal_in_turn(count, max_ranges, {nodes.begin(), nodes.end()});
                 },
                 [&](fixed_node_count fixed) {
                   auto chosen = by_load(nodes);
                   chosen.resize(std::min<std::size_t>(chosen.size(), std::max(1, fixed.nodes)));
                   return deal_in_turn(count, max_ranges, chosen);
                 },
                 [&](least_loaded) {
                   return deal_to_lightest(count, max_ranges, {nodes.begin(), nodes.end()});
                 }},
      strategy);
}

}  // namespace partita
