#pragma once

#include "storage/tables.hpp"

namespace partita::sim {

/// What purged runs had before they were purged, for checks of what they did.
class purged_rows {
 public:
  /// `before` and `after` a change.
  void keep(const tables& before, const tables& after);

  /// All rows as if nothing had been purged; without the events of purged runs.
  tables put_back(tables rows) const;

 private:
  tables kept_;
};

}  // namespace partita::sim
