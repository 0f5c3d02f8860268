// Any bytes as a file of lines (slices.hpp).

#include "batch/readers/lines.hpp"
#include "tests/fuzz/slices.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::check_slices(
      data, size, "one\r\n", lines::split,
      [](const auto& path, const auto& slice) {
        return lines::reader{path, slice};
      },
      [](const std::string& line) { return line; });
  return 0;
}
