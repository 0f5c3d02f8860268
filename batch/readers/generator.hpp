#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "batch/readers/ordinal.hpp"
#include "batch/readers/record.hpp"

namespace partita {

/// A reader of what a function of the author's makes of the numbers 0, 1, 2 and so on, until it
/// gives nothing. It must always make the same of a number. What it throws as a data_error gets
/// "item N: " in front, and the next call goes on with the next number.
template <class T>
class generator {
 public:
  using maker = std::function<std::optional<T>(std::int64_t)>;

  explicit generator(maker make) : make_(std::move(make)) {}

  std::optional<T> next() {
    if (ended_) return std::nullopt;
    ++next_;
    auto item = with_place(*this, [&] { return make_(next_ - 1); });
    ended_ = !item;
    if (ended_) --next_;
    return item;
  }
  json position() const { return next_; }
  /// Throws permanent_error for what is no number of an item.
  void seek(const json& position) {
    next_ = ordinal_of(position, std::numeric_limits<std::int64_t>::max() - 1);
    ended_ = false;
  }
  std::string where() const { return ordinal_text(next_ - 1); }

 private:
  maker make_;
  std::int64_t next_ = 0;
  bool ended_ = false;
};

/// A reader of what a function of the author's gives, call after call, until it gives nothing. To
/// go on, it is made anew and called as often as before, so it must give the same again.
template <class T>
class sequence {
 public:
  using source = std::function<std::optional<T>()>;

  explicit sequence(source make)
      : items_([call = std::move(make)](std::int64_t) { return call(); }) {}

  std::optional<T> next() { return items_.next(); }
  json position() const { return items_.position(); }
  /// Forward only. Throws permanent_error for what lies behind it or past the end.
  void seek(const json& position) {
    const auto most = std::numeric_limits<std::int64_t>::max() - 1;
    const auto wanted = ordinal_of(position, most);
    const auto here = [&] { return ordinal_of(items_.position(), most); };
    if (wanted < here()) throw permanent_error("a sequence cannot go back");
    while (here() < wanted) {
      try {
        if (!items_.next()) throw permanent_error("the sequence ends before the stored position");
      } catch (const data_error&) {
        continue;  // counts as an item, as it did before
      }
    }
  }
  std::string where() const { return items_.where(); }

 private:
  generator<T> items_;
};

}  // namespace partita
