#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "batch/outcomes.hpp"
#include "batch/parameters.hpp"
#include "protocol/values.hpp"

namespace partita {

/// One slice of a step, as a split describes it.
struct partition {
  std::string key;       // for people: "rows 1-1000"
  json input = nullptr;  // what the partition's body gets
};

/// What a split sees: the parameters of the run, and the cluster at the moment the step began (a
/// split that is resumed after a takeover sees the same).
class split_context {
 public:
  split_context(parameters given, std::vector<live_node> nodes, std::stop_token stop,
                outcomes so_far = {}, int slices = 0)
      : parameters_(std::move(given)),
        nodes_(std::move(nodes)),
        stop_(std::move(stop)),
        so_far_(std::move(so_far)),
        slices_(slices) {}

  template <class T>
  T get(const std::string& parameter) const {
    return parameters_.get<T>(parameter);
  }
  template <class T>
  std::optional<T> find(const std::string& parameter) const {
    return parameters_.find<T>(parameter);
  }
  const parameters& all_parameters() const { return parameters_; }

  /// Live nodes that know the job; at least 1 (the master's own).
  int nodes() const { return std::max(1, static_cast<int>(nodes_.size())); }
  /// Executors of these nodes together; at least 1.
  int slots() const;
  /// How many slices `scale` wants (batch/scaling.hpp); without it, four for each executor.
  int slices() const { return slices_ > 0 ? slices_ : 4 * slots(); }

  /// What the steps that come before this one have done. It is the same after a takeover.
  const outcomes& so_far() const { return so_far_; }
  /// The result that an earlier step has set. Throws permanent_error where there is none.
  const json& result_of(const std::string& step) const { return so_far_.result_of(step); }

  bool stop_requested() const { return stop_.stop_requested(); }

 private:
  parameters parameters_;
  std::vector<live_node> nodes_;
  std::stop_token stop_;
  outcomes so_far_;
  int slices_;  // 0: not told
};

/// All partitions at once. None is claimed before the split is complete.
using split_function = std::function<std::vector<partition>(split_context&)>;

using take_partition = std::function<void(partition)>;

/// One partition after the other, handed to `yield`; executors start on the first while the last
/// are not made yet. Must yield the same sequence when it is called again for the same run: after a
/// takeover the new master skips those that exist.
using stream_function = std::function<void(split_context&, const take_partition& yield)>;

}  // namespace partita
