#pragma once

#include "storage/transaction.hpp"

// The end of what has ended. Contracts: store.hpp, `retention_store`.
namespace partita::verbs {

void set_retention(transaction& tx, const std::string& job, const std::optional<retention>& what,
                   const std::string& by);
std::vector<run_id> purge(transaction& tx, const purge_choice& which, int most,
                          const std::string& by);
purge_round purge_expired(transaction& tx, int most);
purged_files next_purged_files(transaction& tx, const purged_files_cursor& after, int most,
                               milliseconds pause);
purge_progress purge_rows(transaction& tx, int most, milliseconds pause);

}  // namespace partita::verbs
