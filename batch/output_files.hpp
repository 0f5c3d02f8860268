#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "protocol/ids.hpp"

namespace partita {

/// A file a partition writes. It is written under a staged name of this attempt's own, in the same
/// folder, and gets its final name only after the result of the attempt was recorded. So an attempt
/// that lost its lease can neither replace nor damage the file of the attempt that counts.
struct output_file {
  std::filesystem::path final_path;
  std::filesystem::path staged_path;
};

/// Whether another attempt may go on with what this one has staged.
enum class staging { of_one_attempt, goes_on };

/// ".NAME.run-R.lease-L.no-N.part" beside the final name, or "….goes-on.part": no two attempts
/// write one file. Nor do two processes of one attempt: `start` counts them from 0.
output_file stage_output(const std::filesystem::path& final_path, run_id run, lease_id lease,
                         partition_no no, staging how = staging::of_one_attempt, int start = 0);

/// Copies the first `bytes` bytes of what another attempt staged for the same final name into the
/// staged file of this one. `source` is the name of that file, without its folder. False when it is
/// not there (it may be on another host's disk) or has fewer bytes. Throws permanent_error when
/// `source` is no name that stage_output gives for that file; std::system_error.
bool go_on_with(const std::string& source, std::int64_t bytes, const output_file& to);

/// The staged file called `name` (without its folder) for the same final name.
output_file staged_beside(const output_file& file, const std::string& name);

/// The bytes of the staged file. Throws std::system_error.
std::int64_t staged_bytes(const output_file& file);

/// Throws permanent_error when "{}", which stands for the number of a partition, is in the folder
/// of an output file, and not in its name: partitions make no folders.
void require_plain_folder(const std::filesystem::path& file);

/// Throws permanent_error unless the folder of the file is there and the node's to use.
void require_folder_of(const std::filesystem::path& file);

/// Makes the staged content durable. Throws std::system_error.
void sync_file(const std::filesystem::path& file);

/// Staged becomes final, durably once `finish` was called. Can be repeated; does nothing when the
/// staged file is not there (done already, or written on another host's disk). `add` throws
/// permanent_error when the two are not names that stage_output gives, or not the node's to use;
/// std::system_error.
class publication {
 public:
  void add(const output_file& file);
  /// Makes what was added durable: each folder is synced once. Throws std::system_error.
  void finish();

 private:
  std::set<std::filesystem::path> folders_;
};

/// Removes a staged file. Never throws.
void remove_staged(const output_file& file) noexcept;

/// Removes a staged file of an attempt that does not count, unless another attempt may go on with
/// it. Never throws.
void discard(const output_file& file) noexcept;

/// Removes staged files of this run in the folders of `published` that lost attempts left behind.
void remove_leftovers(const std::vector<std::filesystem::path>& published, run_id run);

/// The files of a result as they are stored, beside the author's document: a JSON list of pairs
/// [final path, staged path]; "" for none. What is no such pair is left out when it is read.
std::string to_text(const std::vector<output_file>& files);
std::vector<output_file> parse_files(const std::string& text);

}  // namespace partita
