#pragma once

#include <string>

#include "storage/transaction.hpp"

// Rules for every statement of this folder.
//
// `$n` are listed above each. Names are qualified, so that no search_path matters; states are
// literals, so that the planner can use the partial indexes; the time is partita.clock() and
// nothing else. Values travel as text, arrays as '{…}'.
//
// Plans are kept, some from when tables were empty and a whole partial index looked as short as one
// look by key. So a lease that is named by its key is LIVE when `ended_at IS NULL`, which no
// partial index promises; and rows that are looked up for the elements of an array stand in a
// LATERAL with OFFSET 0, or are bound by `= ANY` too, so that no join is made of it that scans an
// index: while an old transaction is open that holds every row that ever was. EXISTS never names
// columns of the query around it: of that a join is made, or a hash table of the whole index. It is
// `(SELECT …) IS NULL`, or asks for what a parameter or another CTE says.
namespace partita::postgres::sql {

/// What a SELECT ends with: the lock of the rows it found.
inline std::string locking(row_lock lock) {
  switch (lock) {
    case row_lock::none:
      return "";
    case row_lock::key_share:
      return " FOR KEY SHARE";
    case row_lock::no_key_update:
      return " FOR NO KEY UPDATE";
    case row_lock::update:
      return " FOR UPDATE";
  }
  return " FOR UPDATE";
}

/// The same, of one of the tables it joins.
inline std::string locking(row_lock lock, const std::string& table) {
  return lock == row_lock::none ? "" : locking(lock) + " OF " + table;
}

}  // namespace partita::postgres::sql
