#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "batch/batch.hpp"

namespace partita::test {

class author_database;

struct partition_options {
  json parameters = json::object();   // of the run
  std::vector<std::string> tables{};  // one statement each: they make the author's tables
  partition_no no = 0;
};

/// What came of one attempt at a partition, and the database it left.
class partition_run {
 public:
  json output;
  item_counts counts;
  std::vector<skipped_item> skipped;
  std::vector<std::filesystem::path> files;  // by their final names
  json position;                             // of the last checkpoint; null: there was none
  int commits = 0;                           // checkpoints, transactions and chunks
  std::vector<std::string> log;              // the last lines

  /// Rows of a statement that reads; its parameters are $1, $2 and so on.
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) const {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return fetch(statement, given);
  }
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values) const;

  std::shared_ptr<author_database> in;  // lives as long as this
};

/// The partitions that a step is split into, or streams, on one node with so many executors.
std::vector<partition> split(const job& j, const std::string& step,
                             const json& parameters = json::object(), int executors = 4);

/// Runs the body of a partition once, from its start, in this thread, over an SQLite database in
/// memory with the author's tables. What the body throws passes on. Files get their final names. A
/// body that rests takes no time.
partition_run run_partition(const job& j, const std::string& step, const partition& which,
                            const partition_options& options = {});

}  // namespace partita::test
