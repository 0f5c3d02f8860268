#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "batch/sql.hpp"

namespace partita {

/// An item that a writer was refused, while it wrote the others: what it wrote to has told so.
struct refused_item {
  std::size_t index = 0;  // in the span that the writer was given
  std::string why;
};

/// The writer of a chunked body, with the outputs of the chunk that is being filled.
class chunk_output {
 public:
  virtual ~chunk_output() = default;

  virtual bool uses_sql() const = 0;
  /// Writes outputs [first, first + count) of the chunk. `tx` is null where the writer wants none.
  /// Returns those of them that were refused, in order; their index is that in the chunk.
  virtual std::vector<refused_item> write(sql_transaction* tx, std::size_t first,
                                          std::size_t count) = 0;

  /// Whether it has all of what follows, which only writers of files have. For others `position` is
  /// null, and the rest does nothing.
  virtual bool goes_on() const = 0;
  virtual json position() const = 0;
  virtual void resume(const json& position) = 0;
  virtual void sync() = 0;
  virtual void close() = 0;
};

/// Where a chunked body with output files goes on.
struct files_position {
  struct file {
    std::string staged;  // its name, without the folder
    std::int64_t bytes = 0;
  };
  json reader;
  json writer;
  std::vector<file> files;  // in the order in which the body named them
};

json to_json(const files_position& p);
/// Throws permanent_error when this is no such position.
files_position to_files_position(const json& document);

/// Whether the position of a writer speaks of files only: null stands for a writer of another kind.
bool has_files_only(const json& writer_position);

}  // namespace partita
