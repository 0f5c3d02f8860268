#include "storage/sqlite/examine.hpp"

#include <sys/vfs.h>

#include <array>
#include <filesystem>

namespace partita::sqlite {

namespace {

/// File systems whose locks or shared memory do not hold between hosts. The numbers are those of
/// statfs(2).
constexpr std::array network_file_systems{
    std::pair{0x6969L, "NFS"},       std::pair{0x517BL, "SMB"},
    std::pair{0xFE534D42L, "SMB"},   std::pair{0xFF534D42L, "CIFS"},
    std::pair{0x00C36400L, "Ceph"},  std::pair{0x0BD00BD0L, "Lustre"},
    std::pair{0x01021997L, "9p"},    std::pair{0x47504653L, "GPFS"},
    std::pair{0x5346414FL, "AFS"},   std::pair{0x01161970L, "GFS2"},
    std::pair{0x7461636FL, "OCFS2"}, std::pair{0x65735546L, "FUSE, perhaps of another host"}};

diagnosis examine_disk(const std::string& path) {
  struct statfs found {};
  if (::statfs(path.c_str(), &found) == 0)
    for (const auto& [number, name] : network_file_systems)
      if ((static_cast<unsigned long>(found.f_type) & 0xFFFFFFFFUL) ==
          static_cast<unsigned long>(number))
        return {health::unsafe, "disk", path + " is on a network file system (" + name + ")",
                "move it to a disk of this host, or use PostgreSQL for several hosts"};
  return {health::fine, "disk", path + " is on a disk of this host", ""};
}

std::string answer(connection& db, const std::string& pragma) {
  std::string text;
  db.each_row(pragma, [&](connection::text_row row) {
    if (!text.empty()) text += "; ";
    text += row.front().value_or("");
  });
  return text;
}

}  // namespace

std::vector<diagnosis> examine(connection& db, const std::string& path) {
  std::vector<diagnosis> all{examine_disk(path)};
  for (auto& d : examine_file("file", path, false)) all.push_back(std::move(d));
  auto directory = std::filesystem::path{path}.parent_path().string();
  if (directory.empty()) directory = ".";
  for (auto& d : examine_file("directory", directory, false))
    if (d.how == health::unsafe) all.push_back(std::move(d));
  const auto journal = answer(db, "PRAGMA journal_mode");
  if (journal == "wal")
    all.push_back({health::fine, "journal", "WAL: readers and the writer do not wait", ""});
  else
    all.push_back(
        {health::note, "journal", "is " + journal + ", until the first node opens it", ""});
  const auto damage = answer(db, "PRAGMA quick_check(3)");
  if (damage == "ok")
    all.push_back({health::fine, "pages", "SQLite finds no damage", ""});
  else
    all.push_back({health::unsafe, "pages", "SQLite finds damage: " + damage,
                   "restore a backup; keep the damaged file"});
  return all;
}

}  // namespace partita::sqlite
