#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "batch/errors.hpp"
#include "batch/json.hpp"

namespace partita {

/// The items of one attempt, whatever reads them (batch/chunk.hpp says what a reader is).
template <class In>
class item_source {
 public:
  virtual ~item_source() = default;
  virtual std::optional<In> next() = 0;
  /// Appends the place of the item that came last.
  virtual void tell_place(std::string& to) const = 0;
  std::string where() const {
    std::string told;
    tell_place(told);
    return told;
  }
  virtual json position() const = 0;
  /// Goes on at a position that `position` gave, behind so many items.
  virtual void go_on(const json& position, std::int64_t items) = 0;
};

template <class In, class Reader>
class items_of_reader final : public item_source<In> {
 public:
  explicit items_of_reader(Reader reader) : reader_(std::move(reader)) {}

  std::optional<In> next() override { return reader_.next(); }

  void tell_place(std::string& to) const override {
    if constexpr (requires { reader_.tell_place(to); })
      reader_.tell_place(to);
    else if constexpr (requires { reader_.where(); })
      to += reader_.where();
  }

  json position() const override {
    if constexpr (requires { reader_.position(); }) return reader_.position();
    return nullptr;
  }

  void go_on(const json& position, std::int64_t items) override {
    if constexpr (requires { reader_.seek(position); }) {
      reader_.seek(position);
    } else {
      for (std::int64_t i = 0; i < items; ++i) {
        try {
          if (!reader_.next()) throw permanent_error("the reader has fewer items than before");
        } catch (const data_error&) {  // it was let go
        }
      }
    }
  }

 private:
  Reader reader_;
};

}  // namespace partita
