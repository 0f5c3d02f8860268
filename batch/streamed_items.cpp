#include "batch/streamed_items.hpp"

namespace partita {

namespace {

constexpr std::size_t most_shown = 1000;  // bytes of where and why

std::string shown(const std::string& text) {
  return utf8::printable(utf8::shortened(text, most_shown));
}

}  // namespace

void item_packer::add(const std::string& where, json item) {
  auto entry = json::array({shown(where), std::move(item)});
  try {
    static_cast<void>(entry.dump());
  } catch (const json::exception&) {
    return add_malformed(where, "it holds a text that is not UTF-8");
  }
  add(std::move(entry));
}

void item_packer::add_malformed(const std::string& where, const std::string& why) {
  add(json::array({shown(where), nullptr, shown(why)}));
}

void item_packer::add(json entry) {
  entries_.push_back(std::move(entry));
  if (entries_.size() == static_cast<std::size_t>(most_)) finish();
}

void item_packer::finish() {
  if (entries_.empty()) return;
  const auto count = static_cast<std::int64_t>(entries_.size());
  yield_({"items " + std::to_string(packed_ + 1) + "-" + std::to_string(packed_ + count),
          std::exchange(entries_, json::array())});
  packed_ += count;
}

const json* packed_items::next() {
  if (!entries_->is_array()) throw permanent_error("the partition's input is no list of items");
  if (at_ >= entries_->size()) return nullptr;
  const auto& entry = (*entries_)[at_++];
  if (!entry.is_array() || entry.size() < 2 || entry.size() > 3 || !entry[0].is_string())
    throw permanent_error("the partition's input is no list of items");
  if (entry.size() == 3) throw data_error(entry[2].get<std::string>());
  return &entry[1];
}

std::string packed_items::where() const {
  return at_ == 0 ? std::string{} : (*entries_)[at_ - 1][0].get<std::string>();
}

}  // namespace partita
