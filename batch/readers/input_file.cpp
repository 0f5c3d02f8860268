#include "batch/readers/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>

#include "batch/errors.hpp"

namespace partita {

// O_NONBLOCK: opening a FIFO must not wait for its writer; it means nothing for a regular file.
input_file::input_file(std::filesystem::path path)
    : path_(std::move(path)), file_(open_confined(path_, O_RDONLY | O_NONBLOCK, "cannot read")) {
  struct stat status {};
  if (::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode)) return;
  throw permanent_error("cannot read " + path_.string() + ": it is not a regular file");
}

file_version input_file::version() const {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) fail(errno);
  return {status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::size_t input_file::read(char* into, std::size_t most) {
  std::size_t got = 0;
  while (got < most) {
    const auto n = ::pread(file_.get(), into + got, most - got, offset_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    if (n == 0) break;
    got += static_cast<std::size_t>(n);
    offset_ += n;
  }
  return got;
}

void input_file::require_version(const file_version& expected) const {
  if (version() != expected) fail_changed();
}

void input_file::fail_changed() const {
  throw permanent_error(path_.string() + " changed while the run was under way");
}

void input_file::fail(int error) const {
  throw std::system_error(error, std::generic_category(), "cannot read " + path_.string());
}

}  // namespace partita
