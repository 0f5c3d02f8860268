#pragma once

#include <cstddef>
#include <string>

#include "batch/job.hpp"
#include "protocol/values.hpp"

namespace partita {

/// How one call of a body ended.
struct body_end {
  enum class kind {
    completed,
    stopped,          // as it was asked to
    lease_lost,       // a checkpoint was refused
    unavailable,      // the database did not take a checkpoint
    failed,           // may be tried again
    failed_for_good,  // every try would end like this
  };
  kind how = kind::completed;
  std::string error;
  json_text output = "null";
  json_text files;
  item_counts counts;
  bool crashed = false;  // its process ended by itself
};

/// An end without results. `why` must be readable.
inline body_end end_with(body_end::kind how, const std::string& why) {
  body_end end;
  end.how = how;
  end.error = why;
  return end;
}

/// Runs a body. Every exception ends here. What it wrote is on disk when it has completed; else it
/// is gone, unless another attempt may go on with it. The output may have `most` bytes.
body_end run_body(const partitioned& step, partition_setup setup, std::size_t most);

}  // namespace partita
