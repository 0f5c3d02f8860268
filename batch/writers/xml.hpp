#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "batch/writers/item_file.hpp"

/// XML 1.0 in UTF-8, unindented, written as it comes: memory does not grow with the document.
namespace partita::xml {

inline constexpr std::string_view prolog = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

/// Writes elements. Throws data_error "element NAME: reason" for text that XML cannot carry
/// (control characters, invalid UTF-8), and what file_sink throws. Names are the author's constants
/// and are not checked.
class elements {
 public:
  explicit elements(file_sink& to) : to_(&to) {}

  void start(std::string_view name);
  /// Of the element just started, before anything is inside it.
  void attribute(std::string_view name, std::string_view value);
  /// A whole element that holds nothing but text.
  void element(std::string_view name, std::string_view text);
  /// Of the innermost element that is open.
  void end();

  /// Ends all open elements.
  void end_all();
  /// Begins anew, after an error: no element is open.
  void reset();

 private:
  void finish_start_tag();
  void add_escaped(std::string_view value, bool in_attribute);

  file_sink* to_;
  std::vector<std::string> open_;  // the innermost last
  bool in_start_tag_ = false;      // of the innermost: until something follows
};

/// The format of `writer`.
template <class T>
class item_format {
 public:
  using adder = std::function<void(elements&, const T&)>;

  item_format(file_sink& to, std::string root, adder add)
      : to_(&to), elements_(to), root_(std::move(root)), add_(std::move(add)) {}

  void begin() { to_->add(prolog, "<", root_, ">"); }
  void add(const T& item) {
    elements_.reset();
    add_(elements_, item);
    elements_.end_all();
  }
  void end(bool empty) {
    if (empty)
      to_->add(prolog, "<", root_, "/>\n");
    else
      to_->add("</", root_, ">\n");
  }
  /// Between items the last byte is the end of a tag.
  static bool is_whole(char last_byte) { return last_byte == '\n'; }

 private:
  file_sink* to_;
  elements elements_;
  std::string root_;
  adder add_;
};

/// A writer of T: a document whose root holds what a function of the author's adds for each item.
/// What that leaves open is ended behind it.
template <class T>
class writer : public item_file<T, item_format<T>> {
 public:
  writer(std::filesystem::path staged, std::string root, typename item_format<T>::adder add)
      : item_file<T, item_format<T>>(std::move(staged), std::move(root), std::move(add)) {}
};

}  // namespace partita::xml
