#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
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

/// A server that saves the entities of a chunk: it is told the name of their file, reads that, and
/// answers when it is done.
class bulk_endpoint {
 public:
  /// `file`: of all entities of the chunk. Throws permanent_error for headers that are none.
  bulk_endpoint(partition_context& p, std::filesystem::path file, std::int64_t bytes);

  /// The server gets `file` itself where these are all of its entities, else a file beside it that
  /// is removed afterwards. Throws transient_error when it does not answer, is busy or broken, and
  /// permanent_error when it refuses the request.
  std::vector<refused_item> write(std::span<const entity> items);

 private:
  bulk_answer ask(const std::filesystem::path& records, const std::string& key);

  partition_context& p_;
  std::filesystem::path file_;
  std::int64_t bytes_;
  http_request request_;
  http_client client_;
};

}  // namespace partita::marc
