#pragma once

#include <cstdint>
#include <string_view>

/// The files of a chunk, which have its number in front.
namespace partita::marc {

inline constexpr std::string_view entity_suffix = "_entity";
inline constexpr std::string_view bad_record_suffix = "_entity-error";
inline constexpr std::string_view error_suffix = "_error";
/// Of the file of some entities of a chunk, which is there while a server saves them.
inline constexpr std::string_view part_suffix = ".part";

/// What is known of the whole migration: {"run", "state": "MAPPING" or "MAPPED", "chunks", …}.
inline constexpr std::string_view migration_file = "migration.json";

inline constexpr std::int64_t largest_chunk = 100'000;          // records
inline constexpr std::int64_t most_errors = 1'000'000'000'000;  // in a run

}  // namespace partita::marc
