#include "batch/files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <catch2/catch.hpp>

#include <fstream>
#include <system_error>
#include <thread>

#include "batch/output_files.hpp"
#include "batch/parameters.hpp"
#include "batch/readers/csv.hpp"
#include "batch/writers/file_sink.hpp"
#include "batch/writers/output_folder.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using Catch::Contains;
using test::read_file;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

/// Files beneath `allowed` may be used until the end of the test, and no others.
struct confined {
  temp_dir dir;
  fs::path allowed = dir / "allowed";
  fs::path secret = dir / "secret";
  confined() {
    fs::create_directory(allowed);
    fs::create_directory(dir / "allowed-not");
    write_file(secret, "id\n1\n");
    write_file(allowed / "in.csv", "id\n1\n");
    confine_files({allowed});
  }
  ~confined() { confine_files({"/"}); }
};

void read(const fs::path& file) { open_confined(file, O_RDONLY, "cannot read"); }

}  // namespace

TEST_CASE("files beneath the folders can be used, by any name that stays beneath them") {
  confined c;
  read(c.allowed / "in.csv");
  read(c.allowed / "." / "in.csv");
  read(c.allowed / ".." / "allowed" / "in.csv");
  read(c.allowed);
  fs::create_directory(c.allowed / "below");
  fs::create_symlink("../in.csv", c.allowed / "below" / "link.csv");
  read(c.allowed / "below" / "link.csv");
  CHECK(csv::split(c.allowed / "in.csv", "id", 4).size() == 1);
  CHECK_THROWS_WITH(read(c.allowed / "none"), Contains("cannot read") && Contains("No such file"));
}

TEST_CASE("a file elsewhere is refused under whatever name, and nothing of it is opened") {
  confined c;
  fs::create_symlink(c.secret, c.allowed / "absolute");
  fs::create_symlink("../secret", c.allowed / "relative");
  fs::create_symlink("/proc/self/root", c.allowed / "magic");
  fs::create_symlink("..", c.allowed / "up");
  const std::vector<fs::path> names{c.secret,
                                    c.allowed / "../secret",
                                    c.allowed / "below/../../secret",
                                    c.dir / "allowed-not",
                                    c.allowed / "absolute",
                                    c.allowed / "relative",
                                    c.allowed / "up/secret",
                                    fs::path{"/etc/passwd"},
                                    fs::path{"/proc/self/environ"},
                                    fs::path{"/"}};
  for (const auto& name : names) {
    INFO(name);
    CHECK_THROWS_AS(read(name), permanent_error);
    CHECK_THROWS_WITH(read(name), Contains("folders that jobs of this node may use: ") &&
                                      Contains(c.allowed.string()));
    CHECK_THROWS_AS(csv::split(name, "id", 4), permanent_error);
    CHECK_THROWS_AS(file_sink{name / "f.xml"}, permanent_error);
  }
  CHECK_THROWS(read(c.allowed / "magic/etc/passwd"));
  CHECK(read_file(c.secret) == "id\n1\n");
}

TEST_CASE("parameters name files beneath the folders, or cannot be read") {
  confined c;
  const parameters given{{{"good", (c.allowed / "x").string()}, {"bad", c.secret.string()}}};
  CHECK(given.get<fs::path>("good") == c.allowed / "x");
  CHECK_THROWS_WITH(given.get<fs::path>("bad"), Contains("secret lies outside the folders"));
  CHECK_THROWS_AS(given.find<fs::path>("bad"), permanent_error);
}

TEST_CASE("rows cannot have files renamed or removed that are elsewhere, or were never staged") {
  confined c;
  write_file(c.allowed / "loot", "loot");
  const auto outside = stage_output(c.dir / "f", run_id{1}, "step", lease_id{1}, 0);
  write_file(outside.staged_path, "staged");
  CHECK_THROWS_AS(publication{}.add(outside), permanent_error);
  CHECK_THROWS_AS(publication{}.add({c.secret, c.allowed / "loot"}), permanent_error);
  CHECK_THROWS_AS(publication{}.add({c.allowed / "f", c.allowed / "loot"}), permanent_error);
  CHECK_THROWS_AS(publication{}.add({c.allowed / "f", c.dir / ".f.run-1.lease-1.part"}),
                  permanent_error);
  discard(outside);
  CHECK_THROWS_AS(remove_leftovers({outside.final_path}, run_id{1}, "step"), permanent_error);
  CHECK(fs::exists(outside.staged_path));
  CHECK(read_file(c.secret) == "id\n1\n");
  CHECK(read_file(c.allowed / "loot") == "loot");
}

TEST_CASE("a folder that turns into a symbolic link in between lets nobody out") {
  confined c;
  const auto door = c.allowed / "door";
  const auto aside = c.allowed / "aside";
  fs::create_directory(door);
  write_file(door / "secret", "harmless");
  fs::create_symlink(c.dir / "", c.allowed / "out");
  std::jthread swapper([&](std::stop_token stop) {
    while (!stop.stop_requested()) {
      fs::rename(door, aside);
      fs::rename(c.allowed / "out", door);
      fs::rename(door, c.allowed / "out");
      fs::rename(aside, door);
    }
  });
  int read_well = 0;
  for (int i = 0; i < 20'000; ++i) {
    try {
      const auto file = open_confined(door / "secret", O_RDONLY, "cannot read");
      char text[8] = {};
      REQUIRE(::pread(file.get(), text, sizeof text, 0) == 8);
      REQUIRE(std::string(text, 8) == "harmless");
      ++read_well;
    } catch (const std::exception&) {  // it is a link at the moment, or nothing
    }
  }
  CHECK(read_well > 0);
}

TEST_CASE("output folders are made, listed and emptied beneath the folders, and nowhere else") {
  confined c;
  const auto victim = c.dir / "victim";
  fs::create_directory(victim);
  write_file(victim / "5_entity", "precious");
  fs::create_symlink("../victim", c.allowed / "out");
  for (const auto& folder : {c.allowed / "out", victim, c.allowed / "../victim"}) {
    CAPTURE(folder);
    CHECK_THROWS_AS(remove_numbered_from(0, folder, "", "_entity"), permanent_error);
    CHECK_THROWS_AS(numbered_files(folder, "", "_entity"), permanent_error);
    CHECK_THROWS_AS(is_folder(folder), permanent_error);
    CHECK_THROWS_AS(create_small_file(folder / "new", ""), permanent_error);
    remove_small_file(folder / "5_entity");
    CHECK_THROWS_AS(require_writable(folder), permanent_error);
    CHECK_THROWS_AS(require_writable(folder / "new/er"), permanent_error);
    CHECK(read_file(victim / "5_entity") == "precious");
    CHECK_FALSE(fs::exists(victim / "new"));
  }
  // A link that stays beneath them is followed.
  fs::create_directory(c.allowed / "real");
  fs::create_symlink("real", c.allowed / "link");
  require_writable(c.allowed / "link/a/b/");
  require_writable(c.allowed / "link/a/b");
  require_writable(c.allowed);
  CHECK(is_folder(c.allowed / "real/a/b"));
  CHECK_FALSE(is_folder(c.allowed / "real/b"));
  write_file(c.allowed / "real/a/5_entity", "");
  write_file(c.allowed / "real/file", "");
  remove_numbered_from(0, c.allowed / "link/a", "", "_entity");
  CHECK_FALSE(fs::exists(c.allowed / "real/a/5_entity"));
  CHECK_THROWS_WITH(require_writable(c.allowed / "real/file/a"),
                    Contains("cannot create folder") && Contains("Not a directory"));
}

TEST_CASE("a small file is made by one, and replaced as a whole") {
  temp_dir dir;
  CHECK(create_small_file(dir / "a.json", "1"));
  CHECK_FALSE(create_small_file(dir / "a.json", "2"));
  CHECK(read_file(dir / "a.json") == "1");
  replace_small_file(dir / "a.json", "");
  CHECK(read_file(dir / "a.json").empty());
  CHECK(std::distance(fs::directory_iterator{dir.path()}, {}) == 1);
}

TEST_CASE("folders can be named by a symbolic link, and must be there") {
  temp_dir dir;
  fs::create_directory(dir / "real");
  write_file(dir / "real/f", "x");
  fs::create_directory_symlink(dir / "real", dir / "link");
  confine_files({dir / "link/"});
  read(dir / "link/f");
  read(dir / "real/f");
  CHECK_THROWS_AS(read(dir / "f"), permanent_error);
  CHECK_THROWS_WITH(confine_files({dir / "none"}), Contains("--files") && Contains("none"));
  read(dir / "link/f");  // what was refused changed nothing
  confine_files({});
  CHECK_THROWS_WITH(read(dir / "real/f"), Contains("may use: none"));
  CHECK_THROWS_AS(require_confined(dir / "real/f"), permanent_error);
  confine_files({"/"});
  CHECK_THROWS_AS(read(dir / "f"), std::system_error);
}
