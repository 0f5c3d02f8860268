#include "batch/output_files.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "batch/errors.hpp"
#include "batch/files.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most_copied = 1 << 30;  // by one call
constexpr std::string_view kept_end = ".goes-on.part";

std::string run_mark(run_id run) { return ".run-" + std::to_string(run.value) + ".lease-"; }

file_handle open_folder(const fs::path& folder) {
  return open_confined(folder, O_RDONLY | O_DIRECTORY, "cannot open");
}

/// None when it is not there: it may be on another host's disk.
file_handle find(const fs::path& path, int flags) {
  try {
    return open_confined(path, flags, "cannot open");
  } catch (const std::system_error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return file_handle{};
    throw;
  }
}

file_handle find_folder(const fs::path& folder) { return find(folder, O_RDONLY | O_DIRECTORY); }

/// What this user may not read, or is no file, cannot be gone on with either.
file_handle find_file(const fs::path& file) {
  try {
    auto found = find(file, O_RDONLY | O_NONBLOCK);
    struct stat status {};
    if (found.get() >= 0 && ::fstat(found.get(), &status) == 0 && S_ISREG(status.st_mode))
      return found;
  } catch (const std::system_error& e) {
    if (e.code() != std::errc::permission_denied) throw;
  }
  return file_handle{};
}

std::int64_t bytes_of(const file_handle& file, const fs::path& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot read " + name.string());
  return status.st_size;
}

void sync(const file_handle& file, const fs::path& name) {
  if (::fsync(file.get()) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot sync " + name.string());
}

/// Rows of the database say what is staged where: only what stage_output makes is believed.
bool is_staged_name(const output_file& file) {
  const auto name = file.staged_path.filename().string();
  return file.staged_path.parent_path() == file.final_path.parent_path() &&
         name.starts_with("." + file.final_path.filename().string() + ".run-") &&
         name.ends_with(".part");
}

}  // namespace

output_file stage_output(const fs::path& final_path, run_id run, lease_id lease, partition_no no,
                         staging how, int start) {
  auto name = "." + final_path.filename().string() + run_mark(run) + std::to_string(lease.value) +
              ".no-" + std::to_string(no);
  if (start > 0) name += ".start-" + std::to_string(start);
  name += how == staging::goes_on ? kept_end : ".part";
  return {final_path, final_path.parent_path() / name};
}

output_file staged_beside(const output_file& file, const std::string& name) {
  return {file.final_path, file.final_path.parent_path() / name};
}

bool go_on_with(const std::string& source, std::int64_t bytes, const output_file& to) {
  const auto other = staged_beside(to, source);
  if (!is_staged_name(other))
    throw permanent_error(other.staged_path.string() + " is no name under which " +
                          to.final_path.string() + " is staged");
  const auto from = find_file(other.staged_path);
  if (from.get() < 0 || bytes_of(from, other.staged_path) < bytes) return false;
  const auto into =
      open_confined(to.staged_path, O_WRONLY | O_CREAT | O_TRUNC, "cannot write", 0666);
  for (::off_t copied = 0; copied < bytes;) {
    const auto n = ::sendfile(into.get(), from.get(), &copied,
                              static_cast<std::size_t>(std::min(bytes - copied, most_copied)));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0)
      throw std::system_error(errno, std::generic_category(),
                              "cannot copy " + other.staged_path.string());
    if (n == 0) return false;  // it became shorter
  }
  return true;
}

std::int64_t staged_bytes(const output_file& file) {
  return bytes_of(open_confined(file.staged_path, O_RDONLY, "cannot read"), file.staged_path);
}

void require_plain_folder(const fs::path& file) {
  if (file.parent_path().string().find("{}") == std::string::npos) return;
  throw permanent_error("the output file " + file.string() +
                        " has {} in its folder; {} can only stand in the name of the file");
}

void require_folder_of(const fs::path& file) {
  try {
    open_folder(file.parent_path());
  } catch (const std::system_error& e) {
    throw permanent_error(std::string{"the folder of an output file cannot be used: "} + e.what());
  }
}

void sync_file(const fs::path& file) { sync(open_confined(file, O_RDONLY, "cannot sync"), file); }

void publication::add(const output_file& file) {
  if (!is_staged_name(file))
    throw permanent_error(file.staged_path.string() + " is no name under which " +
                          file.final_path.string() + " is staged");
  const auto folder = find_folder(file.final_path.parent_path());
  if (folder.get() < 0) return;
  // Also where it is renamed already: perhaps by somebody who had no time to sync the folder.
  folders_.insert(file.final_path.parent_path());
  const auto staged = file.staged_path.filename();
  const auto final_name = file.final_path.filename();
  if (::renameat(folder.get(), staged.c_str(), folder.get(), final_name.c_str()) != 0) {
    if (errno == ENOENT) return;
    throw std::system_error(
        errno, std::generic_category(),
        "cannot rename " + file.staged_path.string() + " to " + final_name.string());
  }
}

void publication::finish() {
  for (const auto& folder : std::exchange(folders_, {}))
    if (const auto opened = find_folder(folder); opened.get() >= 0) sync(opened, folder);
}

void discard(const output_file& file) noexcept {
  if (!file.staged_path.native().ends_with(kept_end)) remove_staged(file);
}

void remove_staged(const output_file& file) noexcept {
  try {
    const auto name = file.staged_path.filename();
    ::unlinkat(open_folder(file.staged_path.parent_path()).get(), name.c_str(), 0);
  } catch (const std::exception&) {  // then it is not there, or never was ours
  }
}

void remove_leftovers(const std::vector<fs::path>& published, run_id run) {
  std::set<fs::path> folders;
  for (const auto& file : published) folders.insert(file.parent_path());
  for (const auto& path : folders) {
    const auto folder = find_folder(path);
    if (folder.get() < 0) continue;
    std::error_code error;
    const auto opened = "/proc/self/fd/" + std::to_string(folder.get());
    for (const auto& entry : fs::directory_iterator(opened, error)) {
      const auto name = entry.path().filename().string();
      if (name.starts_with(".") && name.ends_with(".part") &&
          name.find(run_mark(run)) != std::string::npos)
        ::unlinkat(folder.get(), name.c_str(), 0);
    }
  }
}

std::string to_text(const std::vector<output_file>& files) {
  if (files.empty()) return {};
  auto pairs = json::array();
  for (const auto& file : files)
    pairs.push_back({file.final_path.string(), file.staged_path.string()});
  return pairs.dump();
}

std::vector<output_file> parse_files(const std::string& text) {
  std::vector<output_file> files;
  if (text.empty()) return files;  // nearly always: asked for every result
  const auto pairs = json::parse(text, nullptr, false);
  if (!pairs.is_array()) return files;
  for (const auto& pair : pairs)
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string())
      files.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
  return files;
}

}  // namespace partita
