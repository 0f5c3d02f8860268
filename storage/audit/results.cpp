#include <nlohmann/json.hpp>

#include "storage/audit/audit.hpp"
#include "storage/audit/world.hpp"

namespace partita::audit {

namespace {

std::string text_of(const counter_record& c) {
  const auto& n = c.counts;
  std::string text;
  for (auto value : {c.completed, c.failed, n.read, n.written, n.filtered, n.skipped})
    text += (text.empty() ? "" : ", ") + std::to_string(value);
  return text;
}

/// Each counter is the sum of the results of its step that were made under leases of its node.
void check_counters(const world& w, verdict& v) {
  std::map<std::pair<step_id, node_id>, counter_record> sums;
  for (const auto* r : w.results) {
    const auto* lease = found(w.leases, r->row.lease);
    if (lease == nullptr) continue;  // found by the other checks
    auto& sum = sums[{r->step, lease->node}];
    ++(r->row.completed ? sum.completed : sum.failed);
    sum.counts += r->row.counts;
  }
  v.count(rule::rows, static_cast<std::int64_t>(w.rows.counters.size()));
  for (const auto& c : w.rows.counters) {
    const auto sum = sums.extract(std::pair{c.step, c.node});
    const auto made = sum.empty() ? counter_record{} : sum.mapped();
    if (text_of(c) != text_of(made))
      v.find(rule::rows, "the counters of " + named(c.step) + " and " + named(c.node) + " are " +
                             text_of(c) + "; its results give " + text_of(made));
  }
  for (const auto& [key, made] : sums)
    v.find(rule::rows, "no counter of " + named(key.first) + " and " + named(key.second) +
                           " holds what its results give: " + text_of(made));
}

/// The final names of the files of a result.
std::vector<std::string> names_of(const json_text& files) {
  std::vector<std::string> names;
  const auto pairs = nlohmann::json::parse(files, nullptr, false);
  if (!pairs.is_array()) return names;
  for (const auto& pair : pairs)
    if (pair.is_array() && !pair.empty() && pair[0].is_string()) names.push_back(pair[0]);
  return names;
}

void check_names(const world& w, verdict& v) {
  std::map<std::pair<run_id, std::string>, const result_record*> owners;
  for (const auto* r : w.results) {
    const auto* step = found(w.steps, r->step);
    if (r->row.files.empty() || step == nullptr) continue;
    for (auto& name : names_of(r->row.files)) {
      v.count(rule::one_name);
      const auto [at, alone] = owners.try_emplace({step->row.run, name}, r);
      if (!alone && at->second != r)
        v.find(rule::one_name,
               "the file " + name + " of " + named(step->row.run) + " is that of partition " +
                   std::to_string(r->row.no) + " of " + named(r->step) + " and of partition " +
                   std::to_string(at->second->row.no) + " of " + named(at->second->step));
    }
  }
}

}  // namespace

void audit_results(const tables& t, verdict& v) {
  const world w{t};
  check_counters(w, v);
  check_names(w, v);
}

}  // namespace partita::audit
