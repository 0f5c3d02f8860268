#pragma once

#include <filesystem>
#include <map>

#include "batch/job.hpp"

namespace partita {

/// Converts customers from CSV to XML, one file customers-part-N.xml a partition, and tags their
/// e-mail addresses. Result: {"rows", "files", "output_dir"}.
job customer_etl();

/// The files customers-part-N.xml in a folder, by N.
std::map<std::int64_t, std::filesystem::path> customer_parts(const std::filesystem::path& folder);

}  // namespace partita
