#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <string>
#include <vector>

// The rules of the house that a machine can check, so that nobody has to remember them.

namespace fs = std::filesystem;

namespace {

const fs::path root{PARTITA_SOURCE_DIR};

struct source_line {
  fs::path file;  // relative to the root
  int number = 0;
  std::string text;
  std::string where() const { return file.string() + ":" + std::to_string(number); }
};

bool is_code(const fs::path& file) {
  static const std::set<std::string> endings{".hpp", ".cpp", ".sql", ".sh",
                                             ".txt", ".js",  ".css", ".cmake"};
  return endings.contains(file.extension().string());
}

void for_each_line(const std::vector<std::string>& folders,
                   const std::function<void(const source_line&)>& visit) {
  for (const auto& folder : folders) {
    REQUIRE(fs::is_directory(root / folder));
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (!entry.is_regular_file() || !is_code(entry.path())) continue;
      std::ifstream in(entry.path());
      source_line line{fs::relative(entry.path(), root), 0, {}};
      while (std::getline(in, line.text)) {
        ++line.number;
        visit(line);
      }
    }
  }
}

const std::vector<std::string> everywhere{"protocol", "storage", "batch", "actors",
                                          "apps",     "tests",   "bench"};
const std::vector<std::string> product{"protocol", "storage", "batch", "actors", "apps"};

bool mentions(const source_line& line, const std::string& word) {
  auto comment = line.text.find("//");
  auto at = line.text.find(word);
  return at != std::string::npos && (comment == std::string::npos || at < comment);
}

bool within(const source_line& line, const std::string& folder) {
  return line.file.string().starts_with(folder);
}

}  // namespace

TEST_CASE("the top level holds what was agreed and nothing else") {
  const std::set<std::string> agreed{"CHANGELOG.md",
                                     "CMakeLists.txt",
                                     "CMakePresets.json",
                                     "CONTRIBUTING.md",
                                     "LICENSE",
                                     "README.md",
                                     "actors",
                                     "apps",
                                     "batch",
                                     "bench",
                                     "protocol",
                                     "storage",
                                     "tests"};
  for (const auto& entry : fs::directory_iterator(root)) {
    auto name = entry.path().filename().string();
    auto made = name == "build" || name.starts_with(".") || name.starts_with("partita.db");
    INFO(name);
    CHECK((made || agreed.contains(name)));
  }
}

TEST_CASE("no line is longer than 100 columns, none ends in a blank, none holds a tab") {
  for_each_line(everywhere, [](const source_line& line) {
    std::size_t columns = 0;  // code points, not bytes
    for (unsigned char c : line.text) columns += (c & 0xC0) != 0x80;
    auto generated = line.file.filename() == "schema.sql";
    auto good = columns <= 100 && (line.text.empty() || line.text.back() != ' ') &&
                line.text.find('\t') == std::string::npos;
    if (!good && !generated) FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("nothing outside storage/postgres knows its client library") {
  for_each_line(product, [](const source_line& line) {
    if (within(line, "storage/postgres/")) return;
    if (line.text.find("<pqxx") != std::string::npos || mentions(line, "pqxx::") ||
        line.text.find("libpq-fe") != std::string::npos)
      FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("nothing outside storage/sqlite knows its library") {
  for_each_line(product, [](const source_line& line) {
    if (!within(line, "storage/sqlite/") && line.text.find("<sqlite3.h>") != std::string::npos)
      FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("only the sink of the log knows its library: all others log events as data") {
  for_each_line(everywhere, [](const source_line& line) {
    if (line.file == "apps/partita/log.cpp" || within(line, "tests/tidy/")) return;
    if (line.text.find("<spdlog/") != std::string::npos || mentions(line, "spdlog::"))
      FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("clocks are read in storage/clock.cpp only") {
  for_each_line(product, [](const source_line& line) {
    if (line.file == "storage/clock.cpp") return;
    for (const auto* call : {"_clock::now", "clock_gettime", "gettimeofday", "std::time("})
      if (mentions(line, call)) FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("no test waits by sleeping, and no actor does") {
  // tests/process watches other processes; storage rests between tries of a busy database, and
  // batch/objects between those of an object store.
  for_each_line({"tests", "actors", "batch", "protocol", "apps"}, [](const source_line& line) {
    if (within(line, "tests/process/") || within(line, "tests/tidy/") ||
        within(line, "batch/objects/"))
      return;
    for (const auto* call : {"sleep_for", "sleep_until", "usleep(", "nanosleep("})
      if (mentions(line, call)) FAIL_CHECK(line.where() << ": " << line.text);
  });
}

TEST_CASE("a header guards itself with pragma once") {
  for (const auto& folder : everywhere)
    for (const auto& entry : fs::recursive_directory_iterator(root / folder)) {
      if (entry.path().extension() != ".hpp") continue;
      std::ifstream in(entry.path());
      std::string first;
      std::getline(in, first);
      INFO(entry.path());
      CHECK(first == "#pragma once");
    }
}
