#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batch/batch.hpp"

namespace partita::test {

struct cluster_options {
  int nodes = 3;
  int executors = 1;                  // partitions at once, of each node
  std::int64_t seed = 1;              // of everything that may happen in another order
  std::vector<std::string> tables{};  // one statement each: they make the author's tables
  std::filesystem::path file{};       // where the SQLite database is; empty: in memory
  /// So many of 1,000 calls of the database go wrong: they are refused, take long, happen and get
  /// no answer, happen when nobody waits any more, or end their node. Another node comes for each
  /// that ended.
  int faults_per_1000 = 0;
};

/// When a fault happens. A commit stores a chunk, a checkpoint, an author's transaction, or results
/// of partitions. Those of the fault's node are counted, from when the fault is asked for; those of
/// all nodes where it has none.
struct moment {
  enum class kind { at_once, later, during_commit, after_commits };
  kind what = kind::at_once;
  int commits = 0;
  milliseconds time{0};
};
/// When this much virtual time has passed.
inline moment after(milliseconds time) { return {moment::kind::later, 0, time}; }
/// When the n-th commit stands, and nobody has been told yet.
inline moment after_commits(int n) { return {moment::kind::after_commits, n, milliseconds{0}}; }
/// When the author's code has done its part of the n-th commit, and nothing of it stands yet.
inline moment during_commit(int n) { return {moment::kind::during_commit, n, milliseconds{0}}; }

/// In place of a node: the one whose commit it is.
inline constexpr int whoever = -1;

/// An item that a policy let go.
struct skipped {
  std::string step;
  partition_no no = 0;
  skipped_item what;
};

/// A whole cluster in this thread and in virtual time: real nodes over an SQLite database with the
/// author's tables in it. The order in which nodes act, and random faults, depend on the seed and
/// on nothing else. A chunk or checkpoint takes a few milliseconds of virtual time, a rest
/// (partition_context::rest) as long as it says; other nodes go on meanwhile. After every commit
/// the engine's invariants are checked: that is for hundreds of chunks, not for many thousands.
///
/// Bodies are not isolated. Nodes are numbered from 0, in the order in which they came. What a test
/// asks for that cannot be is a definition_error; what the engine refuses, std::runtime_error.
class cluster {
 public:
  explicit cluster(std::vector<job> jobs, const cluster_options& options = {});
  ~cluster();
  cluster(const cluster&) = delete;
  cluster& operator=(const cluster&) = delete;

  // --- runs
  run_id submit(const std::string& job_name, const json& parameters = json::object());
  /// A FAILED or STOPPED run goes on as a new one.
  run_id restart(run_id ended);
  void cancel(run_id run);

  // --- faults
  /// As by SIGKILL. A node of that number never comes back; `add_node` brings another.
  void kill(int node, moment when = {});
  /// As by SIGSTOP: others may take what it has; then it goes on, and knows nothing of that.
  void freeze(int node, milliseconds lasts, moment when = {});
  /// As by SIGTERM.
  void drain(int node, moment when = {});
  /// Nobody gets an answer.
  void database_away(milliseconds lasts, moment when = {});
  /// Returns its number.
  int add_node();
  /// How many faults that were asked for have not happened: a test that waits for one that never
  /// comes has shown nothing.
  int faults_to_come() const;

  // --- time
  /// Until all runs have ended. Throws std::runtime_error when they have not after `most` of
  /// virtual time, when no node is left, and when the engine broke a promise.
  void run_until_done(milliseconds most = std::chrono::hours{4});
  void run_for(milliseconds time);
  /// Virtual time since the cluster began.
  milliseconds time() const;

  // --- what came of it
  bool is_up(int node) const;
  run_state state(run_id run) const;
  /// What the run's last step with a result has set; null: nothing.
  json result(run_id run) const;
  /// Why the run FAILED; empty otherwise.
  std::string error(run_id run) const;
  /// Of a step that has begun.
  step_outcome step(run_id run, const std::string& name) const;
  std::vector<skipped> skipped_items(run_id run) const;
  /// What the attempts at a partition have logged, oldest first.
  std::vector<std::string> log(run_id run, const std::string& step, partition_no no) const;

  /// The engine's promises that are broken, a sentence each: none, unless the engine has a defect.
  /// Whether the author's rows are right only the author can tell, with `query`.
  std::vector<std::string> invariants() const;

  // --- the author's tables. Not for code that runs in the cluster.
  /// Runs a statement that changes something. Returns how many rows. Parameters are $1, $2 and so
  /// on.
  template <class... Values>
  std::int64_t execute(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return change(statement, given);
  }
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) const {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return fetch(statement, given);
  }
  /// The one integer that a query gives: "SELECT count(*) …". Throws definition_error when it gives
  /// something else.
  template <class... Values>
  std::int64_t number(std::string_view statement, const Values&... values) const {
    return only_number(query(statement, values...));
  }
  std::int64_t change(std::string_view statement, std::span<const sql_value> values);
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values) const;

 private:
  static std::int64_t only_number(const std::vector<sql_row>& rows);

  class implementation;
  std::unique_ptr<implementation> of_;
};

}  // namespace partita::test
