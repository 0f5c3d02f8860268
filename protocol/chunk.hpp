#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "protocol/values.hpp"

namespace partita {

/// An item of a partition that a policy let go.
struct skipped_item {
  std::int64_t item = 0;  // its ordinal among the items of the partition, from 0
  skip_stage stage = skip_stage::read;
  std::string place;  // where it comes from: "FILE, line 7"
  std::string why;
  friend bool operator==(const skipped_item&, const skipped_item&) = default;
};

/// The items [from, to.counts.read) of a partition, which are stored together, and where the
/// partition goes on behind them.
struct chunk {
  std::int64_t from = 0;
  checkpoint to;
  std::vector<skipped_item> skipped;  // those of this chunk, ascending
};

// A run that continues another one with its skipped items makes a checkpoint of each partition that
// was COMPLETED and has some: seq 1, no counts, and this position, a JSON object:
//   {"partita_repeat": {"run": the run, "read", "written", "filtered": of the result,
//                       "items": the skipped ones, ascending, each [item, place]}}
// From there on the partition goes through its items again; those that are not in the list count as
// before (batch/partition_context.hpp). Places tell whether the items are still the same. Later
// positions have "reader" beside it: where it goes on.

/// What a run does with the one it continues.
enum class restart_scope {
  unfinished,  // what was not COMPLETED goes on
  skipped,     // and items that were let go of COMPLETED partitions are tried again
};

/// Where a page of skipped items ended: the next one goes on behind it. It begins before the first
/// item of its step; without a step, before those of all steps.
struct skipped_cursor {
  step_id step;
  partition_no no = -1;
  std::int64_t item = -1;
};

struct skipped_row {
  step_id step;
  partition_no no = 0;
  skipped_item what;
  db_time at;

  /// Of a page that ends with this row.
  skipped_cursor cursor() const { return {step, no, what.item}; }
};

}  // namespace partita
