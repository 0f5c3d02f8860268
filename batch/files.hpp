#pragma once

#include <sys/types.h>

#include <filesystem>
#include <utility>
#include <vector>

#include "batch/errors.hpp"

namespace partita {

/// An open file or folder; -1: none.
class file_handle {
 public:
  explicit file_handle(int fd = -1) : fd_(fd) {}
  file_handle(file_handle&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  file_handle& operator=(file_handle&& other) noexcept;
  ~file_handle();

  int get() const { return fd_; }
  /// Closes it. The error, or 0.
  int close();

 private:
  int fd_;
};

/// The end to read from and the end to write to, both above 9. Closed on exec. Throws
/// std::system_error.
std::pair<file_handle, file_handle> make_pipe();

/// A file that the jobs of this process may not use. Others may.
class outside_error : public permanent_error {
 public:
  using permanent_error::permanent_error;
};

/// The folders beneath which the jobs of this process may read, write, rename and remove files,
/// also those of object stores: s3://BUCKET or s3://BUCKET/FOLDER (batch/objects/object_name.hpp).
/// Parameters and results in the database name files. Only the operator of a node may choose which
/// files it can read or replace, not every user who may write to the database. Called once, before
/// any job runs; until then every file is allowed. Throws std::system_error for what is no folder,
/// permanent_error for what is no folder of an object store.
void confine_files(const std::vector<std::filesystem::path>& folders);

/// Throws outside_error, which names the file and the folders, unless its name lies beneath one of
/// them.
void require_confined(const std::filesystem::path& file);

/// The name from the root on, without "." and "..". That of an object is plain already.
std::filesystem::path plain_path(const std::filesystem::path& file);

/// Where attempts write what becomes objects, on this host's disk: a folder in TMPDIR, or /tmp,
/// that belongs to this user alone. It is made, and is among the folders once one of them is of an
/// object store. Throws std::system_error, and permanent_error when it is somebody else's.
std::filesystem::path scratch_folder();

/// open(2) of a file that lies beneath one of the folders, also after every symbolic link on the
/// way was followed: the kernel checks it (openat2, RESOLVE_BENEATH). Throws outside_error for a
/// file that lies elsewhere, std::system_error "PURPOSE FILE: reason" for what else fails.
file_handle open_confined(const std::filesystem::path& file, int flags, const char* purpose,
                          mode_t mode = 0);

/// Makes a folder beneath one of the folders, with those on the way that are missing, and nothing
/// elsewhere, also where a symbolic link is on the way. It may be there already. Throws as
/// open_confined does, with "cannot create folder FOLDER: reason".
void make_confined_folder(const std::filesystem::path& folder);

}  // namespace partita
