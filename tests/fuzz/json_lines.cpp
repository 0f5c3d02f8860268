// Any bytes as a file of JSON lines (slices.hpp); and what is read and written again is the same.

#include "batch/readers/json_lines.hpp"
#include "batch/writers/json_lines.hpp"
#include "tests/fuzz/slices.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_slices(
      data, size, "{\"a\":[1]}\n", json_lines::split,
      [](const auto& path, const auto& slice) {
        return json_lines::reader<json>{path, slice};
      },
      [](const json& document) {
        const auto line = json_lines::line_of(document);
        if (line.find('\n') != line.size() - 1) __builtin_trap();
        if (json_lines::line_of(json::parse(line)) != line) __builtin_trap();
        return line;
      });
  return 0;
}
