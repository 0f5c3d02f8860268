#pragma once

#include <map>
#include <string>

#include "apps/partita/command_table.hpp"

namespace partita::cli {

/// What partita.toml says: keys are the names of options; those at the top are for all commands
/// that have the option, those of a table for the command it is named after.
class settings_file {
 public:
  settings_file() = default;
  /// `name`: of the file, for sentences. Throws command_error (usage), with file and line, for what
  /// is no TOML, no option, no command, of the wrong type, or holds a password.
  settings_file(const std::string& name, const std::string& text,
                const std::vector<command>& commands);

  /// What counts for a command.
  settings_in_file of(const command& what) const;
  /// Whether it says anything of this option, for whatever command.
  bool names(const std::string& option) const;

 private:
  settings_in_file all_;
  std::map<std::string, settings_in_file> of_command_;
};

/// The file that --config names (`typed`), or PARTITA_CONFIG; else the first that is there of
/// ./partita.toml, $XDG_CONFIG_HOME/partita/config.toml and /etc/partita/partita.toml; "": none.
std::string settings_path(const std::string& typed);

/// Reads it. Throws command_error (usage).
settings_file read_settings_file(const std::string& path, const std::vector<command>& commands);

}  // namespace partita::cli
