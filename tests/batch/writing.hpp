#pragma once

#include <catch2/catch.hpp>

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "tests/support/temp_dir.hpp"

// What tests of writers share.

namespace partita::test {

template <class Writer, class T>
void write_chunk(Writer& writer, const std::vector<T>& items, std::size_t from, std::size_t size) {
  const auto begin = items.begin() + static_cast<std::ptrdiff_t>(std::min(from, items.size()));
  const auto end = items.begin() + static_cast<std::ptrdiff_t>(std::min(from + size, items.size()));
  writer.write(std::span<const T>{begin, end});
}

/// What the file holds when `writer` writes the items in chunks.
template <class Writer, class T>
std::string written(const std::filesystem::path& file, Writer writer, const std::vector<T>& items,
                    std::size_t chunk = 1000) {
  for (std::size_t at = 0; at < items.size(); at += chunk) write_chunk(writer, items, at, chunk);
  writer.close();
  CHECK(writer.position() == std::filesystem::file_size(file));
  return read_file(file);
}

/// An attempt that ends after any chunk, or in one, is continued by another under another name: the
/// file is the same, byte for byte. `make` makes a writer to a file.
template <class Make, class T>
void require_it_can_be_continued(Make make, const std::vector<T>& items, std::size_t chunk) {
  temp_dir dir;
  const auto expected = written(dir / "whole", make(dir / "whole"), items, chunk);
  for (std::size_t stop = 0; stop <= items.size() + chunk; stop += chunk) {
    auto first = make(dir / "first");
    for (std::size_t at = 0; at < stop; at += chunk) write_chunk(first, items, at, chunk);
    const bool is_whole = stop > items.size();
    if (is_whole) first.close();
    const json position = first.position();
    first.sync();
    REQUIRE(position == std::filesystem::file_size(dir / "first"));
    if (!is_whole) write_chunk(first, items, stop, chunk);  // not of the checkpoint

    // As another attempt gets it: the first bytes of the file.
    const auto copied = read_file(dir / "first").substr(0, position.get<std::size_t>());
    write_file(dir / "second", copied);
    const bool copied_first = stop % (2 * chunk) == 0;  // or after the writer was made
    if (!copied_first) write_file(dir / "second", "what lay there");
    auto second = make(dir / "second");
    if (!copied_first) write_file(dir / "second", copied);
    second.resume(position);
    CHECK(second.position() == position);
    if (!is_whole)
      for (std::size_t at = stop; at < items.size(); at += chunk)
        write_chunk(second, items, at, chunk);
    second.close();
    REQUIRE(read_file(dir / "second") == expected);

    // The same writer takes back what was not of the checkpoint.
    first.resume(position);
    if (!is_whole)
      for (std::size_t at = stop; at < items.size(); at += chunk)
        write_chunk(first, items, at, chunk);
    first.close();
    first.close();
    REQUIRE(read_file(dir / "first") == expected);
  }
}

/// What all writers of files refuse. `make` makes a writer to a file, `item` is one for it.
template <class Make, class T>
void require_it_refuses(Make make, const T& item) {
  temp_dir dir;
  const std::vector<T> items(10, item);
  {
    const auto lost = (dir / "no/f").string();
    CHECK_THROWS_WITH(make(lost), "cannot write " + lost + ": No such file or directory");
  }
  {
    auto writer = make("/dev/full");
    const auto full = "cannot write /dev/full: No space left on device";
    CHECK_THROWS_WITH(write_chunk(writer, items, 0, 10), full);
    CHECK_THROWS_WITH(write_chunk(writer, items, 0, 10), full);
    CHECK(writer.position() == 0);
  }
  const auto file = (dir / "f").string();
  auto writer = make(file);
  write_chunk(writer, items, 0, 10);
  const auto size = writer.position().template get<std::int64_t>();
  CHECK_THROWS_WITH(writer.resume(size + 1), file + " has " + std::to_string(size) +
                                                 " bytes, so it cannot be continued at byte " +
                                                 std::to_string(size + 1));
  for (const json& wrong : {json{}, json{-1}, json{"1"}, json{1.5}, json::array()}) {
    const auto position = wrong.is_array() && wrong.size() == 1 ? wrong[0] : wrong;
    CHECK_THROWS_WITH(writer.resume(position),
                      "the stored position " + position.dump() + " is no byte of " + file);
  }
  writer.resume(size);
  writer.close();
  if (writer.position() != size) CHECK_THROWS(write_chunk(writer, items, 0, 1));
  std::filesystem::remove(file);
  CHECK_THROWS_WITH(writer.resume(1), file + " has 0 bytes, so it cannot be continued at byte 1");
}

}  // namespace partita::test
