#pragma once

#include <filesystem>
#include <string>

#include "batch/json.hpp"

namespace partita::marc {

/// Which migration it is: the same in every restart, and no other one, also in other databases.
struct migration_id {
  std::string run;     // the first of the runs that continue each other
  std::string launch;  // when that was created; empty, where a claim is looked at: not known
};

/// Writes migration.json (chunk_files.hpp) into the folder: what lies there is this migration's.
/// Throws permanent_error where it is another one's: one that has not ended, or, unless
/// `overwrite`, one whose entities are still there. Can be repeated.
void claim_folder(const std::filesystem::path& folder, const migration_id& own, bool overwrite);

/// Throws permanent_error when another migration has claimed the folder meanwhile.
void require_claimed(const std::filesystem::path& folder, const migration_id& own);

/// Ends the claim: the folder holds all of the migration, of which `counts` tells.
void tell_mapped(const std::filesystem::path& folder, const migration_id& own, json counts);

}  // namespace partita::marc
