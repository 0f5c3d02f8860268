#include "apps/jobs/marc/claimed_folder.hpp"

#include <optional>
#include <system_error>
#include <utility>

#include "apps/jobs/marc/chunk_files.hpp"
#include "apps/jobs/marc/text_file.hpp"
#include "batch/errors.hpp"
#include "batch/utf8.hpp"
#include "batch/writers/output_folder.hpp"

namespace partita::marc {

namespace {

namespace fs = std::filesystem;

constexpr std::int64_t longest_claim = 64 << 10;  // bytes

struct found_claim {
  migration_id of;
  bool has_ended = false;
};

[[noreturn]] void refuse(const fs::path& folder, const found_claim& found,
                         const std::string& what_to_do) {
  throw permanent_error("output_dir " + folder.string() + " holds the migration of run " +
                        utf8::printable(found.of.run) + what_to_do);
}

std::optional<found_claim> claim_of(const fs::path& folder) {
  const auto path = folder / migration_file;
  std::string text;
  try {
    text = text_of_file(path, longest_claim);
  } catch (const std::system_error& e) {
    if (e.code() == std::errc::no_such_file_or_directory) return std::nullopt;
    throw;
  }
  const auto found = json::parse(text, nullptr, false);
  try {
    return found_claim{{found.at("run").get<std::string>(), found.value("launch", std::string{})},
                       found.at("state") == "MAPPED"};
  } catch (const json::exception&) {
    throw permanent_error(path.string() +
                          " is not as marc_map writes it: name another folder, or remove it first");
  }
}

bool is_own(const found_claim& found, const migration_id& own) {
  return found.of.run == own.run && (own.launch.empty() || found.of.launch == own.launch);
}

std::string text_of(const migration_id& own, const char* state, json more) {
  more["run"] = own.run;
  more["launch"] = own.launch;
  more["state"] = state;
  return more.dump() + '\n';
}

}  // namespace

void claim_folder(const fs::path& folder, const migration_id& own, bool overwrite) {
  const auto path = folder / migration_file;
  const auto text = text_of(own, "MAPPING", json::object());
  auto found = claim_of(folder);
  const bool may_replace = overwrite || numbered_files(folder, "", entity_suffix).empty();
  if (!found) {
    if (!may_replace)
      throw permanent_error("output_dir " + folder.string() +
                            " holds entities of an earlier migration: name another folder, or say"
                            " overwrite=true");
    if (create_small_file(path, text)) return;
    found = claim_of(folder);  // it came in between
    if (!found) throw transient_error(path.string() + " came and went");
  }
  if (!is_own(*found, own)) {
    if (!found->has_ended)
      refuse(folder, *found,
             ", which has not ended: restart that run, name another folder, or remove this one"
             " first");
    if (!may_replace)
      refuse(folder, *found, ": name another folder, remove this one first, or say overwrite=true");
  }
  replace_small_file(path, text);
}

void require_claimed(const fs::path& folder, const migration_id& own) {
  const auto found = claim_of(folder);
  if (found && !is_own(*found, own)) refuse(folder, *found, ", which has taken it meanwhile");
}

void tell_mapped(const fs::path& folder, const migration_id& own, json counts) {
  replace_small_file(folder / migration_file, text_of(own, "MAPPED", std::move(counts)));
}

}  // namespace partita::marc
