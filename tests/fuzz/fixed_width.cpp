// Any bytes as a file of columns of fixed width (slices.hpp).

#include "batch/readers/fixed_width.hpp"
#include "tests/fuzz/slices.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using row = std::vector<std::string>;
  const auto reader = [](const auto& path, const auto& slice) {
    return fixed_width::rows<row>{path, slice, {{0, 3}, {2, 4}, {9, 0}}, [](const record& r) {
                                    return row(r.fields.begin(), r.fields.end());
                                  }};
  };
  // A field is whole characters, so that its JSON can be written.
  fuzz::check_slices(data, size, "1  22 33 \n", fixed_width::split, reader,
                     [](const row& fields) { return json(fields).dump(); });
  return 0;
}
