#include <algorithm>
#include <map>

#include "protocol/limits.hpp"
#include "storage/audit/audit.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

namespace {

/// What LIVE leases of some steps come to.
struct leased {
  std::map<node_id, std::int64_t> unended;  // by node
  lease_id newest;

  void add(const lease_record& lease) {
    unended[lease.node] += lease.unended();
    newest = std::max(newest, lease.id);
  }

  std::int64_t in_execution(const world& w) const {
    std::int64_t sum = 0;
    for (const auto& [id, count] : unended) {
      const auto* node = found(w.nodes, id);
      sum += partita::in_execution(count, node != nullptr ? node->info.slots : 0);
    }
    return sum;
  }
};

void judge(std::int64_t used, std::int64_t slots, const std::string& what, verdict& v) {
  v.count(rule::within_limits);
  if (used > slots)
    v.find(rule::within_limits, std::to_string(used) + " partitions " + what +
                                    " may be in execution, and " + std::to_string(slots) +
                                    " are allowed");
}

}  // namespace

void audit_limits(const tables& t, verdict& v) {
  const world w{t};
  std::map<step_id, leased> of_steps;
  std::map<std::string, leased> of_limits;
  for (const auto& lease : t.leases) {
    const auto* step = found(w.steps, lease.step);
    if (lease.state != lease_state::live || step == nullptr) continue;
    if (step->row.spec.at_most > 0) of_steps[lease.step].add(lease);
    for (const auto& limit : step->row.spec.limits) of_limits[limit].add(lease);
  }
  for (const auto& [id, held] : of_steps)
    judge(held.in_execution(w), found(w.steps, id)->row.spec.at_most, "of " + named(id), v);
  // A limit that somebody made lower holds from the next lease on.
  for (const auto& limit : t.limits)
    if (const auto held = of_limits.find(limit.name);
        limit.slots && held != of_limits.end() && held->second.newest > limit.since)
      judge(held->second.in_execution(w), *limit.slots, "under the limit " + limit.name, v);
}

}  // namespace partita::audit
