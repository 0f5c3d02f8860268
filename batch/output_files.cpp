#include "batch/output_files.hpp"

#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <system_error>
#include <utility>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/objects/object_store.hpp"
#include "batch/stable_hash.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most_copied = 1 << 30;  // by one call
constexpr std::string_view kept_end = ".goes-on.part";

/// A step may have any name, also a long one.
std::string mark_of(run_id run, const std::string& step) {
  return ".run-" + std::to_string(run.value) + ".step-" + std::to_string(stable_hash(step) >> 32) +
         ".lease-";
}

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

struct stat status_of(const file_handle& file, const fs::path& name) {
  struct stat status {};
  if (::fstat(file.get(), &status) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot read " + name.string());
  return status;
}

std::int64_t bytes_of(const file_handle& file, const fs::path& name) {
  return status_of(file, name).st_size;
}

void sync(const file_handle& file, const fs::path& name) {
  if (::fsync(file.get()) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot sync " + name.string());
}

void sync_all(const std::set<fs::path>& folders) {
  for (const auto& folder : folders)
    if (const auto opened = find_folder(folder); opened.get() >= 0) sync(opened, folder);
}

/// Rows of the database say what is staged where: only what stage_output makes is believed.
bool is_staged_name(const output_file& file) {
  const auto name = file.staged_path.filename().string();
  return file.staged_path.parent_path() == file.final_path.parent_path() &&
         name.starts_with("." + file.final_path.filename().string() + ".run-") &&
         name.ends_with(".part");
}

bool is_leftover(std::string_view name, const std::string& mark) {
  return name.starts_with(".") && name.ends_with(".part") &&
         name.find(mark) != std::string_view::npos;
}

/// Objects of one folder of a store have names of their own among the files of this host.
std::string scratch_mark(const fs::path& folder) {
  return std::to_string(stable_hash(folder.native()));
}

void remove_leftover_objects(const fs::path& folder, const std::string& mark) {
  const auto here = scratch_mark(folder);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(scratch_folder(), error)) {
    const std::string name = entry.path().filename();
    if (name.starts_with(here) && is_leftover(std::string_view{name}.substr(here.size()), mark))
      fs::remove(entry.path(), error);
  }
  auto prefix = parse_object_folder(folder);
  const auto behind = prefix.key.size();
  prefix.key += '.';
  for (const auto& key : objects().list(prefix))
    if (is_leftover(std::string_view{key}.substr(behind), mark))
      objects().remove({prefix.bucket, key});
}

void require_staged_name(const output_file& file) {
  if (!is_staged_name(file))
    throw permanent_error(file.staged_path.string() + " is no name under which " +
                          file.final_path.string() + " is staged");
}

/// A rename changes none of it.
std::string file_identity(const struct stat& status) {
  constexpr std::int64_t nanoseconds = 1'000'000'000;
  const auto written = status.st_mtim.tv_sec * nanoseconds + status.st_mtim.tv_nsec;
  return std::to_string(status.st_ino) + "-" + std::to_string(status.st_size) + "-" +
         std::to_string(written);
}

/// Of a file in an open folder; "" when there is none of this name. A link is no file.
std::string identity_in(const file_handle& folder, const fs::path& name) {
  struct stat status {};
  if (::fstatat(folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) == 0)
    return S_ISREG(status.st_mode) ? file_identity(status) : std::string{};
  if (errno == ENOENT) return {};
  throw std::system_error(errno, std::generic_category(), "cannot look at " + name.string());
}

/// False: there is no file `from`, or there is another one `to`.
bool move_in(const file_handle& folder, const fs::path& from, const fs::path& to) {
  const auto renamed = [&] {
    const auto in = folder.get();
    if (::renameat2(in, from.c_str(), in, to.c_str(), RENAME_NOREPLACE) == 0) return true;
    if (errno != EINVAL && errno != ENOSYS) return false;
    return ::renameat(in, from.c_str(), in, to.c_str()) == 0;  // as network file systems can
  };
  if (renamed()) return true;
  if (errno == ENOENT || errno == EEXIST) return false;
  throw std::system_error(errno, std::generic_category(),
                          "cannot rename " + from.string() + " to " + to.string());
}

/// Whether there was a file of this name.
bool remove_in(const file_handle& folder, const fs::path& name) {
  if (::unlinkat(folder.get(), name.c_str(), 0) == 0) return true;
  if (errno == ENOENT) return false;
  throw std::system_error(errno, std::generic_category(), "cannot remove " + name.string());
}

/// A store cannot be asked to remove a certain state of an object, so an object that is published
/// between the look and the removal would go, too: the removal is tried once.
bool remove_published_object(const output_file& file) {
  require_confined(file.final_path);
  bool removed = false;
  for (const auto& path : {file.final_path, file.staged_path}) {
    const auto name = parse_object_name(path);
    const auto found = objects().find(name);
    if (!found || found->mark != file.identity) continue;
    objects_in_a_hurry().remove(name);
    removed = true;
  }
  return removed;
}

/// Where they are not as many as the files, nobody knows whose they are: the files stay.
void add_identities(const json& stored, std::vector<output_file>& files) {
  const auto found = stored.find("identities");
  if (found == stored.end() || !found->is_array() || found->size() != files.size()) return;
  for (std::size_t i = 0; i < files.size(); ++i)
    if ((*found)[i].is_string()) files[i].identity = (*found)[i].get<std::string>();
}

}  // namespace

fs::path written_path(const output_file& file) {
  if (!is_object(file.staged_path)) return file.staged_path;
  return scratch_folder() /
         (scratch_mark(file.staged_path.parent_path()) + file.staged_path.filename().string());
}

output_file stage_output(const fs::path& final_path, run_id run, const std::string& step,
                         lease_id lease, partition_no no, staging how, int start) {
  auto name = "." + final_path.filename().string() + mark_of(run, step) +
              std::to_string(lease.value) + ".no-" + std::to_string(no);
  if (start > 0) name += ".start-" + std::to_string(start);
  name += how == staging::goes_on ? kept_end : ".part";
  return {final_path, final_path.parent_path() / name};
}

output_file staged_beside(const output_file& file, const std::string& name) {
  return {file.final_path, file.final_path.parent_path() / name};
}

bool go_on_with(const std::string& source, std::int64_t bytes, const output_file& to) {
  const auto other = staged_beside(to, source);
  require_staged_name(other);
  const auto from = find_file(written_path(other));
  if (from.get() < 0 || bytes_of(from, other.staged_path) < bytes) return false;
  const auto into =
      open_confined(written_path(to), O_WRONLY | O_CREAT | O_TRUNC, "cannot write", 0666);
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
  const auto path = written_path(file);
  return bytes_of(open_confined(path, O_RDONLY, "cannot read"), path);
}

void require_plain_folder(const fs::path& file) {
  if (file.parent_path().string().find("{}") == std::string::npos) return;
  throw permanent_error("the output file " + file.string() +
                        " has {} in its folder; {} can only stand in the name of the file");
}

void require_folder_of(const fs::path& file) {
  if (is_object(file)) return require_confined(file);
  try {
    open_folder(file.parent_path());
  } catch (const std::system_error& e) {
    throw permanent_error(std::string{"the folder of an output file cannot be used: "} + e.what());
  }
}

std::string sync_file(const output_file& file, const std::stop_token& stop) {
  const auto path = written_path(file);
  const auto opened = open_confined(path, O_RDONLY, "cannot sync");
  if (is_object(file.staged_path)) {
    require_confined(file.final_path);
    // Another database may have given the same numbers.
    std::random_device random;
    auto mark = file.staged_path.filename().string() + "-" + std::to_string(random()) +
                std::to_string(random());
    objects().put(parse_object_name(file.staged_path), opened.get(), mark, stop);
    return mark;
  }
  // Its name is made durable later, and its times are of no use after a crash.
  if (::fdatasync(opened.get()) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot sync " + path.string());
  return file_identity(status_of(opened, path));
}

void publication::add(const output_file& file) {
  require_staged_name(file);
  if (is_object(file.final_path)) return add_object(file);
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

void publication::add_object(const output_file& file) {
  require_confined(file.final_path);
  if (store_fails_)
    throw transient_error(file.final_path.string() + " waits: the object store failed before");
  remove_staged(file);  // the result stands
  const auto staged = parse_object_name(file.staged_path);
  store_fails_ = true;
  auto& store = hurry_ ? objects_in_a_hurry() : objects();
  if (store.copy(staged, parse_object_name(file.final_path))) store.remove(staged);
  store_fails_ = false;
}

void publication::finish() { sync_all(std::exchange(folders_, {})); }

/// A file is not removed under its final name: between the look at it and the removal another run
/// may publish one. It gets its staged name back first, and is looked at again. Another one goes
/// back, unless the name is taken by the next one, which would have replaced it.
bool remove_published(const output_file& file) {
  if (file.identity.empty()) return false;
  require_staged_name(file);
  if (is_object(file.final_path)) return remove_published_object(file);
  const auto folder = find_folder(file.final_path.parent_path());
  if (folder.get() < 0) return false;
  const auto staged = file.staged_path.filename();
  const auto final_name = file.final_path.filename();
  const auto moved =
      identity_in(folder, final_name) == file.identity && move_in(folder, final_name, staged);
  if (identity_in(folder, staged) == file.identity) return remove_in(folder, staged);
  if (moved && !move_in(folder, staged, final_name)) remove_in(folder, staged);
  return false;
}

void sync_removed(const std::vector<output_file>& removed) {
  std::set<fs::path> folders;
  for (const auto& file : removed)
    if (!is_object(file.final_path)) folders.insert(file.final_path.parent_path());
  sync_all(folders);
}

void discard(const output_file& file) noexcept {
  if (!file.staged_path.native().ends_with(kept_end)) remove_staged(file);
}

void remove_staged(const output_file& file) noexcept {
  try {
    const auto path = written_path(file);
    const auto name = path.filename();
    ::unlinkat(open_folder(path.parent_path()).get(), name.c_str(), 0);
  } catch (const std::exception&) {  // then it is not there, or never was ours
  }
}

void remove_leftovers(const std::vector<fs::path>& published, run_id run, const std::string& step) {
  const auto mark = mark_of(run, step);
  std::set<fs::path> folders;
  for (const auto& file : published) folders.insert(file.parent_path());
  for (const auto& path : folders) {
    if (is_object(path)) {
      try {
        remove_leftover_objects(path, mark);
      } catch (const std::exception&) {  // they are in nobody's way
      }
      continue;
    }
    const auto folder = find_folder(path);
    if (folder.get() < 0) continue;
    std::error_code error;
    const auto opened = "/proc/self/fd/" + std::to_string(folder.get());
    for (const auto& entry : fs::directory_iterator(opened, error)) {
      const auto name = entry.path().filename().string();
      if (is_leftover(name, mark)) ::unlinkat(folder.get(), name.c_str(), 0);
    }
  }
}

std::string to_text(const std::vector<output_file>& files) {
  if (files.empty()) return {};
  auto stored = json::array();
  auto identities = json::array();
  for (const auto& file : files) {
    stored.push_back({file.final_path.string(), file.staged_path.string()});
    identities.push_back(file.identity);
  }
  const auto goes = [](const output_file& file) { return !file.identity.empty(); };
  if (std::any_of(files.begin(), files.end(), goes))
    stored.push_back(json{{"identities", std::move(identities)}});
  return stored.dump();
}

std::vector<output_file> parse_files(const std::string& text) {
  std::vector<output_file> files;
  if (text.empty()) return files;  // nearly always: asked for every result
  const auto stored = json::parse(text, nullptr, false);
  if (!stored.is_array()) return files;
  for (const auto& one : stored)
    if (one.is_array() && one.size() == 2 && one[0].is_string() && one[1].is_string())
      files.push_back({one[0].get<std::string>(), one[1].get<std::string>()});
    else if (one.is_object())
      add_identities(one, files);
  return files;
}

}  // namespace partita
