#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "apps/jobs/sanctions_screening/generated_names.hpp"

namespace partita::screening {

/// Writes a file of so many payments in the format Elixir-0, the same ones for the same number and
/// seed. The file appears under its name when it is whole. Throws permanent_error for a negative
/// number, std::system_error when the disk refuses.
void generate_elixir0(const std::filesystem::path& path, std::int64_t rows, std::uint64_t seed);

/// The names of the files that generate_sdn writes.
inline constexpr std::string_view names_file = "sdn.csv";
inline constexpr std::string_view addresses_file = "add.csv";
inline constexpr std::string_view alternate_names_file = "alt.csv";

/// Writes a list of so many sanctioned entities with their addresses and alternate names into a
/// folder, which is created: the same for the same number and seed. Throws permanent_error for a
/// number below 0 or above most_entities, std::system_error when the disk refuses.
void generate_sdn(const std::filesystem::path& folder, std::int64_t entities, std::uint64_t seed);

/// An account: check digits (98 - ((sort code . internal number . "2521") * 100 mod 97)) mod 97,
/// without a leading zero, sort code, internal number.
std::string account_of(std::string_view sort_code, std::string_view internal_number);

}  // namespace partita::screening
