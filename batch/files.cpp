#include "batch/files.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>

#include "batch/objects/object_name.hpp"

namespace partita {

namespace fs = std::filesystem;

namespace {

struct root {
  fs::path folder;
  file_handle handle;
  bool is_given = true;  // by the operator: the scratch folder is not
};

// Of the process, like its working directory and its umask.
std::vector<root> roots;
bool every_file = true;  // of this host's, and `roots` is empty

// The folders of object stores. Empty: all that is there, or none once files are confined.
std::vector<object_name> object_roots;
bool is_confined = false;

std::system_error system_failure(int error, const std::string& what) {
  return {error, std::generic_category(), what};
}

/// What of `file` is below `folder`; "." for the folder itself; nothing when it is not beneath it.
fs::path below(const fs::path& folder, const fs::path& file) {
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), file.begin(), file.end());
  if (end != folder.end()) return {};
  fs::path relative;
  for (auto part = rest; part != file.end(); ++part) relative /= *part;
  return relative.empty() ? fs::path{"."} : relative;
}

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  std::string folders;
  const auto add = [&](const fs::path& folder) {
    folders += (folders.empty() ? "" : ", ") + folder.string();
  };
  for (const auto& r : roots)
    if (r.is_given) add(r.folder);
  if (every_file) add("/");
  for (const auto& r : object_roots) add(r.path());
  if (folders.empty()) folders = "none";
  throw outside_error(file.string() + " " + why + " the folders that jobs of this node may use: " +
                      folders + " (an option of the node: --files)");
}

const root& root_of(const fs::path& file) {
  for (const auto& r : roots)
    if (!below(r.folder, file).empty()) return r;
  refuse(file, "lies outside");
}

void add_root(const fs::path& given, std::vector<root>& to, bool is_given = true) {
  const auto name = plain_path(given / "").parent_path();  // without a slash at its end
  file_handle handle{::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (handle.get() < 0) throw system_failure(errno, "--files " + given.string());
  // Where the folder really lies is another name for it.
  const auto real = fs::canonical(name);
  if (real != name)
    to.push_back(
        {real, file_handle{::open(real.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)}, is_given});
  to.push_back({name, std::move(handle), is_given});
}

int open_beneath(int folder, const fs::path& relative, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<decltype(how.flags)>(flags);
  how.mode = mode;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  for (;;) {
    const auto fd = ::syscall(SYS_openat2, folder, relative.c_str(), &how, sizeof how);
    // EAGAIN: a folder on the way was renamed meanwhile, and the kernel asks to be asked again.
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return static_cast<int>(fd);
  }
}

}  // namespace

file_handle& file_handle::operator=(file_handle&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

file_handle::~file_handle() { close(); }

int file_handle::close() {
  const int fd = std::exchange(fd_, -1);
  return fd < 0 || ::close(fd) == 0 ? 0 : errno;
}

std::pair<file_handle, file_handle> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw system_failure(errno, "cannot make a pipe");
  const file_handle low[]{file_handle{ends[0]}, file_handle{ends[1]}};
  std::pair high{file_handle{::fcntl(ends[0], F_DUPFD_CLOEXEC, 10)},
                 file_handle{::fcntl(ends[1], F_DUPFD_CLOEXEC, 10)}};
  if (high.first.get() < 0 || high.second.get() < 0)
    throw system_failure(errno, "cannot make a pipe");
  return high;
}

void confine_files(const std::vector<fs::path>& folders) {
  std::vector<root> chosen;
  std::vector<object_name> chosen_objects;
  for (const auto& given : folders) {
    if (is_object(given) || is_nearly_object(given))
      chosen_objects.push_back(parse_object_folder(given));
    else
      add_root(given, chosen);
  }
  if (!chosen_objects.empty()) add_root(scratch_folder(), chosen, false);
  const auto all = std::any_of(chosen.begin(), chosen.end(),
                               [](const root& r) { return r.folder == r.folder.root_path(); });
  if (all) chosen.clear();
  roots = std::move(chosen);
  every_file = all;
  object_roots = std::move(chosen_objects);
  is_confined = true;
}

fs::path plain_path(const fs::path& file) {
  return is_object(file) ? file : fs::absolute(file).lexically_normal();
}

fs::path scratch_folder() {
  auto folder = fs::temp_directory_path() / ("partita-" + std::to_string(::geteuid()));
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    throw system_failure(errno, "cannot make " + folder.string());
  struct stat status {};
  if (::lstat(folder.c_str(), &status) != 0)
    throw system_failure(errno, "cannot use " + folder.string());
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid() || (status.st_mode & 0077) != 0)
    throw permanent_error(folder.string() + " is not a folder of this user alone, as it must be");
  return folder;
}

void require_confined(const fs::path& file) {
  if (is_object(file)) {
    const auto object = parse_object_folder(file);  // perhaps a folder
    const auto holds = [&](const object_name& folder) { return is_below(folder, object); };
    if (is_confined && std::none_of(object_roots.begin(), object_roots.end(), holds))
      refuse(file, "lies outside");
    return;
  }
  if (!every_file) root_of(plain_path(file));
}

file_handle open_confined(const fs::path& file, int flags, const char* purpose, mode_t mode) {
  flags |= O_CLOEXEC;
  if (is_object(file)) throw permanent_error(file.string() + " is no file of this host");
  const auto name = plain_path(file);
  int fd = -1;
  if (every_file) {
    fd = ::open(name.c_str(), flags, mode);
  } else {
    const auto& r = root_of(name);
    fd = open_beneath(r.handle.get(), below(r.folder, name), flags, mode);
    if (fd < 0 && errno == EXDEV) refuse(file, "leads by a symbolic link out of");
  }
  if (fd < 0) throw system_failure(errno, std::string{purpose} + " " + file.string());
  return file_handle{fd};
}

void make_confined_folder(const fs::path& folder) {
  constexpr int looks = O_PATH | O_DIRECTORY | O_CLOEXEC;
  const auto name = plain_path(folder / "").parent_path();  // without a slash at its end
  if (every_file) {
    fs::create_directories(name);
    return;
  }
  const auto& r = root_of(name);
  auto at = file_handle{open_beneath(r.handle.get(), ".", looks, 0)};
  fs::path reached{"."};
  const auto look = [&](const fs::path& next) {
    return file_handle{open_beneath(r.handle.get(), next, looks, 0)};
  };
  for (const auto& part : below(r.folder, name)) {
    const auto next = reached / part;
    auto found = look(next);
    if (found.get() < 0 && errno == ENOENT &&
        (::mkdirat(at.get(), part.c_str(), 0777) == 0 || errno == EEXIST))
      found = look(next);
    if (found.get() < 0 && errno == EXDEV) refuse(folder, "leads by a symbolic link out of");
    if (found.get() < 0) throw system_failure(errno, "cannot create folder " + folder.string());
    at = std::move(found);
    reached = next;
  }
}

}  // namespace partita
