#pragma once

#include <cstdint>
#include <filesystem>

namespace partita {

/// Writes a CSV file of test customers, the same ones for the same number of rows. The file appears
/// under its name when it is whole. Throws permanent_error for a negative number, std::system_error
/// when the disk refuses.
void generate_customers(const std::filesystem::path& path, std::int64_t rows);

}  // namespace partita
