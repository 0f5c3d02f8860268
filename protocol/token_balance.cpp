#include "protocol/token_balance.hpp"

#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <unordered_map>

namespace partita {

namespace {

/// Schedules that the same nodes can take: which of them a node owns makes no difference. So all
/// is decided in numbers, and only at the end by schedule.
struct token_class {
  std::vector<std::size_t> able;                            // nodes, ascending
  std::vector<std::size_t> here;                            // by node: how many it is to own
  std::vector<std::vector<const token_schedule*>> at_home;  // by node: those it owns
  std::vector<const token_schedule*> orphans;               // no node can go on to own them
  std::vector<const token_schedule*> drained;               // owned by a node that drains

  bool has_guests(std::size_t node) const { return here[node] > at_home[node].size(); }
  bool misses_some(std::size_t node) const { return here[node] < at_home[node].size(); }
};

struct token_share {
  std::size_t tokens = 0;
  std::size_t owned = 0;
  std::size_t free() const { return tokens - owned; }
};

struct token_table {
  std::vector<token_share> shares;  // by node
  std::vector<token_class> classes;
};

/// Changes `here` of the classes along paths node -> class -> node -> …: each node on the way gives
/// a schedule of that class to the next. A path costs the moves that it adds, minus those that it
/// takes back. All paths are the cheapest to their end, so no circle ever costs less than nothing
/// (as in successive shortest paths for flows of least cost).
class token_flow {
 public:
  explicit token_flow(token_table& table)
      : shares_(table.shares), classes_(table.classes), arrivals_(nodes() + classes_.size()) {}

  /// Finds owners for schedules of a class, moving others if need be. Returns how many got none.
  std::size_t place(std::size_t of_class, std::size_t count) {
    if (!any_moved_) count -= place_directly(classes_[of_class], count);
    while (count > 0) {
      find_paths(nodes() + of_class);
      auto best = nodes();
      for (std::size_t node = 0; node < nodes(); ++node)
        if (shares_[node].free() > 0 && reached(node) && (best == nodes() || better(node, best)))
          best = node;
      if (best == nodes()) break;
      count -= push(best, std::min(count, shares_[best].free()));
    }
    return count;
  }

  /// Until no path leads from a node to one that owns less by two, or by one and saves a move.
  void level() {
    for (auto changed = true; changed;) {
      changed = false;
      for (const auto from : fullest_first())
        while (give_from(from)) changed = true;
    }
  }

 private:
  struct arrival {
    int cost = std::numeric_limits<int>::max();
    std::size_t before = 0;
    bool waits = false;
  };

  std::size_t nodes() const { return shares_.size(); }
  bool reached(std::size_t vertex) const {
    return arrivals_[vertex].cost < std::numeric_limits<int>::max();
  }
  bool better(std::size_t a, std::size_t b) const {
    return std::pair{arrivals_[a].cost, shares_[a].owned} <
           std::pair{arrivals_[b].cost, shares_[b].owned};
  }

  std::vector<std::size_t> fullest_first() const {
    std::vector<std::size_t> order(nodes());
    for (std::size_t node = 0; node < order.size(); ++node) order[node] = node;
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return shares_[a].owned > shares_[b].owned; });
    return order;
  }

  std::size_t place_directly(token_class& c, std::size_t count) {
    std::size_t placed = 0;
    for (; placed < count; ++placed) {
      const auto emptiest = std::min_element(c.able.begin(), c.able.end(), [&](auto a, auto b) {
        return std::pair{shares_[a].free() == 0, shares_[a].owned} <
               std::pair{shares_[b].free() == 0, shares_[b].owned};
      });
      if (emptiest == c.able.end() || shares_[*emptiest].free() == 0) break;
      ++c.here[*emptiest];
      ++shares_[*emptiest].owned;
    }
    return placed;
  }

  bool give_from(std::size_t from) {
    const auto owned = shares_[from].owned;
    const auto owns_less = [&](std::size_t node) {
      const auto least = shares_[node].owned + (any_moved_ ? 1 : 2);
      return shares_[node].free() > 0 && least <= owned;
    };
    auto worth_it = false;
    for (std::size_t node = 0; node < nodes() && !worth_it; ++node) worth_it = owns_less(node);
    if (!worth_it) return false;
    find_paths(from);
    auto best = nodes();
    for (std::size_t node = 0; node < nodes(); ++node) {
      if (!reached(node) || !owns_less(node)) continue;
      if (shares_[node].owned + 1 == owned && arrivals_[node].cost >= 0) continue;
      if (best == nodes() || std::pair{shares_[node].owned, arrivals_[node].cost} <
                                 std::pair{shares_[best].owned, arrivals_[best].cost})
        best = node;
    }
    if (best == nodes()) return false;
    const auto half = std::max<std::size_t>(1, (owned - shares_[best].owned) / 2);
    shares_[from].owned -= push(best, std::min(half, shares_[best].free()));
    return true;
  }

  /// The cheapest path from a node or class to each other one (Bellman-Ford, with a queue).
  void find_paths(std::size_t source) {
    std::fill(arrivals_.begin(), arrivals_.end(), arrival{});
    arrivals_[source] = {0, source, true};
    std::deque<std::size_t> waiting{source};
    const auto arrive = [&](std::size_t from, std::size_t to, int cost) {
      auto& at = arrivals_[to];
      if (arrivals_[from].cost + cost >= at.cost) return;
      if (!at.waits) waiting.push_back(to);
      at = {arrivals_[from].cost + cost, from, true};
    };
    while (!waiting.empty()) {
      const auto from = waiting.front();
      waiting.pop_front();
      arrivals_[from].waits = false;
      if (from < nodes()) {
        for (std::size_t i = 0; i < classes_.size(); ++i)
          if (classes_[i].here[from] > 0)
            arrive(from, nodes() + i, classes_[i].has_guests(from) ? 0 : 1);
      } else {
        const auto& c = classes_[from - nodes()];
        for (const auto to : c.able) arrive(from, to, c.misses_some(to) ? -1 : 0);
      }
    }
  }

  /// Gives as many along the path to `target` as may go at its cost, `most` at most.
  std::size_t push(std::size_t target, std::size_t most) {
    for (auto to = target; arrivals_[to].before != to; to = arrivals_[to].before) {
      const auto from = arrivals_[to].before;
      const auto node = std::min(from, to);
      const auto& c = classes_[std::max(from, to) - nodes()];
      const auto at_home = c.at_home[node].size();
      if (to == node && c.misses_some(node)) most = std::min(most, at_home - c.here[node]);
      if (from == node)
        most = std::min(most, c.has_guests(node) ? c.here[node] - at_home : c.here[node]);
    }
    for (auto to = target; arrivals_[to].before != to; to = arrivals_[to].before) {
      const auto from = arrivals_[to].before;
      auto& here = classes_[std::max(from, to) - nodes()].here[std::min(from, to)];
      here = to < from ? here + most : here - most;
    }
    shares_[target].owned += most;
    any_moved_ = true;
    return most;
  }

  std::vector<token_share>& shares_;
  std::vector<token_class>& classes_;
  std::vector<arrival> arrivals_;  // by node, then by class
  bool any_moved_ = false;         // else no path takes a move back
};

/// The schedules that do not rest, by what nodes can take them, and who owns them.
token_table token_table_of(std::span<const token_node> nodes,
                           const std::vector<const token_schedule*>& schedules) {
  std::unordered_map<std::string, std::vector<std::size_t>> able_by_job;
  std::unordered_map<node_id, std::size_t> place_of;
  token_table table;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    place_of[nodes[i].id] = i;
    table.shares.push_back({nodes[i].draining ? 0 : nodes[i].tokens, 0});
    for (const auto& job : nodes[i].jobs) {
      auto& able = able_by_job[job];
      if (!nodes[i].draining && (able.empty() || able.back() != i)) able.push_back(i);
    }
  }
  std::map<std::vector<std::size_t>, std::size_t> class_of;
  for (const auto* schedule : schedules) {
    const auto& able = able_by_job[schedule->job];
    const auto [at, is_new] = class_of.try_emplace(able, table.classes.size());
    if (is_new) {
      auto& added = table.classes.emplace_back();
      added.able = able;
      added.here.resize(nodes.size());
      added.at_home.resize(nodes.size());
    }
    auto& its = table.classes[at->second];
    const auto owner = place_of.find(schedule->owner);
    const auto node = owner == place_of.end() ? nodes.size() : owner->second;
    if (node == nodes.size()) {
      its.orphans.push_back(schedule);
    } else if (std::binary_search(able.begin(), able.end(), node) &&
               table.shares[node].free() > 0) {
      its.at_home[node].push_back(schedule);
      ++its.here[node];
      ++table.shares[node].owned;
    } else {
      const auto& jobs = nodes[node].jobs;
      const auto knows = std::find(jobs.begin(), jobs.end(), schedule->job) != jobs.end();
      (nodes[node].draining && knows ? its.drained : its.orphans).push_back(schedule);
    }
  }
  return table;
}

/// The moves that make `here` of a class true.
void add_moves(std::vector<token_move>& moves, const token_class& c,
               std::span<const token_node> nodes) {
  std::vector<const token_schedule*> homeless;
  for (const auto node : c.able)
    for (auto i = c.here[node]; i < c.at_home[node].size(); ++i)
      homeless.push_back(c.at_home[node][i]);
  homeless.insert(homeless.end(), c.orphans.begin(), c.orphans.end());
  homeless.insert(homeless.end(), c.drained.begin(), c.drained.end());
  auto next = homeless.begin();
  for (const auto node : c.able)
    for (auto i = c.at_home[node].size(); i < c.here[node]; ++i, ++next)
      if ((*next)->owner != nodes[node].id)
        moves.push_back({(*next)->id, (*next)->owner, nodes[node].id});
  const auto undrained = homeless.end() - static_cast<std::ptrdiff_t>(c.drained.size());
  for (; next < undrained; ++next) {  // the others stay where they are
    const auto owner_lives = std::any_of(nodes.begin(), nodes.end(),
                                         [&](const auto& one) { return one.id == (*next)->owner; });
    if (owner_lives) moves.push_back({(*next)->id, (*next)->owner, node_id{}});
  }
}

}  // namespace

std::vector<token_move> balance_tokens(std::span<const token_node> nodes,
                                       std::span<const token_schedule> schedules) {
  std::vector<token_move> moves;
  std::vector<const token_schedule*> awake;
  for (const auto& schedule : schedules) {
    if (!schedule.rests)
      awake.push_back(&schedule);
    else if (schedule.owner)
      moves.push_back({schedule.id, schedule.owner, node_id{}});
  }
  std::sort(awake.begin(), awake.end(), [](auto* a, auto* b) { return a->id < b->id; });
  auto table = token_table_of(nodes, awake);
  token_flow flow{table};
  // Those without an owner come first: what a node that drains owns still fires.
  for (std::size_t i = 0; i < table.classes.size(); ++i)
    flow.place(i, table.classes[i].orphans.size());
  for (std::size_t i = 0; i < table.classes.size(); ++i)
    flow.place(i, table.classes[i].drained.size());
  flow.level();
  for (const auto& c : table.classes) add_moves(moves, c, nodes);
  std::sort(moves.begin(), moves.end(),
            [](const auto& a, const auto& b) { return a.schedule < b.schedule; });
  return moves;
}

}  // namespace partita
