#include "batch/chunk_output.hpp"

#include <algorithm>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

json to_json(const files_position& p) {
  auto files = json::array();
  for (const auto& f : p.files) files.push_back({f.staged, f.bytes});
  return {{"reader", p.reader}, {"writer", p.writer}, {"files", files}};
}

files_position to_files_position(const json& document) {
  try {
    files_position p{document.at("reader"), document.at("writer"), {}};
    for (const auto& f : document.at("files"))
      p.files.push_back({f.at(0).get<std::string>(), f.at(1).get<std::int64_t>()});
    return p;
  } catch (const json::exception&) {
    throw permanent_error("the stored position " +
                          utf8::printable(utf8::shortened(document.dump(), 200)) +
                          " is none of a step that writes files");
  }
}

bool has_files_only(const json& writer_position) {
  if (writer_position.is_array())
    return std::all_of(writer_position.begin(), writer_position.end(), has_files_only);
  return !writer_position.is_null();
}

}  // namespace partita
