#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "batch/outcomes.hpp"
#include "batch/parameters.hpp"
#include "batch/sql.hpp"
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

  /// The first of the runs that continue each other: the same in every restart.
  run_id first_run() const { return first_run_; }
  /// When that was created. Numbers of runs are of one database: together they are of no other.
  db_time first_created_at() const { return first_created_at_; }

  bool stop_requested() const { return stop_.stop_requested(); }

  // --- the engine's database
  /// Rows of one statement that changes nothing: partition_context::query.
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return fetch(statement, given);
  }
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values);

  /// For a stream whose source may change: the input of the last partition that is stored already,
  /// after a takeover or in a run that continues another. Nothing: none is. Whoever asks yields
  /// only what comes behind it, and need not repeat itself. REQUIRES: asked before the first is
  /// yielded.
  std::optional<json> last_stored();

  // --- for the engine
  void set_first_run(run_id first, db_time created_at) {
    first_run_ = first;
    first_created_at_ = created_at;
  }
  void set_queries(std::shared_ptr<sql_queries> queries) { queries_ = std::move(queries); }
  void set_last_stored(std::function<std::optional<json>()> find) { last_ = std::move(find); }
  const std::shared_ptr<sql_queries>& queries() const { return queries_; }

 private:
  parameters parameters_;
  std::vector<live_node> nodes_;
  std::stop_token stop_;
  outcomes so_far_;
  int slices_;  // 0: not told
  run_id first_run_{};
  db_time first_created_at_{};
  std::shared_ptr<sql_queries> queries_;
  std::function<std::optional<json>()> last_;
};

/// All partitions at once. None is claimed before the split is complete.
using split_function = std::function<std::vector<partition>(split_context&)>;

using take_partition = std::function<void(partition)>;

/// One partition after the other, handed to `yield`; executors start on the first while the last
/// are not made yet. It is called again for the same run after a takeover, and in a run that
/// continues it: then it must yield the same sequence, of which those that exist are skipped, or go
/// on behind split_context::last_stored.
using stream_function = std::function<void(split_context&, const take_partition& yield)>;

}  // namespace partita
