#pragma once

#include <string>
#include <vector>

#include "apps/partita/errors.hpp"
#include "apps/partita/options.hpp"
#include "batch/registry.hpp"

namespace partita::cli {

/// What a command gets.
struct invocation {
  const std::string& program;  // as the user typed it, for commands we suggest
  const registry& jobs;
  const arguments& args;
};

struct command {
  std::string name;
  std::string words;  // what follows it on the usage line
  std::string summary;
  std::string group;                  // heading in the overview
  std::string details;                // more lines for `help COMMAND`; may be empty
  std::vector<std::string> examples;  // without the name of the program
  option_list options;
  exit_code (*run)(const invocation&);
  std::vector<std::string> first_words = {};  // the only ones that may come first; none: any
};

/// The one table: dispatch, help and usage come from it.
const std::vector<command>& command_table();
/// One more command, of the program's own: the first in the overview. Before partita::main.
void add_command(command extra);

/// A command line: the first word that is neither an option nor the value of one names the command,
/// the others are for it.
struct command_line {
  std::string name;  // "": there is no such word
  std::vector<std::string> others;
};
command_line split_command_line(const std::vector<std::string>& words);

/// Throws command_error (usage), with the nearest name.
const command& find_command(const std::string& name);

/// All commands, by group.
std::string overview(const std::string& program);
/// Usage, details and options of one.
std::string help_of(const command& what, const std::string& program);

/// Runs the command that `words` name. Throws what goes wrong.
exit_code dispatch(const std::string& program, const std::vector<std::string>& words,
                   const registry& jobs);

}  // namespace partita::cli
