#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "batch/partition_context.hpp"

namespace partita {

/// The folders whose programs the jobs of this process may start, symbolic links followed. Only the
/// operator of a node may choose that, not every user who may write to the database. Called once,
/// before any job runs; until then no program is started. Throws std::system_error for what is no
/// folder.
void allow_programs(const std::vector<std::filesystem::path>& folders);

/// A program to be started: no shell looks at any of it.
struct program_call {
  std::filesystem::path program;                     // absolute
  std::vector<std::string> arguments;                // behind its name
  std::string input;                                 // what it reads from stdin
  std::map<std::string, std::string> environment{};  // more of it; see run_program
  std::size_t most_output = 65'536;  // bytes of its stdout that are kept; the rest is counted
  milliseconds timeout{0};           // it is asked to stop after so long; 0: never
  milliseconds grace{5'000};         // from SIGTERM to SIGKILL
};

/// How it ended, and what it wrote.
struct program_end {
  int status = 0;                 // of its exit; 128 + the signal that ended it
  std::string output;             // the beginning of its stdout
  std::int64_t output_bytes = 0;  // all of it
};

/// Runs a program as the work of a partition, and waits for its end. The lines of its stderr go to
/// the log of the partition. Its environment is PATH, HOME, LANG, LC_ALL, TZ and TMPDIR of this
/// process, and PARTITA_RUN, PARTITA_NO, PARTITA_KEY, PARTITA_ATTEMPT and
/// PARTITA_IDEMPOTENCY_KEY. Its folder is that of this process.
///
/// It runs in a process group of its own. When the attempt is asked to stop, the group gets
/// SIGTERM, and this throws stop_requested_error when the program has ended. What is left of the
/// group when the program has ended, when `grace` is over, or when this process ends, whatever ends
/// it, gets SIGKILL. After a node was lost another one runs the program again, and a frozen node
/// may still run it: PARTITA_IDEMPOTENCY_KEY is the same for both.
///
/// Throws permanent_error for a program that may not or cannot be started, or lasts longer than its
/// timeout.
program_end run_program(partition_context& p, const program_call& what);

}  // namespace partita
