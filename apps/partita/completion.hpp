#pragma once

#include <string>
#include <vector>

#include "apps/partita/command_table.hpp"

// What shells and `man` are told of the commands: made of their table, as the help is.
namespace partita::cli {

/// The script by which bash, zsh or fish completes the commands of a program of this name. Throws
/// command_error (usage) for another shell.
std::string completion_script(const std::string& shell, const std::string& program,
                              const std::vector<command>& commands);

/// The manual page, as roff.
std::string manual_page(const std::string& program, const std::vector<command>& commands);

}  // namespace partita::cli
