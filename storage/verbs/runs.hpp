#pragma once

#include "storage/transaction.hpp"

// Contracts: store.hpp.
namespace partita::verbs {

run_row submit(transaction& tx, const submission& s);
run_row restart(transaction& tx, run_id ended, const std::string& launch_key, int version,
                const std::string& by, restart_scope scope);
run_row abandon(transaction& tx, run_id ended, const std::string& by);
run_row request_stop(transaction& tx, run_id run, stop_mode mode, const std::string& by);

}  // namespace partita::verbs
