#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string_view>

/// Folders in which each partition has files of its own, called PREFIX-number-SUFFIX. Folders of
/// object stores (batch/objects/object_name.hpp) are such folders too; of these, each function also
/// throws what object_store throws; of a folder of this host, what open_confined (batch/files.hpp)
/// throws.
namespace partita {

/// Makes the folder. Throws permanent_error when it cannot be made or written into: then every
/// partition would fail.
void require_writable(const std::filesystem::path& folder);

/// Whether it is a folder that can be used. An object store has every folder. Throws
/// permanent_error for one that is not the node's to use.
bool is_folder(const std::filesystem::path& folder);

/// The files of the folder that are called so, by number.
std::map<std::int64_t, std::filesystem::path> numbered_files(const std::filesystem::path& folder,
                                                             std::string_view prefix,
                                                             std::string_view suffix);

/// An earlier run with more partitions left files that this run did not replace. Whoever reads the
/// folder as a whole would find them: it must hold exactly this run, which has the numbers up to
/// `first`.
void remove_numbered_from(std::int64_t first, const std::filesystem::path& folder,
                          std::string_view prefix, std::string_view suffix);

/// A small file that is there until the end of a call, say. `remove_small_file` never throws.
void write_small_file(const std::filesystem::path& path, std::string_view text);
void remove_small_file(const std::filesystem::path& path) noexcept;

/// The same as write_small_file, but durable, and who reads the file finds all of this text, or all
/// of what it held before. What a killed process leaves is called as the file is, with digits
/// before the last dot.
void replace_small_file(const std::filesystem::path& path, std::string_view text);

/// The same where there is no such file yet, and false where there is one: of many who call it at
/// once, one gets true. An object store is asked before, so there two may get it.
bool create_small_file(const std::filesystem::path& path, std::string_view text);

/// Removes the files of the folder whose names begin and end so, as far as that is possible.
void remove_files_named(const std::filesystem::path& folder, std::string_view prefix,
                        std::string_view suffix) noexcept;

}  // namespace partita
