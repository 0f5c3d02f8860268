#pragma once

#include <string>

#include "storage/transaction.hpp"

// Rules for every statement of this folder.
//
// `$n` are listed above each. Names are qualified, so that no search_path matters; states are
// literals, so that the planner can use the partial indexes; the time is partita.clock() and
// nothing else. Values travel as text, arrays as '{…}'.
//
// Plans are kept, and some were made when tables were empty: then a scan of a whole partial index
// looked as cheap as one lookup by key. While an old transaction is open, such an index holds every
// row that ever was. So no statement may allow a scan of a whole index:
// - A lease that is named by its key is LIVE when `ended_at IS NULL`: no partial index has this
//   condition.
// - Rows that are looked up for the elements of an array stand in a LATERAL with OFFSET 0, or are
//   bound by `= ANY` too, so that the planner makes no join that scans an index.
// - EXISTS never names columns of the query around it: the planner makes a join of that, or a hash
//   table of the whole index. Use `(SELECT …) IS NULL`, or let EXISTS depend on a parameter or
//   another CTE only.
namespace partita::postgres::sql {

/// A moment that is given in microseconds since the epoch, or NULL: exact, as to_timestamp is not.
inline std::string moment(const std::string& micros) {
  return "timestamptz 'epoch' + " + micros + "::bigint * interval '1 microsecond'";
}

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
