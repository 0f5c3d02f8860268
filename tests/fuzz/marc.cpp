// Any bytes as a file of MARC records, as one record of each format, and as rules: understood, or
// one sentence says what is wrong. However the file is cut, its records are the same.

#include <fstream>
#include <string>
#include <vector>

#include "apps/jobs/marc/formats.hpp"
#include "apps/jobs/marc/mapper.hpp"
#include "apps/jobs/marc/record_file.hpp"
#include "batch/errors.hpp"
#include "tests/fuzz/scratch.hpp"

using namespace partita;

namespace {

void require_that(bool condition) {
  if (!condition) __builtin_trap();
}

const char* const some_rules = R"({"001": [{"target": "id"}],
  "100": [{"target": "personalName", "subfield": ["a", "d"], "rules": [{"conditions":
    [{"type": "trim_punctuation, remove_ending_punc, capitalize, trim_period"}]}]}],
  "035": [{"entityPerRepeatedSubfield": true, "entity": [
    {"target": "identifiers.value", "subfield": ["a", "z"], "subFieldSplit":
      {"type": "split_every", "value": "3"}}]}]})";

void fuzz_record(marc::format how, const std::string& bytes) {
  static const auto rules =
      marc::parse_rules(some_rules, marc::entity_type::authority, marc::reference{});
  try {
    const auto read = marc::decode(how, bytes);
    require_that(marc::parse_record(marc::to_json_text(read)) == read);
    (void)marc::map_record(read, rules).dump();
  } catch (const data_error& e) {
    require_that(std::string{e.what()}.size() > 5);
  }
}

std::vector<std::string> records_in(const std::filesystem::path& path,
                                    const std::vector<marc::file_part>& parts) {
  std::vector<std::string> all;
  for (const auto& part : parts) {
    marc::record_file file{path, part};
    while (auto one = file.next()) all.push_back(std::move(*one));
  }
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  for (const auto how : {marc::format::json, marc::format::iso2709, marc::format::marcxml})
    fuzz_record(how, bytes);
  try {
    (void)marc::parse_rules(bytes, marc::entity_type::instance, marc::reference{});
  } catch (const definition_error& e) {
    require_that(std::string{e.what()}.size() > 5);
  }
  static const auto path = fuzz::scratch_file();
  std::ofstream{path, std::ios::binary} << bytes;
  try {
    auto whole = marc::cut(path, 1'000'000'000);
    require_that(whole.size() == 1);
    const auto all = records_in(path, whole);
    for (const auto& one : all) fuzz_record(marc::format::iso2709, one);
    require_that(records_in(path, marc::cut(path, 1)) == all);
    auto half = whole;
    half.push_back(whole.front());
    half[0].range.end = half[1].range.begin = static_cast<std::int64_t>(size / 2);
    require_that(records_in(path, half) == all);
  } catch (const permanent_error& e) {
    require_that(std::string{e.what()}.find(" holds no records") != std::string::npos);
  }
  return 0;
}
