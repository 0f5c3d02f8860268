#include "batch/writers/output_folder.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <system_error>
#include <vector>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/objects/object_store.hpp"
#include "batch/writers/file_sink.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> names_in(const object_name& folder, std::string_view prefix) {
  auto names = objects().list({folder.bucket, folder.key + std::string{prefix}});
  for (auto& name : names) name.erase(0, folder.key.size());
  return names;
}

std::vector<std::string> names_in(const fs::path& folder, std::string_view prefix) {
  if (is_object(folder)) {
    require_confined(folder);
    return names_in(parse_object_folder(folder), prefix);
  }
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  return names;
}

/// Only what is written there tells whether that is possible.
void require_writable_objects(const fs::path& folder) {
  require_confined(folder);
  auto trial = parse_object_folder(folder);
  trial.key += ".partita-was-here";
  objects().put_text(trial, "");
  objects().remove(trial);
}

}  // namespace

void require_writable(const fs::path& folder) {
  if (is_object(folder)) return require_writable_objects(folder);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error)
    throw permanent_error("cannot create folder " + folder.string() + ": " + error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    throw permanent_error("cannot write into folder " + folder.string() + ": " +
                          std::generic_category().message(errno));
}

bool is_folder(const fs::path& folder) { return is_object(folder) || fs::is_directory(folder); }

std::map<std::int64_t, fs::path> numbered_files(const fs::path& folder, std::string_view prefix,
                                                std::string_view suffix) {
  std::map<std::int64_t, fs::path> files;
  for (const auto& name : names_in(folder, prefix)) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    std::int64_t no = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), no);
    // The number as it is written here, not 007 or 7a.
    if (name == std::string{prefix} + std::to_string(no) + std::string{suffix} && no >= 0)
      files.emplace(no, folder / name);
  }
  return files;
}

void remove_numbered_from(std::int64_t first, const fs::path& folder, std::string_view prefix,
                          std::string_view suffix) {
  const auto files = numbered_files(folder, prefix, suffix);
  for (auto file = files.lower_bound(first); file != files.end(); ++file) {
    if (is_object(folder))
      objects().remove(parse_object_name(file->second));
    else
      fs::remove(file->second);
  }
}

void write_small_file(const fs::path& path, std::string_view text) {
  if (is_object(path)) {
    require_confined(path);
    return objects().put_text(parse_object_name(path), text);
  }
  file_sink file{path};
  file.add(text);
  file.flush();
}

void remove_small_file(const fs::path& path) noexcept {
  try {
    if (is_object(path))
      objects().remove(parse_object_name(path));
    else
      fs::remove(path);
  } catch (const std::exception&) {  // whoever looks through the folder finds it
  }
}

}  // namespace partita
