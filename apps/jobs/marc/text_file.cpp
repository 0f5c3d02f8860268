#include "apps/jobs/marc/text_file.hpp"

#include "batch/errors.hpp"
#include "batch/readers/input_file.hpp"

namespace partita::marc {

std::string text_of_file(const std::filesystem::path& path, std::int64_t most) {
  input_file file{path};
  const auto size = file.version().size;
  if (size > most)
    throw permanent_error(path.string() + " has " + std::to_string(size) + " bytes: no more than " +
                          std::to_string(most) + " are read");
  std::string text(static_cast<std::size_t>(size), '\0');
  text.resize(file.read(text.data(), text.size()));
  return text;
}

}  // namespace partita::marc
