#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

// Who may include whom: the whole house in one table.

namespace fs = std::filesystem;

namespace {

const fs::path root{PARTITA_SOURCE_DIR};

/// A folder, or a file that joins the rooms above its folder, and what it may include beside
/// itself.
struct room {
  std::string name;
  std::vector<std::string> below;
};

// From the ground up. A row names only rows above it: so no arrow runs up, and there is no circle.
// clang-format off
const std::vector<room> house{
    {"protocol", {}},

    // What an author's SQL looks like: storage implements it, batch hands it out.
    {"batch/errors", {}},
    {"batch/sql",    {"protocol", "batch/errors"}},

    {"storage",                     {"protocol", "batch/sql"}},
    {"storage/verbs",               {"protocol", "storage"}},
    {"storage/audit",               {"protocol", "storage"}},  // shares no mistake of verbs
    {"storage/memory",              {"protocol", "storage", "storage/verbs"}},
    {"storage/sqlite/statements",   {}},
    {"storage/sqlite",              {"protocol", "storage", "storage/verbs", "storage/audit",
                                     "storage/sqlite/statements", "batch/sql"}},
    {"storage/postgres/statements", {"storage"}},
    {"storage/postgres",            {"protocol", "storage", "storage/verbs", "storage/audit",
                                     "storage/postgres/statements"}},
    {"storage/store.cpp",           {"storage", "storage/verbs"}},
    {"storage/open_store.cpp",      {"storage", "storage/sqlite", "storage/postgres"}},

    {"batch/utf8",            {}},
    {"batch/http_connection", {"batch/errors"}},
    {"batch/objects",         {"batch/errors", "batch/utf8", "batch/http_connection"}},
    {"batch",         {"protocol", "batch/sql", "batch/errors", "batch/utf8",
                       "batch/http_connection", "batch/objects"}},
    {"batch/readers", {"batch", "batch/errors", "batch/utf8", "batch/objects"}},
    {"batch/writers", {"batch", "batch/errors", "batch/utf8", "batch/objects"}},

    {"actors", {"protocol", "storage", "batch", "batch/sql", "batch/errors"}},

    // A job sees what its author would see: nothing but batch/.
    {"apps/jobs/support",      {"batch/errors"}},
    {"apps/jobs/range_sum",    {"batch", "apps/jobs/support"}},
    {"apps/jobs/command",      {"batch", "batch/readers", "apps/jobs/support"}},
    {"apps/jobs/services",     {"batch"}},
    {"apps/jobs/customer_etl", {"batch", "batch/errors", "batch/readers", "batch/writers",
                                "apps/jobs/support"}},
    {"apps/jobs/sanctions_screening", {"batch", "batch/errors", "batch/readers", "batch/writers",
                                       "apps/jobs/support"}},
    {"apps/jobs/marc",         {"batch", "batch/errors", "batch/objects", "batch/readers",
                                "batch/writers", "apps/jobs/support"}},

    {"apps/partita",          {"protocol", "storage", "batch", "batch/errors", "batch/objects",
                               "actors"}},
    {"apps/partita/traces",   {"protocol", "storage", "actors", "apps/partita"}},
    {"apps/partita/bench",    {"protocol", "storage", "batch", "actors", "apps/partita",
                               "apps/partita/traces"}},
    {"apps/partita/http",     {"protocol", "storage", "batch", "batch/errors", "actors",
                               "apps/partita"}},
    {"apps/partita/report",   {"storage", "apps/partita", "apps/partita/http"}},
    {"apps/partita/commands", {"storage", "storage/audit", "storage/postgres", "batch",
                               "batch/objects", "actors", "apps/partita", "apps/partita/bench",
                               "apps/partita/http", "apps/partita/report",
                               "apps/partita/traces"}},
    {"apps/partita/command_table.cpp", {"batch", "apps/partita", "apps/partita/bench",
                                        "apps/partita/commands", "apps/partita/http"}},
    {"apps/program",          {"batch", "actors", "apps/partita"}},
    {"apps/client",           {"protocol", "storage", "batch", "batch/errors"}},
    // The simulated cluster, and what tests of jobs see of it.
    {"apps/testing/sim", {"storage", "storage/audit", "storage/verbs",
                          "storage/sqlite", "batch/sql", "actors"}},
    {"apps/testing",     {"storage", "storage/audit", "storage/sqlite", "batch",
                          "apps/testing/sim"}},
    {"apps/demo",             {"protocol", "storage", "apps/jobs/customer_etl", "apps/partita"}},
    {"apps/generate",         {"apps/jobs/customer_etl", "apps/jobs/marc",
                               "apps/jobs/sanctions_screening", "apps/partita"}},
    {"apps",                  {"apps/jobs/range_sum", "apps/jobs/command", "apps/jobs/customer_etl",
                               "apps/jobs/marc", "apps/jobs/sanctions_screening",
                               "apps/jobs/services", "apps/partita", "apps/program",
                               "apps/demo", "apps/generate"}},

    {"bench", {"storage", "storage/audit", "batch", "batch/readers", "batch/writers", "actors",
               "apps/jobs/customer_etl", "apps/jobs/marc", "apps/jobs/sanctions_screening",
               "apps/partita", "apps/partita/bench"}},

    {"tests/tidy",     {}},
    {"tests/support",  {"protocol", "storage", "storage/audit", "storage/memory", "storage/sqlite",
                        "storage/postgres"}},
    {"tests/protocol", {"protocol"}},
    {"tests/storage",  {"storage", "storage/audit", "storage/postgres", "batch", "batch/readers",
                        "batch/writers", "tests/support"}},
    {"tests/batch",    {"protocol", "batch", "batch/objects", "batch/readers", "batch/writers",
                        "tests/support"}},
    {"tests/sim",      {"protocol", "storage", "storage/audit", "storage/memory",
                        "storage/postgres", "batch", "batch/writers", "actors",
                        "apps/testing/sim"}},
    {"tests/support/sim_cluster", {"storage/memory", "apps/testing/sim"}},
    {"tests/actors",   {"protocol", "storage", "batch", "actors", "tests/support",
                        "tests/support/sim_cluster"}},
    {"tests/apps",     {"batch", "batch/errors", "apps/jobs/range_sum", "apps/jobs/customer_etl",
                        "apps/jobs/marc", "apps/jobs/sanctions_screening", "apps/testing", "bench",
                        "tests/support"}},
    {"tests/apps/testing", {"batch", "batch/readers", "batch/writers", "apps/testing",
                            "tests/support"}},
    {"tests/cli",      {"protocol", "storage", "batch", "apps/client", "apps/partita",
                        "apps/partita/bench", "apps/partita/http", "apps/partita/report",
                        "apps/partita/traces", "tests/support"}},
    {"tests/process",  {"batch", "batch/readers", "batch/writers", "apps/program"}},
    {"tests/chaos",    {"batch", "batch/writers", "apps/program"}},
    {"tests/fuzz",     {"storage/postgres", "batch", "batch/readers", "batch/writers", "actors",
                        "apps/jobs/marc", "apps/jobs/sanctions_screening", "apps/partita",
                        "bench"}},
};
// clang-format on

/// The row of a file: the one that names it, with or without its ending, else its folder's.
std::string room_of(const fs::path& file) {
  for (const auto& one : house)
    if (one.name == file || one.name == fs::path{file}.replace_extension()) return one.name;
  return file.parent_path().string();
}

/// "batch" for the room "batch/sql", which is one file: who may include the folder may include it.
std::string folder_of(const std::string& room) {
  return fs::exists(root / (room + ".hpp")) ? fs::path{room}.parent_path().string() : std::string{};
}

struct arrow {
  std::string where;  // file and line
  fs::path from;
  fs::path to;
};

std::vector<arrow> arrows() {
  const std::string words = "#include \"";
  std::vector<arrow> all;
  for (const auto* top : {"protocol", "storage", "batch", "actors", "apps", "bench", "tests"})
    for (const auto& entry : fs::recursive_directory_iterator(root / top)) {
      const auto ending = entry.path().extension();
      if (ending != ".hpp" && ending != ".cpp") continue;
      const auto from = fs::relative(entry.path(), root);
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        if (!line.starts_with(words)) continue;
        const auto to = line.substr(words.size(), line.rfind('"') - words.size());
        all.push_back({from.string() + ":" + std::to_string(number) + ": " + line, from, to});
      }
    }
  return all;
}

}  // namespace

TEST_CASE("the table of rooms is in order: each names only rooms above it") {
  std::set<std::string> above;
  for (const auto& one : house) {
    for (const auto& name : one.below) {
      INFO(one.name << " may include " << name << ", which is not above it in the table");
      CHECK(above.contains(name));
    }
    INFO(one.name << " has two rows");
    CHECK(above.insert(one.name).second);
  }
}

TEST_CASE("a room includes only what the table allows, and the table allows no more") {
  std::map<std::string, std::set<std::string>> unused;
  for (const auto& one : house) unused[one.name] = {one.below.begin(), one.below.end()};
  const auto allowed = unused;
  for (const auto& each : arrows()) {
    const auto from = room_of(each.from);
    const auto to = room_of(each.to);
    const auto row = allowed.find(from);
    if (row == allowed.end())
      FAIL_CHECK(each.where << " -- " << from << " has no row");
    else if (from != to && !row->second.contains(to) && !row->second.contains(folder_of(to)))
      FAIL_CHECK(each.where << " -- " << from << " may not include " << to);
    else
      unused[from].erase(to);
  }
  for (const auto& [from, rooms] : unused)
    for (const auto& to : rooms)
      FAIL_CHECK(from << " includes nothing of " << to << " any more: take it out of its row");
}
