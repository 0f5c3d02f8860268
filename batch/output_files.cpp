#include "batch/output_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <set>
#include <system_error>

namespace partita {

namespace fs = std::filesystem;

namespace {

std::string run_mark(run_id run) { return ".run-" + std::to_string(run.value) + ".lease-"; }

constexpr auto files_key = "$files";
constexpr auto document_key = "$output";

}  // namespace

output_file stage_output(const fs::path& final_path, run_id run, lease_id lease) {
  auto name =
      "." + final_path.filename().string() + run_mark(run) + std::to_string(lease.value) + ".part";
  return {final_path, final_path.parent_path() / name};
}

void sync_file(const fs::path& file) {
  int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), file.string());
  int failed = ::fsync(fd);
  int why = errno;
  ::close(fd);
  if (failed != 0) throw std::system_error(why, std::generic_category(), file.string());
}

void publish(const output_file& file) {
  std::error_code error;
  fs::rename(file.staged_path, file.final_path, error);
  if (error == std::errc::no_such_file_or_directory) return;
  if (error)
    throw fs::filesystem_error("publishing an output file", file.staged_path, file.final_path,
                               error);
  sync_file(file.final_path.parent_path());
}

void discard(const output_file& file) noexcept {
  std::error_code ignored;
  fs::remove(file.staged_path, ignored);
}

void remove_leftovers(const std::vector<fs::path>& published, run_id run) {
  std::set<fs::path> folders;
  for (const auto& file : published) folders.insert(file.parent_path());
  for (const auto& folder : folders) {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(folder, error)) {
      auto name = entry.path().filename().string();
      if (name.starts_with(".") && name.ends_with(".part") &&
          name.find(run_mark(run)) != std::string::npos)
        fs::remove(entry.path(), error);
    }
  }
}

std::string to_text(const stored_output& output) {
  if (output.files.empty()) return output.document.dump();
  auto files = json::array();
  for (const auto& file : output.files)
    files.push_back({file.final_path.string(), file.staged_path.string()});
  return json{{files_key, files}, {document_key, output.document}}.dump();
}

stored_output parse_output(const std::string& text) {
  auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) return {};
  if (!document.is_object() || !document.contains(files_key)) return {document, {}};
  stored_output output{document.value(document_key, json{}), {}};
  for (const auto& pair : document[files_key])
    if (pair.is_array() && pair.size() == 2 && pair[0].is_string() && pair[1].is_string())
      output.files.push_back({pair[0].get<std::string>(), pair[1].get<std::string>()});
  return output;
}

}  // namespace partita
