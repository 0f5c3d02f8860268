#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "batch/errors.hpp"
#include "batch/json.hpp"
#include "tests/fuzz/scratch.hpp"

namespace partita::fuzz {

using outcomes = std::vector<std::string>;

/// What the calls of a reader give, from where it is: texts, and what is refused.
template <class Reader, class F>
void read_on(Reader& reader, F text_of, outcomes& all) {
  for (;;) try {
      const auto item = reader.next();
      if (!item) return;
      all.push_back("=" + text_of(*item));
    } catch (const data_error& e) {
      all.emplace_back(e.what());
    }
}

/// A format of files: `split` and `reader` as tests call them, and the text of an item. Any bytes
/// as a file of it: cut into one slice or into several, its records are the same, those that are
/// refused too, and so is what ends it; and a reader goes on at any of its positions.
template <class Split, class Read, class F>
void check_slices(const std::uint8_t* data, std::size_t size, std::string_view header, Split split,
                  Read reader, F text_of) {
  static const auto path = scratch_file();
  if (size < 2) return;
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  if (data[0] < 200) file << header;
  file.write(reinterpret_cast<const char*>(data) + 2, static_cast<std::streamsize>(size - 2));
  file.close();

  const auto read = [&](std::int64_t slices) {
    outcomes all;
    try {
      for (const auto& slice : split(path, slices)) {
        auto one = reader(path, slice);
        read_on(one, text_of, all);
      }
    } catch (const permanent_error& e) {
      all.push_back(std::string{"ended: "} + e.what());
    }
    return all;
  };
  const auto expected = read(1);
  if (read(2 + data[0] % 7) != expected) __builtin_trap();

  outcomes before;
  outcomes after;
  try {
    const auto whole = split(path, 1).front();
    auto one = reader(path, whole);
    for (auto calls = data[1] % 16; calls > 0; --calls) try {
        const auto item = one.next();
        if (!item) break;
        before.push_back("=" + text_of(*item));
      } catch (const data_error& e) {
        before.emplace_back(e.what());
      }
    auto other = reader(path, whole);
    other.seek(json::parse(one.position().dump()));
    read_on(other, text_of, after);
  } catch (const permanent_error& e) {
    after.push_back(std::string{"ended: "} + e.what());
  }
  before.insert(before.end(), after.begin(), after.end());
  if (before != expected) __builtin_trap();
}

}  // namespace partita::fuzz
