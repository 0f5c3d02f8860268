#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "apps/partita/options.hpp"
#include "protocol/settings.hpp"
#include "storage/database.hpp"

namespace partita::cli {

/// --executors, --fast, --files, --allow-command, --allow-url, and a flag and a variable for each
/// interval of protocol/settings.hpp.
option_list node_setting_options();

/// The settings these give. Throws command_error (usage), with every sentence of `problems`, when
/// they cannot be safe.
settings settings_of(const arguments& args);

/// The folders beneath which the jobs of a node may use files, also s3://BUCKET/FOLDER: those of
/// --files, else the folder in which the node was started.
/// A ':' in the name of a folder is written '\:'.
std::vector<std::filesystem::path> file_folders(const arguments& args);

/// The folders whose programs the jobs of a node may start, named likewise: those of
/// --allow-command.
std::vector<std::filesystem::path> program_folders(const arguments& args);

/// The addresses below which the jobs of a node may ask servers: those of --allow-url.
std::vector<std::string> allowed_addresses(const arguments& args);

/// Throws command_error (usage) unless all folders are there.
void require_folders(const arguments& args);

/// The database of --author-db, which could be connected; null if none was named. Throws
/// command_error (usage, unreachable) and store_error, as database::connect does.
std::shared_ptr<database> author_database(const arguments& args);

/// The value of --files that names these folders.
std::string joined_folders(const std::vector<std::filesystem::path>& folders);

/// The variables by which node processes started from here get the settings that were typed, or
/// that a file gives.
std::map<std::string, std::string> passed_settings(const arguments& args);

}  // namespace partita::cli
