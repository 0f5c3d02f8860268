#pragma once

#include <span>
#include <string>

#include "storage/transaction.hpp"

// Contracts: store.hpp.
namespace partita::verbs {

schedule_row add_schedule(transaction& tx, const new_schedule& s, bool paused,
                          const std::string& by);
int declare_schedules(transaction& tx, std::span<const new_schedule> all);
void remove_schedule(transaction& tx, const std::string& name, const std::string& by);
schedule_row pause_schedule(transaction& tx, const std::string& name, const std::string& note,
                            const std::string& by);
schedule_row resume_schedule(transaction& tx, const std::string& name, const std::string& by);
run_row run_schedule(transaction& tx, const std::string& name, const std::optional<db_time>& tick,
                     int version, const std::string& by);
int balance_schedules(transaction& tx, node_id node);
fired_ticks fire_schedules(transaction& tx, node_id node, std::span<const job_ref> known, int most);

/// The node gets none any more, and has none: they are to be given to others. In the transaction
/// that ends it. REQUIRES: its row is locked.
void let_go_of_schedules(transaction& tx, const node_standing& node);

/// What a node sees of its schedules.
std::optional<microseconds> time_to_next_tick(transaction& tx, node_id node);

}  // namespace partita::verbs
