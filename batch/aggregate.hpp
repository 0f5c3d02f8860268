#pragma once

#include <filesystem>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "batch/outcomes.hpp"
#include "batch/output_files.hpp"
#include "batch/parameters.hpp"
#include "protocol/values.hpp"

namespace partita {

/// One committed result, as an aggregator sees it.
struct partition_result {
  partition_no no = 0;
  json output;
  item_counts counts;
  std::vector<std::filesystem::path> files;  // final names
};

/// The results of a step, in order of partition number. Read from the database page by page, so
/// that a million of them need no memory.
class results {
 public:
  using page_reader = std::function<std::vector<result_row>(partition_no after, int limit)>;

  explicit results(page_reader read) : read_(std::move(read)) {}

  // Each reads the database. Any exception but those of `visit` means that it did not answer; let
  // it pass.
  void for_each(const std::function<void(const partition_result&)>& visit) const;

  std::int64_t count() const { return totals().count; }
  item_counts counts() const { return totals().items; }
  std::int64_t sum_read() const { return totals().items.read; }
  std::int64_t sum_written() const { return totals().items.written; }
  std::int64_t sum_filtered() const { return totals().items.filtered; }
  std::int64_t sum_skipped() const { return totals().items.skipped; }

 private:
  struct sums {
    std::int64_t count = 0;
    item_counts items;
  };
  const sums& totals() const;

  page_reader read_;
  mutable std::optional<sums> totals_;
};

/// What an aggregator or a tasklet works with, on the master. It may be called again after a
/// takeover: it must be a function of what it reads, and its effects repeatable.
class run_context {
 public:
  run_context(run_id run, parameters given, std::stop_token stop, outcomes so_far = {})
      : run_(run),
        first_run_(run),
        parameters_(std::move(given)),
        stop_(std::move(stop)),
        so_far_(std::move(so_far)) {}

  run_id run() const { return run_; }
  /// As split_context has them.
  run_id first_run() const { return first_run_; }
  db_time first_created_at() const { return first_created_at_; }
  template <class T>
  T get(const std::string& parameter) const {
    return parameters_.get<T>(parameter);
  }
  template <class T>
  std::optional<T> find(const std::string& parameter) const {
    return parameters_.find<T>(parameter);
  }
  /// Also when this node may have lost the run. What returns counts as done: end early by
  /// stop_if_requested.
  bool stop_requested() const { return stop_.stop_requested(); }
  void stop_if_requested() const;

  /// What the steps that come before this one have done, in this run and in those it continues.
  const outcomes& so_far() const { return so_far_; }
  /// The result that an earlier step has set. Throws permanent_error where there is none.
  const json& result_of(const std::string& step) const { return so_far_.result_of(step); }

  /// Sets the result of the run (and of this step): at most 1 MiB as JSON, else the step is FAILED.
  /// The last step that sets one wins.
  void result(json document) { result_ = std::move(document); }
  const std::optional<json>& result() const { return result_; }

  // --- for the engine
  void set_first_run(run_id first, db_time created_at) {
    first_run_ = first;
    first_created_at_ = created_at;
  }

 private:
  run_id run_;
  run_id first_run_;
  db_time first_created_at_{};
  parameters parameters_;
  std::stop_token stop_;
  outcomes so_far_;
  std::optional<json> result_;
};

using aggregate_function = std::function<void(const results&, run_context&)>;
using tasklet_function = std::function<void(run_context&)>;

}  // namespace partita
