// Any bytes as a CSV file: cut into one slice or into several, its rows are the same, or the same
// is refused.

#include <fstream>
#include <optional>
#include <stdexcept>

#include "batch/errors.hpp"
#include "batch/readers/csv.hpp"
#include "tests/fuzz/scratch.hpp"

using namespace partita;

namespace {

constexpr std::string_view header = "a,b,c";
using rows = std::vector<std::vector<std::string>>;

/// Nothing: the file was refused.
std::optional<rows> read(const std::filesystem::path& path, std::int64_t slices) {
  try {
    rows all;
    for (const auto& slice : csv::split(path, header, slices)) {
      csv::reader reader{path, slice, 3};
      csv::record record;
      while (reader.next(record)) {
        all.emplace_back();
        for (auto field : record.fields) all.back().emplace_back(field);
      }
    }
    return all;
  } catch (const permanent_error&) {
    return std::nullopt;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto path = fuzz::scratch_file();
  if (size == 0) return 0;
  const auto slices = 2 + data[0] % 7;
  std::ofstream file{path, std::ios::binary | std::ios::trunc};
  if (data[0] < 200) file << header << '\n';
  file.write(reinterpret_cast<const char*>(data) + 1, static_cast<std::streamsize>(size - 1));
  file.close();
  if (read(path, 1) != read(path, slices)) __builtin_trap();
  return 0;
}
