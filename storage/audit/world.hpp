#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "storage/tables.hpp"
#include "storage/text.hpp"

// What both halves of the audit look rows up with, and how they name them.
namespace partita::audit {

template <class Tag>
std::string str(basic_id<Tag> id) {
  return std::to_string(id.value);
}
inline std::string str(range r) {
  return r.lo == r.hi ? std::to_string(r.lo) : std::to_string(r.lo) + ".." + std::to_string(r.hi);
}
template <class State>
requires std::is_enum_v<State> std::string str(State s) { return std::string{to_string(s)}; }

/// "partition 4", "partitions 4..9"
inline std::string named(range r) { return (r.lo == r.hi ? "partition " : "partitions ") + str(r); }

template <class Rows, class Key>
auto by(const Rows& rows, Key key) {
  std::map<decltype(key(rows.front())), const typename Rows::value_type*> index;
  for (const auto& row : rows) index.emplace(key(row), &row);
  return index;
}

template <class Map>
auto* found(const Map& map, const typename Map::key_type& key) {
  auto at = map.find(key);
  return at == map.end() ? nullptr : at->second;
}

/// The rows, and the indexes the checks need.
struct world {
  explicit world(const tables& t)
      : rows(t),
        nodes(by(t.nodes, [](const auto& r) { return r.id; })),
        runs(by(t.runs, [](const auto& r) { return r.id; })),
        steps(by(t.steps, [](const auto& r) { return r.row.id; })),
        leases(by(t.leases, [](const auto& r) { return r.id; })),
        failures(by(t.failures, [](const auto& r) {
          return std::pair{r.lease, r.no};
        })) {
    results.reserve(t.results.size());
    for (const auto& r : t.results) results.push_back(&r);
    std::stable_sort(results.begin(), results.end(),
                     [](const auto* a, const auto* b) { return key_of(*a) < key_of(*b); });
  }

  using result_key = std::pair<step_id, partition_no>;
  static result_key key_of(const result_record& r) { return {r.step, r.row.no}; }

  /// The first result at or after this place.
  auto results_from(step_id step, partition_no no) const {
    return std::lower_bound(results.begin(), results.end(), result_key{step, no},
                            [](const auto* r, const result_key& key) { return key_of(*r) < key; });
  }

  bool node_is_gone(node_id id) const {
    const auto* node = found(nodes, id);
    return node == nullptr || is_terminal(node->state);
  }

  /// lo..hi of the lease without what has a result, and what has a failure row of this lease.
  std::vector<range> unfinished(const lease_record& lease) const {
    std::vector<partition_no> ended;
    const auto [lo, hi] = lease.span;
    for (auto r = results_from(lease.step, lo);
         r != results.end() && key_of(**r) <= result_key{lease.step, hi}; ++r)
      ended.push_back((*r)->row.no);
    for (auto f = failures.lower_bound({lease.id, lo});
         f != failures.end() && f->first <= std::pair{lease.id, hi}; ++f)
      ended.push_back(f->first.second);
    return gaps(lease.span, std::move(ended));
  }

  const tables& rows;
  std::map<node_id, const node_row*> nodes;
  std::map<run_id, const run_row*> runs;
  std::map<step_id, const step_record*> steps;
  std::map<lease_id, const lease_record*> leases;
  std::vector<const result_record*> results;  // by step and number
  std::map<std::pair<lease_id, partition_no>, const failure_row*> failures;
};

}  // namespace partita::audit
