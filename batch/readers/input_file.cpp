#include "batch/readers/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include "batch/errors.hpp"
#include "batch/stable_hash.hpp"

namespace partita {

namespace {

constexpr std::int64_t largest_piece = 8 << 20;

}  // namespace

input_file::input_file(std::filesystem::path path) : path_(std::move(path)) {
  if (is_object(path_)) {
    require_confined(path_);
    const auto name = parse_object_name(path_);
    const auto state = objects().find(name);
    if (!state) {
      objects().require_bucket(name);
      fail(ENOENT);
    }
    object_.emplace(object{name, *state});
    return;
  }
  // O_NONBLOCK: opening a FIFO must not wait for its writer; it means nothing for a regular file.
  file_ = open_confined(path_, O_RDONLY | O_NONBLOCK, "cannot read");
  struct stat status {};
  if (::fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode)) return;
  throw permanent_error("cannot read " + path_.string() + ": it is not a regular file");
}

file_version input_file::version() const {
  if (object_)
    return {object_->state.size,
            static_cast<std::int64_t>(stable_hash(object_->state.etag) >> 1)};  // not negative
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0) fail(errno);
  return {status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::size_t input_file::read(char* into, std::size_t most) {
  std::size_t got = 0;
  while (object_ && got < most && offset_ < object_->state.size) {
    fetch(static_cast<std::int64_t>(most - got));
    const auto from = static_cast<std::size_t>(offset_ - object_->begin);
    const auto n = std::min(most - got, object_->piece.size() - from);
    object_->piece.copy(into + got, n, from);
    got += n;
    offset_ += static_cast<std::int64_t>(n);
  }
  if (object_) return got;
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

/// The byte at `offset_` is in the piece then.
void input_file::fetch(std::int64_t least) {
  auto& o = *object_;
  const auto have = static_cast<std::int64_t>(o.piece.size());
  if (offset_ >= o.begin && offset_ < o.begin + have) return;
  const auto most = std::min({std::max(least, o.next), largest_piece, o.state.size - offset_});
  o.piece = objects().read(o.name, offset_, most, o.state.etag);
  o.begin = offset_;
  o.next = std::min(2 * o.next, largest_piece);
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
