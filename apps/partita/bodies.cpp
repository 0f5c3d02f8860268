#include "apps/partita/bodies.hpp"

#include <errno.h>

#include "actors/body_service.hpp"
#include "apps/partita/errors.hpp"
#include "batch/files.hpp"

namespace partita::cli {

std::vector<std::string> body_command(const std::vector<std::filesystem::path>& folders) {
  std::vector<std::string> words{program_invocation_short_name, body_word};
  for (const auto& folder : folders) words.push_back(folder.string());
  return words;
}

void execute_bodies(const std::vector<std::string>& words, const registry& jobs) {
  if (!has_body_pipes())
    throw usage_error(std::string{body_word} + " is for processes that nodes start",
                      "`help` lists the commands");
  confine_files({words.begin() + 1, words.end()});
  serve_bodies(jobs);
}

}  // namespace partita::cli
