#include "batch/writers/output_folder.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <random>
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

file_handle open_output_folder(const fs::path& folder) {
  return open_confined(folder, O_RDONLY | O_DIRECTORY, "cannot open");
}

std::vector<std::string> names_in(const file_handle& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd/" + std::to_string(folder.get())))
    names.push_back(entry.path().filename().string());
  return names;
}

std::vector<std::string> names_in(const fs::path& folder, std::string_view prefix) {
  if (!is_object(folder)) return names_in(open_output_folder(folder));
  require_confined(folder);
  return names_in(parse_object_folder(folder), prefix);
}

/// Also where there is none.
void remove_from(const file_handle& folder, const fs::path& file) {
  if (::unlinkat(folder.get(), file.filename().c_str(), 0) == 0 || errno == ENOENT) return;
  throw std::system_error(errno, std::generic_category(), "cannot remove " + file.string());
}

/// A new file in the same folder, which has the text durably.
fs::path write_beside(const fs::path& path, std::string_view text) {
  const auto end = "." + std::to_string(std::random_device{}()) + path.extension().string();
  auto beside = fs::path{path}.replace_extension(end);
  file_sink file{beside};
  file.add(text);
  file.flush();
  file.sync();
  return beside;
}

/// Makes the name of a file in the folder durable.
void sync_name(const file_handle& folder, const fs::path& file) {
  if (::fsync(folder.get()) == 0) return;
  throw std::system_error(errno, std::generic_category(), "cannot sync " + file.string());
}

std::map<std::int64_t, fs::path> numbered(const std::vector<std::string>& names,
                                          const fs::path& folder, std::string_view prefix,
                                          std::string_view suffix) {
  std::map<std::int64_t, fs::path> files;
  for (const auto& name : names) {
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
    std::int64_t no = 0;
    std::from_chars(name.data() + prefix.size(), name.data() + name.size(), no);
    // The number as it is written here, not 007 or 7a.
    if (name == std::string{prefix} + std::to_string(no) + std::string{suffix} && no >= 0)
      files.emplace(no, folder / name);
  }
  return files;
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
  try {
    make_confined_folder(folder);
  } catch (const std::system_error& e) {
    throw permanent_error("cannot create folder " + folder.string() + ": " + e.code().message());
  }
  const auto made = open_confined(folder, O_PATH | O_DIRECTORY, "cannot open");
  if (::faccessat(made.get(), ".", W_OK | X_OK, 0) != 0)
    throw permanent_error("cannot write into folder " + folder.string() + ": " +
                          std::generic_category().message(errno));
}

bool is_folder(const fs::path& folder) {
  if (is_object(folder)) return true;
  try {
    open_confined(folder, O_PATH | O_DIRECTORY, "cannot open");
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

std::map<std::int64_t, fs::path> numbered_files(const fs::path& folder, std::string_view prefix,
                                                std::string_view suffix) {
  return numbered(names_in(folder, prefix), folder, prefix, suffix);
}

void remove_numbered_from(std::int64_t first, const fs::path& folder, std::string_view prefix,
                          std::string_view suffix) {
  const auto opened = is_object(folder) ? file_handle{} : open_output_folder(folder);
  const auto names = is_object(folder) ? names_in(folder, prefix) : names_in(opened);
  const auto files = numbered(names, folder, prefix, suffix);
  for (auto file = files.lower_bound(first); file != files.end(); ++file) {
    if (is_object(folder))
      objects().remove(parse_object_name(file->second));
    else
      remove_from(opened, file->second);
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
    if (!is_object(path)) return remove_from(open_output_folder(path.parent_path()), path);
    require_confined(path);
    objects().remove(parse_object_name(path));
  } catch (const std::exception&) {  // whoever looks through the folder finds it
  }
}

void replace_small_file(const fs::path& path, std::string_view text) {
  if (is_object(path)) return write_small_file(path, text);  // all of an object is there at once
  const auto folder = open_output_folder(path.parent_path());
  const auto unfinished = write_beside(path, text);
  if (::renameat(folder.get(), unfinished.filename().c_str(), folder.get(),
                 path.filename().c_str()) == 0)
    return sync_name(folder, path);
  const auto error = errno;
  remove_small_file(unfinished);
  throw std::system_error(error, std::generic_category(), "cannot replace " + path.string());
}

bool create_small_file(const fs::path& path, std::string_view text) {
  if (is_object(path)) {
    require_confined(path);
    if (objects().find(parse_object_name(path))) return false;
    write_small_file(path, text);
    return true;
  }
  const auto folder = open_output_folder(path.parent_path());
  const auto unfinished = write_beside(path, text);
  const auto done = ::linkat(folder.get(), unfinished.filename().c_str(), folder.get(),
                             path.filename().c_str(), 0);
  const auto error = done == 0 ? 0 : errno;
  remove_small_file(unfinished);
  if (error == EEXIST) return false;
  if (error != 0)
    throw std::system_error(error, std::generic_category(), "cannot create " + path.string());
  sync_name(folder, path);
  return true;
}

void remove_files_named(const fs::path& folder, std::string_view prefix,
                        std::string_view suffix) noexcept {
  try {
    for (const auto& name : names_in(folder, prefix))
      if (name.starts_with(prefix) && name.ends_with(suffix)) remove_small_file(folder / name);
  } catch (const std::exception&) {  // it may be on another host's disk
  }
}

}  // namespace partita
