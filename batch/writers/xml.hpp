#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

/// XML 1.0 in UTF-8, unindented, written as it comes: memory does not grow with the document.
namespace partita::xml {

/// Throws std::system_error "cannot write FILE: reason" when the disk refuses, and permanent_error
/// "element NAME: reason" for text that XML cannot carry: control characters, invalid UTF-8. Names
/// are the author's constants and are not checked.
class writer {
 public:
  /// Creates the file, or empties it, and opens the root element.
  writer(const std::filesystem::path& path, std::string_view root);
  /// Without close() the file is left as it is, which is not a document.
  ~writer();
  writer(writer&&) noexcept;
  writer& operator=(writer&&) noexcept;

  void start(std::string_view name);
  /// Of the element just started, before anything is inside it.
  void attribute(std::string_view name, std::string_view value);
  /// A whole element that holds nothing but text.
  void element(std::string_view name, std::string_view text);
  void end();

  /// Ends all open elements and hands the document to the operating system. Only after it returned
  /// is the file whole.
  void close();

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace partita::xml
