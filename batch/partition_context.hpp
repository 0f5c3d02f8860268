#pragma once

#include <array>
#include <atomic>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <typeindex>
#include <vector>

#include "batch/output_files.hpp"
#include "batch/parameters.hpp"
#include "batch/partition_log.hpp"
#include "batch/resources.hpp"
#include "batch/sql.hpp"
#include "protocol/crash_search.hpp"
#include "protocol/values.hpp"

namespace partita {

/// Written by a partition's body, read by whoever shows what it does.
struct progress_cell {
  /// Without a clock, lines of the log seem to be said when they are sent.
  explicit progress_cell(std::function<mono_time()> now = [] { return mono_time{}; })
      : log(std::move(now)) {}

  std::atomic<std::int64_t> done{0};
  std::atomic<std::int64_t> total{0};
  partition_log log;
};

/// All the engine gives to one attempt at one partition. A test fills it in by hand.
struct partition_setup {
  run_id run;
  run_id first_run{};  // of the runs that continue each other; none: `run` itself
  std::string step_name;
  step_id step;
  lease_id lease;
  partition_no no = 0;
  std::string key;
  int attempt = 1;
  parameters given;
  json input;
  std::optional<partita::checkpoint> resume;
  std::stop_token stop;
  crash_hint crashes;         // of this attempt so far
  bool files_expire = false;  // job::files_expire
  /// Commits under the fence of the lease; throws lease_lost_error.
  std::function<void(const partita::checkpoint&)> commit = [](const partita::checkpoint&) {};
  /// The same, with the author's transaction (storage/store.hpp commit_chunk). Throws what the
  /// author's code throws.
  std::function<chunk(const chunk&, const author_work&)> commit_chunk =
      [](const chunk& c, const author_work&) { return c; };
  /// Null: the attempt reads no database.
  std::shared_ptr<sql_queries> queries;
  /// The resource of this type of the job (batch/job.hpp); null: it has none. Throws what making it
  /// throws.
  std::function<resource_ptr(std::type_index)> resource = [](std::type_index) {
    return resource_ptr{};
  };
  std::shared_ptr<progress_cell> progress = std::make_shared<progress_cell>();
  /// Where lines of the log go; null: into `progress`. Any thread.
  std::function<void(std::string_view)> log;
  /// Lets virtual time pass; null: the thread waits.
  std::function<void(milliseconds)> rest;
};

/// Items of a partition that were let go, and are tried again (protocol/chunk.hpp).
struct item_repeat {
  run_id run;                       // by which they are
  item_counts before;               // of the result; what it has skipped is tried again
  std::vector<std::int64_t> items;  // those that are left, ascending
  std::vector<std::string> places;  // of each, as it was told when it was let go
};

/// What the body of a partition works with. Used by one thread, for one attempt.
class partition_context {
 public:
  explicit partition_context(partition_setup setup);

  // --- what to do
  partition_no no() const { return setup_.no; }
  const std::string& key() const { return setup_.key; }
  int attempt() const { return setup_.attempt; }
  run_id run() const { return setup_.run; }
  /// Of the runs that continue each other, this one the last: the same in every restart.
  run_id first_run() const { return setup_.first_run ? setup_.first_run : setup_.run; }
  const json& input() const { return setup_.input; }
  /// The input as a type of the author's (nlohmann from_json). Throws permanent_error.
  template <class T>
  T input() const {
    try {
      return setup_.input.get<T>();
    } catch (const json::exception& e) {
      throw permanent_error("input of partition " + std::to_string(no()) + ": " + e.what());
    }
  }
  template <class T>
  T get(const std::string& parameter) const {
    return setup_.given.get<T>(parameter);
  }
  template <class T>
  std::optional<T> find(const std::string& parameter) const {
    return setup_.given.find<T>(parameter);
  }

  const parameters& all_parameters() const { return setup_.given; }

  /// What all partitions of the run on this node share (job::resource). The reference is good until
  /// this attempt ends. Throws definition_error where the job has no such resource.
  template <class T>
  const T& resource() {
    return *static_cast<const T*>(resource_of(typeid(T)));
  }

  // --- going on where an earlier attempt was
  /// The position of the last checkpoint of any attempt; counts() goes on from there too.
  std::optional<json> resume_position() const;
  /// Commits a position and the counts so far. Throws stop_requested_error after the commit if a
  /// stop is requested, lease_lost_error if the lease is gone.
  void checkpoint(const json& position);

  /// Commits a position and the counts so far together with what `work` does in the engine's
  /// database: both stand, or neither. Throws as `checkpoint` does, and what `work` throws.
  void transaction(const json& position, const std::function<void(sql_transaction&)>& work);

  // --- reading the engine's database
  /// Rows of one statement that changes nothing, outside any transaction: what was committed before
  /// it. Parameters and errors: sql_transaction (batch/sql.hpp); a statement that would change
  /// something is an sql_error.
  template <class... Values>
  std::vector<sql_row> query(std::string_view statement, const Values&... values) {
    const std::array<sql_value, sizeof...(Values)> given{to_sql_value(values)...};
    return fetch(statement, given);
  }
  std::vector<sql_row> fetch(std::string_view statement, std::span<const sql_value> values);
  /// For readers: sql_queries (batch/sql.hpp). A cursor is told by the number it was opened with.
  std::future<std::vector<sql_row>> fetch_ahead(std::string statement, sql_row values);
  int open_cursor(std::string_view statement, std::span<const sql_value> values);
  std::vector<sql_row> read_cursor(int cursor, std::int64_t after, int most);

  // --- ending early
  /// What returns counts as done: end early by stop_if_requested or checkpoint.
  bool stop_requested() const { return setup_.stop.stop_requested(); }
  std::stop_token stop_token() const { return setup_.stop; }
  /// For bodies without checkpoints: throws stop_requested_error if a stop is requested. The
  /// partition starts again from its last checkpoint later.
  void stop_if_requested() const;
  /// Waits so long, or until a stop is requested, and then throws stop_requested_error. In a
  /// simulated cluster (testing.hpp) this takes no real time.
  void rest(milliseconds time) const;

  // --- what came of it
  item_counts& counts() { return counts_; }
  const item_counts& counts() const { return counts_; }
  void progress(std::int64_t done, std::int64_t total);
  /// A line that is kept with the partition and shown by `job ID NO`, also when this attempt fails
  /// or loses its lease. Of each attempt the last 100 are kept, of at most 1,000 bytes. A line is
  /// stored within about a second: what was said later is lost with the node, not with the body.
  /// A reader of remote_chunking, which is in no partition, writes to the log of its node. Any
  /// thread.
  void log(std::string_view line) const;
  /// For the aggregation: at most 1 MiB as JSON, else the partition is FAILED.
  void output(json document) { output_ = std::move(document); }
  /// Where to write a file. `final_path` with "{}" in its last part replaced by the partition's
  /// number is what the file is called once the result of this attempt stands; the returned path is
  /// what to write now, a file of this host also where s3://BUCKET/KEY is given. Each name belongs
  /// to one partition of a run: a second one that gives it is FAILED. Throws permanent_error if a
  /// folder in it is called "{}", does not exist or is not the node's to use.
  std::filesystem::path output_file(const std::filesystem::path& final_path);

  /// Unique for this work in this database, whatever node, attempt or continued run does it: for
  /// systems outside the database that can recognise a repeat. Where one serves several databases,
  /// or a database is made anew, put something before it that no other has. "run:step:no:seq": the
  /// first of the runs that continue each other, the name of the step, and the checkpoint the work
  /// follows. Where skipped items are tried again it is other work: "run:step:no:by-run:seq".
  std::string idempotency_key() const;

  /// Throws definition_error in a transaction of this attempt: another statement would wait for it,
  /// and it for the author's code.
  void require_outside() const;

  // --- for chunk_loop
  const std::optional<item_repeat>& repeats() const { return repeats_; }
  /// A position as it is stored, `read` items behind the first.
  std::string position_text(const json& position, std::int64_t read) const;
  const crash_hint& crashes() const { return setup_.crashes; }
  /// `c.to.seq` is set here.
  void store_chunk(chunk c, const author_work& write);
  /// Whether a checkpoint may speak of this attempt: one was stored, or it is not known.
  bool may_have_stored() const { return may_have_stored_; }
  /// Another attempt may go on with the files of this one.
  void files_go_on() { staging_ = staging::goes_on; }
  /// The total stays what it was.
  void progress(std::int64_t done);

  // --- for the engine
  /// Makes the files durable, and tells what those that go with their run are known by. Throws
  /// std::system_error.
  void sync_files();

  const json& output() const { return output_; }
  const std::vector<partita::output_file>& files() const { return files_; }

 private:
  const void* resource_of(const std::type_info& type);
  sql_queries& queries() const;

  partition_setup setup_;
  std::optional<json> position_;  // that was stored
  std::optional<item_repeat> repeats_;
  item_counts counts_;
  std::int64_t stored_items_ = 0;  // read, of the last checkpoint
  std::int64_t seq_ = 0;
  int cursors_ = 0;  // opened so far
  std::map<std::type_index, resource_ptr> resources_;
  bool may_have_stored_ = false;
  bool in_transaction_ = false;  // the author's code is in one
  std::exception_ptr lost_;      // the database did not say what became of the last chunk
  json output_;
  staging staging_ = staging::of_one_attempt;
  std::vector<partita::output_file> files_;
};

using partition_function = std::function<void(partition_context&)>;

}  // namespace partita
