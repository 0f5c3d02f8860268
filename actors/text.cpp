#include "actors/text.hpp"

#include "batch/errors.hpp"

namespace partita {

json parse_document(const std::string& what, const std::string& text) {
  auto document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw permanent_error(what + " are not JSON");
  return document;
}

std::string storable(std::string document, std::size_t limit) {
  if (document.size() > limit)
    throw permanent_error("the output has " + std::to_string(document.size()) + " bytes; at most " +
                          std::to_string(limit) +
                          " are stored: write large outputs to a file or a table");
  return document;
}

std::string readable(std::string text) {
  constexpr std::size_t most = 4000;
  if (text.size() > most) text.resize(most);
  // The JSON library replaces what is not UTF-8 when it is told to.
  auto quoted = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
  auto clean = json::parse(quoted).get<std::string>();
  for (auto& c : clean)
    if (c == '\0') c = ' ';
  return clean;
}

}  // namespace partita
