#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "batch/chunk_output.hpp"
#include "batch/http_client.hpp"

namespace partita::marc {

/// An entity that is to be saved.
struct entity {
  std::string id;
  std::string line;  // of JSON, without its end
};

/// What is told of entities that were saved together.
struct bulk_answer {
  std::size_t errors = 0;   // entities that were not saved
  std::string errors_file;  // lines ID,MESSAGE; where there are errors
};

/// Reads {"errorsNumber": …, "errorRecordsFileName": …, "errorsFileName": …}. Throws
/// transient_error for anything else: it is no answer, or half of one.
bulk_answer parse_answer(const std::string& text);

/// The entities that the lines ID,MESSAGE tell of, in order of their index, each once. Throws
/// transient_error, which names the file, for a line that tells of none of them, and unless they or
/// the lines are `expected`: the file is not whole, or not of this chunk.
std::vector<refused_item> refused_entities(std::span<const entity> all, const std::string& lines,
                                           std::size_t expected, const std::string& file);

/// Lines "Name: value", without the empty ones. Throws permanent_error, which names `file` and the
/// number of the line, for one that is no header, or that the job sets itself.
std::vector<std::string> extra_headers(std::string_view lines, const std::string& file);

/// A server that saves the entities of a chunk: it is told the name of their file, reads that, and
/// answers when it is done.
class bulk_endpoint {
 public:
  /// `save_id` tells this save from all others, also those of other databases, and stays the same
  /// in every attempt and restart: keys of requests begin with it. `file`: of all entities of the
  /// chunk. Throws permanent_error for headers that are none, or that the job sets itself.
  bulk_endpoint(partition_context& p, std::string save_id, std::filesystem::path file,
                std::int64_t bytes);

  /// The server gets `file` itself where these are all of its entities, else a file beside it,
  /// KEY.part, that is removed once the server has answered. A repeat has the same key and asks for
  /// the same file. Throws transient_error when the server does not answer, is busy or broken, and
  /// permanent_error when it refuses the request.
  std::vector<refused_item> write(std::span<const entity> items);

 private:
  bulk_answer ask(const std::filesystem::path& records, const std::string& key);
  bulk_answer ask_for_part(std::span<const entity> items, const std::string& key);

  partition_context& p_;
  std::string save_id_;
  std::filesystem::path file_;
  std::int64_t bytes_;
  http_request request_;
  http_client client_;
};

}  // namespace partita::marc
