// Any bytes as a CSV file (slices.hpp).

#include "batch/readers/csv.hpp"
#include "tests/fuzz/slices.hpp"

using namespace partita;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using row = std::vector<std::string>;
  const auto reader = [](const auto& path, const auto& slice) {
    return csv::rows<row>{path, slice, 3,
                          [](const record& r) { return row(r.fields.begin(), r.fields.end()); }};
  };
  fuzz::check_slices(
      data, size, "a,b,c\n",
      [](const auto& path, auto most) { return csv::split(path, "a,b,c", most); }, reader,
      [](const row& fields) { return json(fields).dump(); });
  return 0;
}
