#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace partita {

/// What can go wrong between the engine and its database, or in a request to it.
enum class errc {
  unavailable,      // the database did not answer; every loop waits and tries again
  fenced,           // the node was given up; it drops its work and joins again as a new incarnation
  lease_lost,       // the lease is no longer live; the work under it is dropped, others redo it
  term_lost,        // another master drives the run; this one ends without a further write
  not_found,        // no such run, step or node
  already_running,  // a run of this job with the same identifying parameters is live
  launch_key_taken,  // the launch key belongs to another request: nothing was started
  wrong_state,       // the request does not fit the state of what it names
  bad_request,       // the request itself is not valid; nothing was changed
  access_denied,     // the database refused the user: no such user, password or database
  missing_right,     // the database knows the user, who may not do this in it
  schema_missing,    // the database holds no Partita schema
  schema_mismatch,   // the schema is older or newer than this program
  history_lost,      // the database lacks what it had acknowledged to this process
  damaged,           // a row holds what no version of the engine writes
};

/// The stable name, as it stands in JSON errors and logs: "already_running".
std::string_view to_string(errc);

/// One sentence: what it means and what happens next.
std::string_view explain(errc);

/// How every failure of a store verb surfaces. `what()` is a sentence a user can act on.
class store_error : public std::runtime_error {
 public:
  store_error(errc code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  errc code() const { return code_; }

 private:
  errc code_;
};

}  // namespace partita
