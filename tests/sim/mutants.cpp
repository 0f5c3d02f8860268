#include "tests/sim/mutants.hpp"

#include <algorithm>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <vector>

#include "protocol/mutation.hpp"
#include "tests/sim/child.hpp"
#include "tests/sim/postgres_backing.hpp"
#include "tests/sim/scenario.hpp"

namespace partita::sim {

namespace {

struct mutant {
  const char* name;
  backing kind;
  // The same mistake in a faster store, where one is needed: only seeds in which the twin is found
  // are played over PostgreSQL, where each takes a second. A seed is nearly the same history in
  // all stores.
  const mutant* twin = nullptr;
  // A seed that finds it, for those that few seeds find: it is played first, so that a test need
  // not play hundreds. Where it finds nothing any more, the hunt begins at seed 1.
  std::uint64_t known = 0;
};

constexpr auto memory = backing::memory;
constexpr auto sqlite = backing::sqlite;
constexpr auto postgres = backing::postgres;

constexpr mutant checkpoint_without_the_fence{"checkpoint_without_the_fence", memory, nullptr,
                                              2137};
constexpr mutant no_chunk{"author_rows_stand_without_their_chunk", sqlite};
constexpr mutant sqlite_forgets_failures{"sqlite_unfinished_forgets_failures", sqlite, nullptr,
                                         272};

constexpr mutant mutants[] = {
    // --- the verbs, written once
    {"report_without_the_fence", memory, nullptr, 246},
    checkpoint_without_the_fence,
    {"lost_checkpoints_are_acknowledged", memory},
    {"master_writes_without_its_term", memory, nullptr, 157},
    {"takeover_keeps_the_term", memory},
    {"takeover_of_a_driven_run", memory},
    {"sweep_keeps_leases", memory},
    {"sweep_forgets_bound_ranges", memory},
    {"sweep_forgets_masters", memory},
    {"revoke_requeues_what_has_ended", memory},
    {"deregistered_with_the_first_piece", memory},
    {"leave_forgets_the_rest", memory},
    {"a_lost_piece_ends_its_lease", memory, nullptr, 1052},
    {"a_lost_piece_drops_the_rest_of_a_range", memory},
    {"condemned_nodes_hand_over_everything", memory},
    {"heartbeat_revives_the_dead", memory},
    {"claim_by_a_dead_node", memory, nullptr, 998},
    {"claim_leaves_what_it_takes", memory},
    {"give_back_loses_partitions", memory},
    {"stop_ends_what_runs", memory},
    {"output_names_are_not_reserved", memory},
    {"counters_miss_a_report", memory},
    // --- chunks
    no_chunk,
    {"authors_commit_although_the_fence_refuses", sqlite},
    {"restart_forgets_checkpoints", sqlite, nullptr, 809},
    {"restart_forgets_skipped_items", memory, nullptr, 479},
    {"skipped_items_are_not_stored", memory},
    {"all_items_are_tried_again", sqlite},
    {"an_item_let_go_counts_as_written", memory},
    {"bad_rows_are_not_undone", sqlite},
    {"a_resumed_attempt_counts_from_zero", memory},
    {"a_doubtful_chunk_counts_as_stored", sqlite},
    {"files_go_on_where_the_chunk_began", sqlite},
    {"postgres_checkpoint_without_the_fence", postgres, &checkpoint_without_the_fence, 4326},
    {"postgres_chunk_commits_without_the_fence", postgres, &no_chunk},
    // --- flows
    {"a_group_ends_with_its_first_flow", memory},
    {"a_failed_step_is_passed", memory},
    {"restart_forgets_decisions", memory, nullptr, 3097},
    {"handling_of_failures_is_kept", memory, nullptr, 4022},
    {"listeners_hear_after_the_end", memory, nullptr, 170},
    // --- schedules
    {"a_fired_tick_stays_due", memory},
    {"a_lost_node_keeps_its_schedules", memory},
    {"missed_ticks_are_not_counted", memory},
    {"a_join_needs_no_balance", memory, nullptr, 300},
    {"a_resumed_schedule_has_no_owner", memory, nullptr, 510},
    // --- how runs share the cluster
    {"a_claim_asks_no_limit", memory},
    {"limits_forget_other_nodes", memory},
    {"limits_count_what_is_lost", memory},
    {"a_pause_never_ends", memory},
    // --- retention
    {"purge_of_what_goes_on", memory},
    {"purge_of_half_a_chain", memory, nullptr, 352},
    {"purged_runs_are_continued", memory},
    {"purge_leaves_leases", memory},
    {"rows_go_before_files", memory, nullptr, 333},
    {"sqlite_purge_forgets_later_partitions", sqlite, nullptr, 336},
    // --- statements of SQLite
    {"sqlite_claim_drops_the_rest", sqlite},
    {"sqlite_masterships_are_not_found", sqlite},
    sqlite_forgets_failures,
    // --- statements of PostgreSQL (those whose locks are wrong: tests/process/planted_locks.sh)
    {"postgres_claim_leaves_what_it_takes", postgres},
    {"postgres_report_counts_twice", postgres},
    {"postgres_save_leases_without_hi", postgres},
    {"postgres_ended_numbers_forgets_failures", postgres, &sqlite_forgets_failures, 272},
    {"postgres_heartbeat_revives_the_dead", postgres},
    // --- decisions
    {"lost_nodes_transfer_everything", memory},
    {"failed_partitions_are_overlooked", memory},
    {"sweep_right_after_an_outage", memory, nullptr, 103},
    // --- actors
    {"stray_leases_are_kept", memory},
    {"interrupted_single_starts_go_back", memory, nullptr, 324},
    {"results_are_forgotten_in_an_outage", memory},
    {"files_of_doubtful_results_are_discarded", memory, nullptr, 4324},
    {"a_fenced_node_keeps_its_id", memory},
    {"heartbeat_stops_first", memory},
    {"stream_is_inserted_anew", memory},
    {"half_a_split_is_kept", memory},
};

struct hunt {
  std::uint64_t seeds = 0;
  std::string found;  // the first broken promise; empty: none
};

/// The first promise that this seed breaks; empty: none.
std::string broken_in(std::uint64_t seed, const mutant& m) {
  planted_bug = m.name;
  auto outcome = play(seed, m.kind);
  return outcome.violations.empty() ? "" : outcome.violations.front();
}

hunt hunt_one(const mutant& m, std::uint64_t limit) {
  if (m.known > 0)
    if (auto broken = broken_in(m.known, m); !broken.empty()) return {m.known, broken};
  constexpr std::uint64_t slower_over_postgres = 50;
  if (m.kind == postgres && !m.twin)
    limit = std::max<std::uint64_t>(1, limit / slower_over_postgres);
  for (std::uint64_t seed = 1; seed <= limit; ++seed) {
    if (m.twin && broken_in(seed, *m.twin).empty()) continue;
    if (auto broken = broken_in(seed, m); !broken.empty()) return {seed, broken};
  }
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
  int left_out = 0;
  for (const auto& m : mutants) {
    if (std::string{m.name}.find(which) == std::string::npos) continue;
    if (m.kind == postgres && !has_postgres())
      ++left_out;
    else
      wanted.push_back(m);
  }
  int survived = 0;
  std::printf("| planted bug | store | found after seeds | as |\n|---|---|---|---|\n");
  std::vector<std::unique_ptr<child>> running;
  std::size_t begun = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    while (begun < wanted.size() && begun < i + static_cast<std::size_t>(processes))
      running.push_back(start(wanted[begun++], limit));
    auto h = outcome_of(*running[i]);
    survived += h.found.empty();
    std::printf("| %s | %s | %s | %s |\n", wanted[i].name, to_string(wanted[i].kind),
                h.found.empty() ? "NOT FOUND" : std::to_string(h.seeds).c_str(),
                h.found.empty() ? ("in " + std::to_string(h.seeds)).c_str()
                                : h.found.substr(0, 90).c_str());
  }
  std::printf("%zu planted bugs, %d not found\n", wanted.size(), survived);
  if (left_out > 0)
    std::printf("LEFT OUT: %d planted bugs of PostgreSQL: PARTITA_TEST_PG names no server\n",
                left_out);
  return survived;
}

}  // namespace partita::sim
