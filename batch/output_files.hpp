#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "batch/json.hpp"
#include "protocol/ids.hpp"

namespace partita {

/// A file a partition writes. It is written under a staged name of this attempt's own, in the same
/// folder, and gets its final name only after the result of the attempt was recorded. So an attempt
/// that lost its lease can neither replace nor damage the file of the attempt that counts.
///
/// What is to become an object (batch/objects/object_name.hpp) is written on this host's disk
/// first, is sent to the store under its staged name once it is complete, and gets its final name
/// by a copy within the store.
struct output_file {
  std::filesystem::path final_path;
  std::filesystem::path staged_path;
  /// Tells what the attempt has written from every other file, also once it is renamed. "": the
  /// file stays when its run is purged.
  std::string identity{};
};

/// Where the staged content is written.
std::filesystem::path written_path(const output_file& file);

/// Whether another attempt may go on with what this one has staged.
enum class staging { of_one_attempt, goes_on };

/// ".NAME.run-R.step-S.lease-L.no-N.part" beside the final name, or "….goes-on.part", where S
/// stands for the name of the step: no two attempts write one file. Nor do two processes of one
/// attempt: `start` counts them from 0.
output_file stage_output(const std::filesystem::path& final_path, run_id run,
                         const std::string& step, lease_id lease, partition_no no,
                         staging how = staging::of_one_attempt, int start = 0);

/// Copies the first `bytes` bytes of what another attempt staged for the same final name into the
/// staged file of this one. `source` is the name of that file, without its folder. False when it is
/// not there (it may be on another host's disk) or has fewer bytes. Throws permanent_error when
/// `source` is no name that stage_output gives for that file; std::system_error.
bool go_on_with(const std::string& source, std::int64_t bytes, const output_file& to);

/// The staged file called `name` (without its folder) for the same final name.
output_file staged_beside(const output_file& file, const std::string& name);

/// The bytes that were written. Throws std::system_error.
std::int64_t staged_bytes(const output_file& file);

/// Throws permanent_error when "{}", which stands for the number of a partition, is in the folder
/// of an output file, and not in its name: partitions make no folders.
void require_plain_folder(const std::filesystem::path& file);

/// Throws permanent_error unless the folder of the file is there and the node's to use.
void require_folder_of(const std::filesystem::path& file);

/// Makes the complete staged content durable, and readable for other hosts where it is to become an
/// object. Returns the identity of the file: "INODE-SIZE-TIME", the time in nanoseconds when it was
/// last written to; of an object a text of its own, which the store keeps with it. Throws
/// std::system_error, what object_store throws, and stop_requested_error while it is sent.
std::string sync_file(const output_file& file, const std::stop_token& stop = {});

/// Staged becomes final, durably once `finish` was called. Can be repeated; does nothing when the
/// staged file is not there (done already, or written on another host's disk). `add` throws
/// permanent_error when the two are not names that stage_output gives, or not the node's to use;
/// std::system_error, and what object_store throws. Where an object store fails, nothing more is
/// asked of it.
class publication {
 public:
  /// `hurry`: an object store that does not answer at once is left to who publishes later.
  explicit publication(bool hurry = false) : hurry_(hurry) {}
  void add(const output_file& file);
  /// Makes what was added durable: each folder is synced once. Throws std::system_error.
  void finish();

 private:
  void add_object(const output_file& file);

  bool hurry_;
  bool store_fails_ = false;
  std::set<std::filesystem::path> folders_;
};

/// Removes a staged file. Of what was sent to a store it removes only what this host has of it: the
/// rest is a leftover. Never throws.
void remove_staged(const output_file& file) noexcept;

/// Removes a staged file of an attempt that does not count, unless another attempt may go on with
/// it. Never throws.
void discard(const output_file& file) noexcept;

/// Removes what an attempt has published, or staged and never published, if that is what lies there
/// under the final name, or the staged one: a file of another identity stays, and so does one that
/// takes the name meanwhile. True: a file was removed. False: there is none (it may be on another
/// host's disk), or it is another one; or `file` has no identity. Can be repeated. Throws
/// permanent_error when the two are not names that stage_output gives, or not the node's to use;
/// std::system_error, and what object_store throws.
bool remove_published(const output_file& file);

/// Makes these removals durable: each folder is synced once. Throws std::system_error.
void sync_removed(const std::vector<output_file>& removed);

/// Removes staged files of this step in the folders of `published` that lost attempts left behind.
/// What an object store refuses stays.
void remove_leftovers(const std::vector<std::filesystem::path>& published, run_id run,
                      const std::string& step);

/// The files of a result as they are stored, beside the author's document: a JSON list of pairs
/// [final path, staged path], and behind them, if a file has one, {"identities": […]} with that of
/// each; "" for none. What is no such pair is left out when it is read, so programs that know of no
/// identities publish the files, too.
std::string to_text(const std::vector<output_file>& files);
std::vector<output_file> parse_files(const std::string& text);

}  // namespace partita
