#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/counters.hpp"
#include "actors/span_sink.hpp"
#include "batch/registry.hpp"
#include "protocol/settings.hpp"
#include "storage/database.hpp"

namespace partita {

struct node_config {
  std::shared_ptr<database> db;
  std::shared_ptr<const registry> jobs;
  partita::settings settings;
  std::string name;     // for people; "" means HOST-PID
  std::string version;  // of the program
  /// The arguments that make this program a process for bodies (actors/body_process.hpp). Empty: it
  /// cannot be one, so no body is isolated.
  std::vector<std::string> body_command{};
  std::shared_ptr<database> author_db{};  // where authors write; null: in `db`
  std::shared_ptr<span_sink> traces{};    // where spans go; null: none are made
};

/// What a node tells of the jobs it knows when it joins.
void tell_of_jobs(node_info& to, const registry& jobs);

/// One node in this process: its actors, from joining the cluster to leaving it.
class node_process {
 public:
  /// Joins the cluster. Throws store_error if the database cannot be used now; later outages are
  /// waited out.
  explicit node_process(const node_config& config);
  /// Releases whatever is still held. Prefer drain() and wait().
  ~node_process();
  node_process(const node_process&) = delete;
  node_process& operator=(const node_process&) = delete;

  /// Stops claiming, finishes or checkpoints what runs, hands over masterships, leaves. Returns at
  /// once; wait() tells when it is done.
  void drain();

  /// Ends now: bodies are asked to stop and have half of the stop grace, what is held is given
  /// back.
  void release_now();

  /// Blocks until the node has left, at most `limit`. Whether it has.
  bool wait(milliseconds limit);

  /// Ends the threads and closes the sessions of a node that has left, in at most `limit`. False:
  /// something does not return (a body that does not stop, a call of the database), and the process
  /// must end. Nothing else may be called afterwards. REQUIRES: this thread made the node.
  bool close(milliseconds limit);

  /// Whether the node ended because one of its actors died. Its work is given to others like that
  /// of any lost node.
  bool failed() const;

  /// What it has done so far.
  const node_counters& counters() const;
  std::shared_ptr<const node_counters> shared_counters() const;

 private:
  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Ends a process that has hosted nodes: what was printed and logged is written, static destructors
/// and exit handlers are not run. The threads of the actors cannot be joined, and one that is just
/// ending may call libraries (OpenSSL, for one) whose exit handlers would have taken their state.
[[noreturn]] void end_process(int code);

}  // namespace partita
