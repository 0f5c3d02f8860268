#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "batch/chunk_output.hpp"
#include "batch/errors.hpp"
#include "batch/json.hpp"

/// Writers made of writers. Each is a writer itself. `more` is given to those inside that want more
/// than the items, such as writers of a database.
namespace partita {

/// A writer that is given more than the items.
template <class Writer, class T, class... More>
concept writes_with = requires(Writer& writer, std::span<const T> items, More&... more) {
  writer.write(items, more...);
};

/// What they have in common. A writer inside that has no positions (of a database) has null as its
/// position, and is left alone by what is for files.
template <class... Writers>
class several_writers {
 public:
  explicit several_writers(Writers... writers) : writers_(std::move(writers)...) {}

  /// One for each writer, in order.
  json position() const {
    auto all = json::array();
    std::apply([&](const auto&... each) { (all.push_back(position_of(each)), ...); }, writers_);
    return all;
  }
  void resume(const json& position) {
    if (!position.is_array() || position.size() != sizeof...(Writers))
      throw permanent_error("the stored position is not one of " +
                            std::to_string(sizeof...(Writers)) + " writers");
    std::size_t i = 0;
    each([&](auto& one) {
      const auto& at = position[i++];
      if constexpr (requires { one.resume(at); }) one.resume(at);
    });
  }
  void sync() {
    each([](auto& one) {
      if constexpr (requires { one.sync(); }) one.sync();
    });
  }
  void close() {
    each([](auto& one) {
      if constexpr (requires { one.close(); }) one.close();
    });
  }

 protected:
  template <class F>
  void each(F f) {
    std::apply([&](auto&... one) { (f(one), ...); }, writers_);
  }
  template <class Writer, class T, class... More>
  static void write_to(Writer& one, std::span<const T> items, More&... more) {
    const auto write = [&] {
      if constexpr (writes_with<Writer, T, More...>)
        return one.write(items, more...);
      else
        return one.write(items);
    };
    static_assert(!std::is_same_v<decltype(write()), std::vector<refused_item>>,
                  "a writer that tells of refused items cannot be one of several");
    write();
  }
  /// `write_all` writes to all or, when it throws, to no file.
  template <class F>
  void all_or_none(F write_all) {
    const auto before = position();
    try {
      write_all();
    } catch (...) {
      resume(before);
      throw;
    }
  }

 private:
  template <class Writer>
  static json position_of(const Writer& writer) {
    if constexpr (requires { writer.position(); })
      return writer.position();
    else
      return nullptr;
  }

  std::tuple<Writers...> writers_;
};

/// Writes every item to every writer.
template <class... Writers>
class tee : public several_writers<Writers...> {
 public:
  using several_writers<Writers...>::several_writers;

  template <class T, class... More>
  requires(sizeof...(More) == 0 || (writes_with<Writers, T, More...> || ...))  //
      void write(std::span<const T> items, More&... more) {
    this->all_or_none([&] { this->each([&](auto& one) { this->write_to(one, items, more...); }); });
  }
};
template <class... Writers>
tee(Writers...) -> tee<Writers...>;

/// Writes every item to one of the writers: the one whose number (0, 1 and so on) `pick` gives. The
/// items of each keep their order.
template <class T, class... Writers>
class classified : public several_writers<Writers...> {
 public:
  using picker = std::function<std::size_t(const T&)>;

  explicit classified(picker pick, Writers... writers)
      : several_writers<Writers...>(std::move(writers)...), pick_(std::move(pick)) {}

  template <class... More>
  requires(sizeof...(More) == 0 || (writes_with<Writers, T, More...> || ...))  //
      void write(std::span<const T> items, More&... more) {
    std::vector<std::vector<T>> parts(sizeof...(Writers));
    for (const auto& item : items) {
      const auto no = pick_(item);
      if (no >= parts.size())
        throw definition_error("writer " + std::to_string(no) + " is picked, but there are " +
                               std::to_string(parts.size()));
      parts[no].push_back(item);
    }
    this->all_or_none([&] {
      std::size_t i = 0;
      this->each([&](auto& one) {
        const auto& part = parts[i++];
        if (!part.empty()) this->write_to(one, std::span<const T>{part}, more...);
      });
    });
  }

 private:
  picker pick_;
};

template <class T, class... Writers>
classified<T, Writers...> classify(typename classified<T, Writers...>::picker pick,
                                   Writers... writers) {
  return classified<T, Writers...>(std::move(pick), std::move(writers)...);
}

}  // namespace partita
