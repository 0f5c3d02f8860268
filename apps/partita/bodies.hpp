#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "batch/registry.hpp"

namespace partita::cli {

/// The first argument of a process for bodies. No command: nodes start such processes, not people.
inline constexpr const char* body_word = "--bodies";

/// The arguments of such a process, whose bodies may use files and start programs beneath these
/// folders, and ask servers below these addresses.
std::vector<std::string> body_command(const std::vector<std::filesystem::path>& files,
                                      const std::vector<std::filesystem::path>& programs,
                                      const std::vector<std::string>& addresses);

/// `words`: the arguments after the name of the program. Throws command_error (usage) when no node
/// has started this process.
[[noreturn]] void execute_bodies(const std::vector<std::string>& words, const registry& jobs);

}  // namespace partita::cli
