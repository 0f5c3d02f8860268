#pragma once

#include "storage/transaction.hpp"

// How runs share the cluster. Contracts: store.hpp, `sharing_store`.
namespace partita::verbs {

/// Throws bad_request for a priority that a run cannot have.
void require_priority(int priority);

run_row pause_run(transaction& tx, run_id run, const std::string& note, const std::string& by);
run_row resume_run(transaction& tx, run_id run, const std::string& by);
void pause_job(transaction& tx, const std::string& job, const std::string& note,
               const std::string& by);
bool resume_job(transaction& tx, const std::string& job, const std::string& by);
run_row set_priority(transaction& tx, run_id run, int priority, const std::string& by);
void set_limit(transaction& tx, const std::string& name, const std::optional<int>& slots,
               const std::string& by);

}  // namespace partita::verbs
