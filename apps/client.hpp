#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "protocol/values.hpp"

namespace partita {

/// A run as a client sees it.
struct run_status {
  run_id id;
  job_ref job;
  run_state state = run_state::created;
  json parameters;
  json result = nullptr;       // of a COMPLETED run; null: none was set
  std::string error;           // why it FAILED
  std::string trace_parent{};  // W3C; "": none
};

/// Starts and watches runs from any program: it executes nothing, and knows no code of a job. What
/// the nodes have told of their jobs is how it checks a submission. Threads may share one.
///
/// Errors: definition_error for a job or parameters that cannot be; store_error for what the
/// database refuses (storage's error codes are in protocol/errors.hpp), `unavailable` after some
/// seconds of tries.
class client {
 public:
  /// `sqlite:PATH`, `postgresql://…`, as for --db. Nothing is opened yet.
  explicit client(const std::string& url);
  ~client();
  client(const client&) = delete;
  client& operator=(const client&) = delete;

  /// A new run of the newest version that a node has told of. `key` is the caller's: submitted
  /// again, the same key finds the same run. Without one each call is a run of its own.
  /// `trace_parent`: the caller's span, as in W3C's header `traceparent`; one that breaks the rules
  /// counts as none.
  run_status submit(const std::string& job, const json& parameters = json::object(),
                    const std::string& key = "", const std::string& trace_parent = "");
  /// A run that continues one that is FAILED or STOPPED.
  run_status restart(run_id ended, const std::string& key = "");
  /// Asks it to stop at the next checkpoints, or at once. It need not have ended when this returns.
  run_status cancel(run_id run, bool at_once = false);

  std::optional<run_status> find(run_id run);
  /// Newest first, with ids below `before` (none: from the newest).
  std::vector<run_status> list(int most = 100, run_id before = {});
  /// Until it has ended; nothing when `most` passes before. The database may be away meanwhile.
  std::optional<run_status> wait(run_id run, milliseconds most = std::chrono::hours{24 * 365});

 private:
  class implementation;
  std::unique_ptr<implementation> of_;
};

}  // namespace partita
