#include "batch/output_files.hpp"

#include <catch2/catch.hpp>

#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::read_file;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

TEST_CASE("a staged file is hidden, beside the final one and the attempt's own") {
  const auto file = stage_output("/out/f.xml", run_id{7}, lease_id{9}, 0);
  CHECK(file.final_path == "/out/f.xml");
  CHECK(file.staged_path == "/out/.f.xml.run-7.lease-9.no-0.part");
}

TEST_CASE("publishing replaces the final file and can be repeated") {
  temp_dir dir;
  const auto file = stage_output(dir / "f.xml", run_id{1}, lease_id{2}, 0);
  write_file(file.final_path, "old");
  write_file(file.staged_path, "new");
  sync_file(file.staged_path);
  publication files;
  files.add(file);
  CHECK(read_file(file.final_path) == "new");
  CHECK_FALSE(fs::exists(file.staged_path));
  files.add(file);
  files.finish();
  files.finish();
  CHECK(read_file(file.final_path) == "new");
  CHECK_THROWS_AS(sync_file(file.staged_path), std::system_error);
}

TEST_CASE("a folder that is gone when a publication is finished is no failure") {
  temp_dir dir;
  fs::create_directory(dir / "out");
  const auto file = stage_output(dir / "out/f.xml", run_id{1}, lease_id{2}, 0);
  write_file(file.staged_path, "new");
  publication files;
  files.add(file);
  fs::remove_all(dir / "out");
  CHECK_NOTHROW(files.finish());
}

TEST_CASE("a discarded attempt leaves the final file alone") {
  temp_dir dir;
  const auto file = stage_output(dir / "f.xml", run_id{1}, lease_id{2}, 0);
  write_file(file.final_path, "winner");
  write_file(file.staged_path, "loser");
  discard(file);
  discard(file);
  CHECK_FALSE(fs::exists(file.staged_path));
  CHECK(read_file(file.final_path) == "winner");
}

TEST_CASE("leftovers of this run are removed, and nothing else") {
  temp_dir dir;
  const auto mine = stage_output(dir / "f.xml", run_id{1}, lease_id{2}, 0);
  const auto other_run = stage_output(dir / "f.xml", run_id{12}, lease_id{2}, 0);
  for (const auto& file :
       {mine.staged_path, other_run.staged_path, mine.final_path, dir / "x.part"})
    write_file(file, "");
  remove_leftovers({mine.final_path, dir / "gone/g.xml"}, run_id{1});
  CHECK_FALSE(fs::exists(mine.staged_path));
  CHECK(fs::exists(other_run.staged_path));
  CHECK(fs::exists(mine.final_path));
  CHECK(fs::exists(dir / "x.part"));
}

TEST_CASE("files are stored beside the author's document, as pairs") {
  CHECK(to_text(std::vector<output_file>{}).empty());
  CHECK(parse_files("").empty());
  const auto back = parse_files(to_text({{"/a/f", "/a/.f.part"}}));
  REQUIRE(back.size() == 1);
  CHECK(back[0].final_path == "/a/f");
  CHECK(back[0].staged_path == "/a/.f.part");
  CHECK(parse_files("no json").empty());
  CHECK(parse_files(R"({"files":[]})").empty());
  CHECK(parse_files(R"([["/a"],7,["/a",7],["/b/f","/b/.f.part"]])").size() == 1);
}
