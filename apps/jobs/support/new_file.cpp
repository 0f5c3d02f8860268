#include "apps/jobs/support/new_file.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

namespace partita {

namespace {

constexpr std::size_t written_at_once = 1024 * 1024;

}  // namespace

new_file::new_file(std::filesystem::path path) : path_(std::move(path)), unfinished_(path_) {
  unfinished_ += ".part";
  file_.open(unfinished_, std::ios::binary);
  if (!file_) fail();
}

new_file::~new_file() {
  if (finished_) return;
  std::error_code ignored;
  std::filesystem::remove(unfinished_, ignored);
}

void new_file::append(std::string_view text) {
  text_ += text;
  if (text_.size() < written_at_once) return;
  file_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  if (!file_) fail();
  text_.clear();
}

void new_file::finish() {
  file_.write(text_.data(), static_cast<std::streamsize>(text_.size()));
  file_.close();
  if (!file_) fail();
  std::filesystem::rename(unfinished_, path_);
  finished_ = true;
}

void new_file::fail() const {
  throw std::system_error(errno, std::generic_category(), "cannot write " + path_.string());
}

}  // namespace partita
