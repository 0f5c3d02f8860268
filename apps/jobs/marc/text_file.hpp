#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace partita::marc {

/// All of a small file. Throws what input_file throws, and permanent_error for one of more than
/// `most` bytes.
std::string text_of_file(const std::filesystem::path& path, std::int64_t most = INT64_MAX);

}  // namespace partita::marc
