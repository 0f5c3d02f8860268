#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <sstream>

#include "tests/support/backend.hpp"
#include "tests/support/sqlite_reader.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::test;

namespace {

std::string checked_in(const std::string& backend) {
  return read_file(std::filesystem::path{PARTITA_SOURCE_DIR} / "storage" / backend / "schema.sql");
}

/// Without comment lines, which tell how the file was made, and without empty lines at the ends.
std::string statements(const std::string& text) {
  std::istringstream lines{text};
  std::string kept, line;
  bool in_statement = false;
  while (std::getline(lines, line)) {
    if (!in_statement && (line.empty() || line.starts_with("--"))) continue;
    in_statement = true;
    kept += line + "\n";
  }
  auto end = kept.find_last_not_of(";\n ");
  return kept.substr(0, end == std::string::npos ? 0 : end + 1);
}

/// pg_dump's text without what says nothing of the schema: comments, settings, empty lines.
std::string dumped_statements(const std::string& text) {
  std::istringstream lines{text};
  std::string kept, line;
  while (std::getline(lines, line)) {
    auto starts = [&](const char* with) { return line.starts_with(with); };
    if (line.empty() || starts("--") || starts("SET ") || starts("SELECT pg_catalog.set_config") ||
        starts("\\restrict") || starts("\\unrestrict"))
      continue;
    kept += line + "\n";
  }
  return kept;
}

std::string output_of(const char* command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe{::popen(command, "r"), &::pclose};
  REQUIRE(pipe);
  std::string text;
  std::array<char, 4096> block;
  while (auto n = std::fread(block.data(), 1, block.size(), pipe.get()))
    text.append(block.data(), n);
  return text;
}

bool runs(const std::string& backend) {
  const auto& names = backend_names();
  return std::find(names.begin(), names.end(), backend) != names.end();
}

}  // namespace

TEST_CASE("migrating an empty SQLite file makes the schema that is checked in") {
  if (!runs("sqlite")) return;
  CHECK(statements(fresh_sqlite_schema()) == statements(checked_in("sqlite")));
}

TEST_CASE("migrating an empty PostgreSQL database makes the schema that is checked in") {
  if (!runs("postgres")) return;
  make_backend("postgres");
  auto dump = output_of(
      "pg_dump --schema-only --no-owner --no-privileges --schema=partita "
      "--dbname=\"$PARTITA_TEST_PG\"");
  CHECK(dumped_statements(dump) == dumped_statements(checked_in("postgres")));
}

TEST_CASE("migrating again changes nothing, and the schema fits") {
  for (const auto& name : backend_names()) {
    INFO("on " << name);
    auto on = make_backend(name);
    CHECK(on->db().migrate() == 0);
    auto status = on->db().schema();
    CHECK(status.fits());
    CHECK(status.found == status.expected);
    for (const auto& m : status.migrations) CHECK(m.applied);
  }
}
