#include "apps/partita/bodies.hpp"

#include <errno.h>

#include <algorithm>

#include "actors/body_service.hpp"
#include "apps/partita/errors.hpp"
#include "batch/files.hpp"
#include "batch/programs.hpp"

namespace partita::cli {

namespace {

const std::string programs_word = "--allow-command";  // what is before it names files

}  // namespace

std::vector<std::string> body_command(const std::vector<std::filesystem::path>& files,
                                      const std::vector<std::filesystem::path>& programs) {
  std::vector<std::string> words{program_invocation_short_name, body_word};
  for (const auto& folder : files) words.push_back(folder.string());
  words.push_back(programs_word);
  for (const auto& folder : programs) words.push_back(folder.string());
  return words;
}

void execute_bodies(const std::vector<std::string>& words, const registry& jobs) {
  if (!has_body_pipes())
    throw usage_error(std::string{body_word} + " is for processes that nodes start",
                      "`help` lists the commands");
  const auto programs = std::find(words.begin(), words.end(), programs_word);
  confine_files({words.begin() + 1, programs});
  if (programs != words.end()) allow_programs({programs + 1, words.end()});
  serve_bodies(jobs);
}

}  // namespace partita::cli
