#include "protocol/pipe_frames.hpp"

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("frames come out as they went in, however their bytes are cut") {
  const frame all[]{{frame_kind::work, "{}"},
                    {frame_kind::stop, ""},
                    {frame_kind::ended, std::string(70'000, 'x')},
                    {frame_kind::progress, std::string("\0\xFF", 2)}};
  std::string bytes;
  for (const auto& one : all) bytes += to_bytes(one);
  for (std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{4096}, bytes.size()}) {
    frame_reader reader;
    std::vector<frame> found;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      reader.append(std::string_view{bytes}.substr(at, piece));
      while (auto one = reader.next()) found.push_back(*one);
    }
    CHECK_FALSE(reader.damaged());
    CHECK(found == std::vector<frame>(std::begin(all), std::end(all)));
  }
}

TEST_CASE("the bytes of a frame: length, lowest byte first, kind, text") {
  CHECK(to_bytes({frame_kind::stop, ""}) == std::string("\0\0\0\0\3", 5));
  CHECK(to_bytes({frame_kind::work, std::string(258, 'a')}).substr(0, 6) ==
        std::string("\2\1\0\0\1a", 6));
}

TEST_CASE("an unknown kind or a length beyond the limit is damage, and nothing is read after it") {
  for (const auto& bytes : {std::string("\0\0\0\0\0", 5), std::string("\0\0\0\0\x0E", 5),
                            std::string("\xFF\xFF\xFF\xFF\1", 5)}) {
    frame_reader reader;
    reader.append(bytes);
    CHECK_FALSE(reader.next());
    CHECK(reader.damaged());
    reader.append(to_bytes({frame_kind::stop, ""}));
    CHECK_FALSE(reader.next());
  }
}
