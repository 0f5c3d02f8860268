#pragma once

#include <memory>
#include <string>
#include <vector>

#include "apps/partita/options.hpp"
#include "batch/registry.hpp"
#include "storage/store.hpp"

namespace partita::cli {

/// Throws command_error (not_found), with the nearest name.
const job& find_job(const registry& jobs, const std::string& name);

/// `JOB key=value…` as a submission, checked against what the job declares. Throws command_error
/// with every problem.
submission submission_of(const registry& jobs, const std::vector<std::string>& words,
                         const std::string& launch_key);

/// The same for a job that a schedule starts: each run gets its tick as the parameter `tick`.
new_schedule schedule_of(const registry& jobs, const std::vector<std::string>& words);

/// --trace-parent or TRACEPARENT; "": none. Throws command_error (usage) for one that breaks the
/// rules, unless only the variable has it: that was made for all programs, and a bad one is none.
std::string trace_parent_in(const arguments& args);

/// A session with the database that a command works on, which must be there. Begins its log.
std::shared_ptr<session> connected(const arguments& args);

/// Who is at the keyboard, for the event log; "": not known.
std::string operator_name();

/// A launch key nobody else chooses: 128 random bits.
std::string fresh_launch_key();

/// Asks a verb of the store, five times at most while the answer gets lost. Every verb allows that;
/// submit and restart because of their launch key.
template <class Verb>
auto ask(Verb verb) {
  for (int tries = 1;; ++tries) {
    try {
      return verb();
    } catch (const store_error& e) {
      if (e.code() != errc::unavailable || tries == 5) throw;
    }
  }
}

/// The number in a word such as "17". Throws command_error (usage).
run_id parse_run_id(const std::string& word);

}  // namespace partita::cli
