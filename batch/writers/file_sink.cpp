#include "batch/writers/file_sink.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

/// 0 for what is no regular file: it has no length.
std::int64_t size_of(const file_handle& file) {
  struct stat status {};
  return ::fstat(file.get(), &status) == 0 && S_ISREG(status.st_mode) ? status.st_size : 0;
}

}  // namespace

file_sink::file_sink(std::filesystem::path path) : path_(std::move(path)), file_(open()) {
  pending_.reserve(buffer_bytes);
}

void file_sink::flush() {
  if (!begun_) begin_at(0);
  std::string_view rest = pending_;
  while (!rest.empty()) {
    const auto n = ::write(file_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(errno);
    rest.remove_prefix(static_cast<std::size_t>(n));
    written_ += n;
  }
  pending_.clear();
  // Begins to write to the disk, so that the sync at the end of the file takes less time. Only a
  // hint: a file system that does not support it does no harm.
  constexpr auto worth_a_call = static_cast<std::int64_t>(buffer_bytes) / 2;
  if (written_ - hinted_ < worth_a_call) return;
  ::sync_file_range(file_.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  hinted_ = written_;
}

void file_sink::resume(const json& position) {
  const auto offset = position.is_number_integer() ? position.get<std::int64_t>() : -1;
  if (offset < 0)
    throw permanent_error("the stored position " + utf8::printable(position.dump()) +
                          " is no byte of " + path_.string());
  file_ = open();
  if (const auto size = size_of(file_); size < offset)
    throw permanent_error(path_.string() + " has " + std::to_string(size) +
                          " bytes, so it cannot be continued at byte " + std::to_string(offset));
  take_back(offset);
}

void file_sink::take_back(std::int64_t position) {
  pending_.clear();
  begin_at(position);
}

char file_sink::last_byte() const {
  char last = 0;
  if (written_ > 0 && ::pread(file_.get(), &last, 1, written_ - 1) < 0) fail(errno);
  return last;
}

void file_sink::sync() {
  if (::fdatasync(file_.get()) != 0) fail(errno);
  if (std::exchange(name_is_durable_, true)) return;
  const auto folder = std::filesystem::absolute(path_).parent_path();
  const auto opened = open_confined(folder, O_RDONLY | O_DIRECTORY, "cannot sync");
  if (::fsync(opened.get()) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot sync " + folder.string());
}

/// Opened again for each attempt to go on: another file may have got the name.
file_handle file_sink::open() const {
  return open_confined(path_, O_RDWR | O_CREAT, "cannot write", 0666);
}

void file_sink::begin_at(std::int64_t offset) {
  if (size_of(file_) != offset && ::ftruncate(file_.get(), offset) != 0) fail(errno);
  if (size_of(file_) == offset && ::lseek(file_.get(), offset, SEEK_SET) < 0) fail(errno);
  written_ = hinted_ = offset;
  begun_ = true;
}

void file_sink::fail(int error) const {
  throw std::system_error(error, std::generic_category(), "cannot write " + path_.string());
}

}  // namespace partita
