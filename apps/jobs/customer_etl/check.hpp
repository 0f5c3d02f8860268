#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace partita {

struct check_report {
  std::int64_t rows = 0;              // customers found right
  std::vector<std::string> problems;  // sentences; the check ends early when they are many
};

/// Reads the CSV file and the XML parts side by side: every row must be in the parts exactly once,
/// in order, correctly transformed. Memory does not grow with them. Throws what csv::split throws;
/// a malformed row or document is a problem.
check_report check_customers(const std::filesystem::path& csv,
                             const std::filesystem::path& output_dir);

}  // namespace partita
