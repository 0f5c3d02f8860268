#include "apps/jobs/support/output_folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>

#include "batch/errors.hpp"

namespace partita {

namespace fs = std::filesystem;

void require_writable(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw permanent_error("cannot create folder " + folder.string() + ": " + error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    throw permanent_error("cannot write into folder " + folder.string() + ": " +
                          std::generic_category().message(errno));
}

std::map<std::int64_t, fs::path> numbered_files(const fs::path& folder, std::string_view prefix,
                                                std::string_view suffix) {
  std::map<std::int64_t, fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    std::int64_t no = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), no);
    // The number as it is written here, not 007 or 7a.
    if (name == std::string{prefix} + std::to_string(no) + std::string{suffix} && no >= 0)
      files.emplace(no, entry.path());
  }
  return files;
}

void remove_numbered_from(std::int64_t first, const fs::path& folder, std::string_view prefix,
                          std::string_view suffix) {
  const auto files = numbered_files(folder, prefix, suffix);
  for (auto file = files.lower_bound(first); file != files.end(); ++file) fs::remove(file->second);
}

}  // namespace partita
