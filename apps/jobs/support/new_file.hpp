#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace partita {

/// A file under way. It is called NAME.part until `finish` gives it its name; without that nothing
/// is left of it.
class new_file {
 public:
  explicit new_file(std::filesystem::path path);
  ~new_file();
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  void append(std::string_view text);
  /// Throws std::system_error when the disk refused something.
  void finish();

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  std::ofstream file_;
  std::string text_;
  bool finished_ = false;
};

}  // namespace partita
