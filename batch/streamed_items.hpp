#pragma once

#include <concepts>
#include <string>
#include <utility>

#include "batch/chunk_source.hpp"
#include "batch/split_context.hpp"
#include "batch/utf8.hpp"

// Remote chunking: the items of one reader, stored with the partitions that process them.
namespace partita {

/// What can be stored with a partition.
template <class T>
concept json_item = std::constructible_from<json, const T&> && requires(const json& stored) {
  { stored.get<T>() } -> std::same_as<T>;
};

/// Items on their way into partitions of so many each. One that came malformed goes with the
/// others, so that the partition's policy decides about it.
class item_packer {
 public:
  item_packer(int items, take_partition yield) : most_(items), yield_(std::move(yield)) {}

  void add(const std::string& where, json item);
  void add_malformed(const std::string& where, const std::string& why);
  /// The last partition.
  void finish();

 private:
  void add(json entry);

  const int most_;
  const take_partition yield_;
  std::int64_t packed_ = 0;  // in partitions before this one
  json entries_ = json::array();
};

/// The items of a partition. They come in its input: a list of [where, item] or [where, null, why].
class packed_items {
 public:
  explicit packed_items(const json& input) : entries_(&input) {}

  /// The next item; null: the end. Throws data_error for one that was malformed, permanent_error
  /// when the input is no list of items.
  const json* next();
  std::string where() const;
  std::size_t position() const { return at_; }
  void seek(std::size_t position) { at_ = position; }

 private:
  const json* entries_;
  std::size_t at_ = 0;
};

template <json_item In>
class streamed_items final : public item_source<In> {
 public:
  explicit streamed_items(const json& input) : items_(input) {}

  std::optional<In> next() override {
    const auto* item = items_.next();
    if (item == nullptr) return std::nullopt;
    try {
      return item->get<In>();
    } catch (const json::exception& e) {
      throw permanent_error("an item cannot be made of what was stored of it: " +
                            std::string{e.what()});
    }
  }
  void tell_place(std::string& to) const override { to += items_.where(); }
  json position() const override { return items_.position(); }
  void go_on(const json& position, std::int64_t) override {
    items_.seek(position.get<std::size_t>());
  }

 private:
  packed_items items_;
};

/// Reads all items into partitions.
template <json_item In>
void pack_items(item_source<In>& from, item_packer& to) {
  for (;;) {
    try {
      auto in = from.next();
      if (!in) break;
      to.add(from.where(), json(*in));
    } catch (const data_error& e) {
      to.add_malformed(from.where(), e.what());
    }
  }
  to.finish();
}

}  // namespace partita
