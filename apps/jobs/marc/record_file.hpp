#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/jobs/marc/formats.hpp"
#include "batch/json.hpp"
#include "batch/readers/byte_range.hpp"
#include "batch/readers/input_file.hpp"

/// Files of records: ISO 2709, or MARC-XML in UTF-8.
namespace partita::marc {

/// Bytes of a file, as the input of a partition: the records that begin in them.
struct file_part {
  byte_range range;
  std::int64_t file_size = 0;
  std::int64_t file_mtime_ns = 0;
  friend bool operator==(const file_part&, const file_part&) = default;
};
void to_json(json& to, const file_part& part);
void from_json(const json& from, file_part& part);

/// Cuts a file into parts of about `records` records. Only its beginning is read, to learn how long
/// a record is: where each begins is found by whom reads a part. Throws what input_file throws, and
/// permanent_error for a file that holds neither.
std::vector<file_part> cut(const std::filesystem::path& path, std::int64_t records);

/// Whether a file in which no record was found is one all the same: there is nothing in it, or a
/// collection of MARC-XML without records. Throws what input_file throws.
bool may_be_empty(const std::filesystem::path& path);

/// The records that begin in a part, one after the other, as the bytes they are. One that is longer
/// than 4 MiB is a data_error; the next call goes on behind it. What stands between records is left
/// out. In MARC-XML a record ends at the latest where the next one begins; an element `record` that
/// holds another one, and before that neither leader nor field, is no record. What comments and
/// CDATA hold is no tag, but where a part begins in them, more than 64 KiB behind their beginning.
class record_file {
 public:
  /// Throws what input_file throws, and permanent_error if the file is not the one that was cut.
  record_file(std::filesystem::path path, const file_part& part);

  std::optional<std::string> next();
  format how() const { return how_; }

  /// The byte behind the record that came last.
  json position() const { return behind_; }
  /// Goes on there. Throws permanent_error if that is not in the part.
  void seek(const json& position);
  /// "FILE, byte N", of the record that came last: where it begins.
  std::string where() const;

 private:
  std::string_view bytes() const { return std::string_view{buffer_}.substr(taken_); }
  bool load();
  bool has(std::size_t count);
  void drop(std::size_t count);
  std::size_t find(char wanted, std::size_t from);
  std::size_t find(std::string_view wanted, std::size_t from);
  void skip_behind(std::string_view end);
  void begin_behind_hidden(std::int64_t offset);
  bool go_to_record();
  void begin_at(std::int64_t offset);
  void skip_to_terminator();
  std::optional<std::string> next_iso2709();
  std::optional<std::string> next_marcxml();
  std::optional<std::string> at_end();
  std::string take(std::size_t count);
  [[noreturn]] void refuse_long();

  input_file file_;
  file_part part_;
  format how_;
  std::string buffer_;
  std::size_t taken_ = 0;  // bytes at the front of it that are done with
  std::int64_t at_ = 0;    // of the file, where the others begin
  std::int64_t record_at_ = 0;
  std::int64_t behind_ = 0;  // the record that came last
};

}  // namespace partita::marc
