#include "tests/sim/mutants.hpp"

#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "protocol/mutation.hpp"
#include "tests/sim/child.hpp"
#include "tests/sim/scenario.hpp"

namespace partita::sim {

namespace {

struct mutant {
  const char* name;
  backing kind;
};

constexpr auto memory = backing::memory;
constexpr auto sqlite = backing::sqlite;

constexpr mutant mutants[] = {
    // --- the store, as the reference model
    {"report_without_the_fence", memory},
    {"checkpoint_without_the_fence", memory},
    {"master_writes_without_its_term", memory},
    {"takeover_keeps_the_term", memory},
    {"takeover_of_a_driven_run", memory},
    {"sweep_keeps_leases", memory},
    {"sweep_forgets_bound_ranges", memory},
    {"sweep_forgets_masters", memory},
    {"revoke_requeues_what_has_ended", memory},
    {"heartbeat_revives_the_dead", memory},
    {"claim_by_a_dead_node", memory},
    {"claim_leaves_what_it_takes", memory},
    {"give_back_loses_partitions", memory},
    {"stop_ends_what_runs", memory},
    // --- the store over SQLite
    {"sqlite_report_without_the_fence", sqlite},
    {"sqlite_ignores_the_row_count", sqlite},
    {"sqlite_claim_leaves_what_it_takes", sqlite},
    {"sqlite_revoke_loses_the_first_range", sqlite},
    {"sqlite_sweep_forgets_masters", sqlite},
    // --- decisions
    {"lost_nodes_transfer_everything", memory},
    {"failed_partitions_are_overlooked", memory},
    {"sweep_right_after_an_outage", memory},
    // --- actors
    {"stray_leases_are_kept", memory},
    {"interrupted_single_starts_go_back", memory},
    {"results_are_forgotten_in_an_outage", memory},
    {"files_of_doubtful_results_are_discarded", memory},
    {"a_fenced_node_keeps_its_id", memory},
    {"heartbeat_stops_first", memory},
    {"stream_is_inserted_anew", memory},
    {"half_a_split_is_kept", memory},
};

struct hunt {
  std::uint64_t seeds = 0;
  std::string found;  // the first broken promise; empty: none
};

hunt hunt_one(const mutant& m, std::uint64_t limit) {
  planted_bug = m.name;
  for (std::uint64_t seed = 1; seed <= limit; ++seed)
    if (auto o = play(seed, m.kind); !o.violations.empty()) return {seed, o.violations.front()};
  return {limit, ""};
}

/// In a process of its own: a bug may crash it, which is a way to be found.
std::unique_ptr<child> start(const mutant& m, std::uint64_t limit) {
  return std::make_unique<child>([&m, limit] {
    auto h = hunt_one(m, limit);
    return std::to_string(h.seeds) + " " + h.found;
  });
}

hunt outcome_of(child& c) {
  try {
    auto text = c.wait();
    auto space = text.find(' ');
    return {std::stoull(text.substr(0, space)), text.substr(space + 1)};
  } catch (const std::runtime_error& e) {
    return {0, e.what()};
  }
}

}  // namespace

int hunt_mutants(std::uint64_t limit, const std::string& which, int processes) {
  std::vector<mutant> wanted;
  for (const auto& m : mutants)
    if (std::string{m.name}.find(which) != std::string::npos) wanted.push_back(m);
  int survived = 0;
  std::printf("| planted bug | store | found after seeds | as |\n|---|---|---|---|\n");
  std::vector<std::unique_ptr<child>> running;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    while (begun < wanted.size() && begun < i + static_cast<std::size_t>(processes))
      running.push_back(start(wanted[begun++], limit));
    auto h = outcome_of(*running[i]);
    survived += h.found.empty();
    std::printf(
        "| %s | %s | %s | %s |\n", wanted[i].name, to_string(wanted[i].kind),
        h.found.empty() ? "NOT FOUND" : std::to_string(h.seeds).c_str(),
        h.found.empty() ? ("in " + std::to_string(limit)).c_str() : h.found.substr(0, 90).c_str());
  }
  std::printf("%zu planted bugs, %d not found\n", wanted.size(), survived);
  return survived;
}

}  // namespace partita::sim
