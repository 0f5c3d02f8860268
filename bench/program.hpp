#pragma once

#include <functional>
#include <string>

#include "apps/partita/bench/benchmarks.hpp"

// What the programs of this folder have in common: flags, one JSON line a measurement on stdout,
// errors in a sentence and exit codes as `partita` has them.
namespace partita::bench {

using cli::document;
using cli::option_list;

/// A program: its name, one sentence, its own options beside --help and --log-level.
struct program {
  std::string name;
  std::string summary;
  option_list options;
  std::function<void(const cli::arguments&)> run;
};

/// Never returns: the threads of nodes cannot be joined (see end_process).
[[noreturn]] int run_program(int argc, char** argv, const program& what);

/// --db URL, and its value; it must be given.
option_list database_option();
std::string database_of(const cli::arguments& args);
/// "sqlite" or "postgresql".
std::string database_kind(const std::string& url);

/// One line on stdout.
void print(const document& line);

/// main() of a measurement that `partita bench` has too: what it costs the database is added.
[[noreturn]] int run_benchmark(int argc, char** argv, const std::string& name);

}  // namespace partita::bench
