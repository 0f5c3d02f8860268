#include "protocol/waiting.hpp"

#include <algorithm>

#include "protocol/assignment.hpp"

namespace partita {

namespace {

/// Versions of a job that these nodes know, ascending.
std::vector<int> versions_known(const std::vector<const node_row*>& nodes, const std::string& job) {
  std::vector<int> versions;
  for (const auto* node : nodes)
    for (const auto& known : node->info.jobs)
      if (known.name == job) versions.push_back(known.version);
  std::sort(versions.begin(), versions.end());
  versions.erase(std::unique(versions.begin(), versions.end()), versions.end());
  return versions;
}

/// Nodes that know this job and version.
std::vector<const node_row*> knowing(const std::vector<const node_row*>& nodes,
                                     const job_ref& job) {
  std::vector<const node_row*> found;
  for (const auto* node : nodes)
    if (std::find(node->info.jobs.begin(), node->info.jobs.end(), job) != node->info.jobs.end())
      found.push_back(node);
  return found;
}

}  // namespace

waiting why_waiting(const run_row& run, const run_standing& standing,
                    const std::vector<node_row>& nodes, db_time now) {
  if (is_terminal(run.state)) return {};
  if (run.stop == stop_mode::none && run.paused) return {obstacle::paused};
  if (run.stop == stop_mode::none && run.job_paused) return {obstacle::job_paused};
  std::vector<const node_row*> active;
  bool draining = false;
  for (const auto& node : nodes) {
    if (now - node.heartbeat_at > long_silence) continue;
    if (node.state == node_state::active) active.push_back(&node);
    draining = draining || node.state == node_state::draining;
  }
  if (standing.held && (draining || !active.empty())) return {};
  if (active.empty()) return {obstacle::no_node};
  const auto able = knowing(active, run.job);
  if (able.empty()) {
    auto versions = versions_known(active, run.job.name);
    if (versions.empty()) return {obstacle::unknown_job};
    return {obstacle::unknown_version, std::move(versions)};
  }
  const auto count = static_cast<int>(able.size());
  if (!run.master) return {obstacle::not_adopted, {}, count};
  if (run.stop != stop_mode::none || !standing.claimable) return {};
  if (!standing.claimable_now) return {obstacle::backoff, {}, count, 0, *standing.claimable};
  int slots = 0;
  bool free = false;
  for (const auto* node : able) {
    slots += node->info.slots;
    free = free || node->load.running < node->info.slots;
  }
  if (free) return {};
  return {obstacle::no_slot, {}, count, slots};
}

namespace {

bool names(const std::vector<std::string>& limits, const std::string& limit) {
  return std::find(limits.begin(), limits.end(), limit) != limits.end();
}

/// The tags of a step, where no node has all of them that could take the run; "": one has.
std::string missing_tags(const step_row& step, const std::vector<const node_row*>& able) {
  if (std::any_of(able.begin(), able.end(),
                  [&](const node_row* node) { return has_tags(node->info.tags, step.spec.tags); }))
    return {};
  std::string tags;
  for (const auto& tag : step.spec.tags) tags += (tags.empty() ? "" : ", ") + tag;
  return tags;
}

}  // namespace

waiting why_held_back(const run_row& run, const std::vector<step_row>& steps,
                      const std::vector<node_row>& nodes, const std::vector<limit_row>& limits,
                      std::int64_t running, int max_runs) {
  if (run.state == run_state::created)
    return max_runs > 0 && running >= max_runs ? waiting{obstacle::queued, {}, 0, max_runs}
                                               : waiting{};
  std::vector<const node_row*> active;
  for (const auto& node : nodes)
    if (node.state == node_state::active) active.push_back(&node);
  const auto able = knowing(active, run.job);
  for (const auto& step : steps) {
    if (is_terminal(step.state)) continue;
    if (auto tags = missing_tags(step, able); !tags.empty())
      return {obstacle::no_tag, {}, static_cast<int>(able.size()), 0, {}, std::move(tags)};
    for (const auto& limit : limits)
      if (limit.slots && limit.in_use >= *limit.slots && names(step.spec.limits, limit.name))
        return {obstacle::limit_reached, {}, 0, *limit.slots, {}, limit.name};
  }
  return {};
}

}  // namespace partita
