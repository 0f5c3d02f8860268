#include "apps/partita/bodies.hpp"

#include <errno.h>

#include <algorithm>

#include "actors/body_service.hpp"
#include "apps/partita/errors.hpp"
#include "batch/addresses.hpp"
#include "batch/files.hpp"
#include "batch/programs.hpp"

namespace partita::cli {

namespace {

// What is before the first of them names files.
const std::string programs_word = "--allow-command";
const std::string addresses_word = "--allow-url";

}  // namespace

std::vector<std::string> body_command(const std::vector<std::filesystem::path>& files,
                                      const std::vector<std::filesystem::path>& programs,
                                      const std::vector<std::string>& addresses) {
  std::vector<std::string> words{program_invocation_short_name, body_word};
  for (const auto& folder : files) words.push_back(folder.string());
  words.push_back(programs_word);
  for (const auto& folder : programs) words.push_back(folder.string());
  words.push_back(addresses_word);
  words.insert(words.end(), addresses.begin(), addresses.end());
  return words;
}

void execute_bodies(const std::vector<std::string>& words, const registry& jobs) {
  if (!has_body_pipes())
    throw usage_error(std::string{body_word} + " is for processes that nodes start",
                      "`help` lists the commands");
  const auto programs = std::find(words.begin(), words.end(), programs_word);
  const auto addresses = std::find(programs, words.end(), addresses_word);
  confine_files({words.begin() + 1, programs});
  if (programs != words.end()) allow_programs({programs + 1, addresses});
  if (addresses != words.end()) allow_addresses({addresses + 1, words.end()});
  serve_bodies(jobs);
}

}  // namespace partita::cli
