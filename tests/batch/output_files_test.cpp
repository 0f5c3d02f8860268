#include "batch/output_files.hpp"

#include <catch2/catch.hpp>

#include <thread>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::read_file;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

/// What run `run` has staged, known by its identity.
output_file staged_by(std::int64_t run, const fs::path& final_path, std::string_view bytes) {
  auto file = stage_output(final_path, run_id{run}, "step", lease_id{run}, 0);
  write_file(file.staged_path, bytes);
  file.identity = sync_file(file);
  return file;
}

output_file published_by(std::int64_t run, const fs::path& final_path, std::string_view bytes) {
  auto file = staged_by(run, final_path, bytes);
  publication files;
  files.add(file);
  files.finish();
  return file;
}

}  // namespace

TEST_CASE("a staged file is hidden, beside the final one and the attempt's own") {
  const auto file = stage_output("/out/f.xml", run_id{7}, "step", lease_id{9}, 0);
  CHECK(file.final_path == "/out/f.xml");
  CHECK(file.staged_path == "/out/.f.xml.run-7.step-2936753689.lease-9.no-0.part");
}

TEST_CASE("publishing replaces the final file and can be repeated") {
  temp_dir dir;
  const auto file = stage_output(dir / "f.xml", run_id{1}, "step", lease_id{2}, 0);
  write_file(file.final_path, "old");
  write_file(file.staged_path, "new");
  sync_file(file);
  publication files;
  files.add(file);
  CHECK(read_file(file.final_path) == "new");
  CHECK_FALSE(fs::exists(file.staged_path));
  files.add(file);
  files.finish();
  files.finish();
  CHECK(read_file(file.final_path) == "new");
  CHECK_THROWS_AS(sync_file(file), std::system_error);
}

TEST_CASE("a folder that is gone when a publication is finished is no failure") {
  temp_dir dir;
  fs::create_directory(dir / "out");
  const auto file = stage_output(dir / "out/f.xml", run_id{1}, "step", lease_id{2}, 0);
  write_file(file.staged_path, "new");
  publication files;
  files.add(file);
  fs::remove_all(dir / "out");
  CHECK_NOTHROW(files.finish());
}

TEST_CASE("a discarded attempt leaves the final file alone") {
  temp_dir dir;
  const auto file = stage_output(dir / "f.xml", run_id{1}, "step", lease_id{2}, 0);
  write_file(file.final_path, "winner");
  write_file(file.staged_path, "loser");
  discard(file);
  discard(file);
  CHECK_FALSE(fs::exists(file.staged_path));
  CHECK(read_file(file.final_path) == "winner");
}

TEST_CASE("leftovers of this run are removed, and nothing else") {
  temp_dir dir;
  const auto mine = stage_output(dir / "f.xml", run_id{1}, "step", lease_id{2}, 0);
  const auto other_run = stage_output(dir / "f.xml", run_id{12}, "step", lease_id{2}, 0);
  for (const auto& file :
       {mine.staged_path, other_run.staged_path, mine.final_path, dir / "x.part"})
    write_file(file, "");
  remove_leftovers({mine.final_path, dir / "gone/g.xml"}, run_id{1}, "step");
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

TEST_CASE("what files are known by stands behind the pairs, where older programs do not look") {
  const auto text = to_text({{"/a/f", "/a/.f.part", "1-2-3"}, {"/a/g", "/a/.g.part"}});
  CHECK(text == R"([["/a/f","/a/.f.part"],["/a/g","/a/.g.part"],{"identities":["1-2-3",""]}])");
  const auto back = parse_files(text);
  REQUIRE(back.size() == 2);
  CHECK(back[0].identity == "1-2-3");
  CHECK(back[1].identity.empty());
  CHECK(to_text({{"/a/f", "/a/.f.part"}}) == R"([["/a/f","/a/.f.part"]])");
  const auto damaged = [](const std::string& behind) {
    const auto files = parse_files(R"([["/a/f","/a/.f.part"],)" + behind + "]");
    return files.size() == 1 && files[0].identity.empty();
  };
  CHECK(damaged(R"({"identities":[]})"));
  CHECK(damaged(R"({"identities":["1-2-3","4-5-6"]})"));
  CHECK(damaged(R"({"identities":[7]})"));
  CHECK(damaged(R"({"identities":"1-2-3"})"));
  CHECK(damaged(R"({"others":["1-2-3"]})"));
}

TEST_CASE("a file that was published is removed once, and what it was staged as, too") {
  temp_dir dir;
  const auto file = published_by(1, dir / "f", "mine");
  const auto late = staged_by(1, dir / "g", "not published");
  CHECK(remove_published(file));
  CHECK(remove_published(late));
  CHECK(fs::is_empty(dir.path()));
  CHECK_FALSE(remove_published(file));
  CHECK_FALSE(remove_published(late));
  sync_removed({file, late});
}

TEST_CASE("a file without identity is not removed") {
  temp_dir dir;
  auto file = published_by(1, dir / "f", "mine");
  file.identity.clear();
  CHECK_FALSE(remove_published(file));
  CHECK(read_file(dir / "f") == "mine");
}

TEST_CASE("a file is not removed that is not exactly what the run has written") {
  temp_dir dir;
  const auto file = published_by(1, dir / "f", "mine");
  SECTION("a newer run has replaced it") { published_by(2, dir / "f", "mine"); }
  SECTION("it was edited") { std::ofstream{dir / "f", std::ios::app} << "more"; }
  SECTION("it was copied, to the nanosecond") {
    fs::rename(dir / "f", dir / "kept");
    fs::copy(dir / "kept", dir / "f");
    fs::last_write_time(dir / "f", fs::last_write_time(dir / "kept"));
  }
  SECTION("a link leads to it") {
    fs::rename(dir / "f", dir / "kept");
    fs::create_symlink(dir / "kept", dir / "f");
  }
  SECTION("a folder has its name") {
    fs::remove(dir / "f");
    fs::create_directory(dir / "f");
  }
  CHECK_FALSE(remove_published(file));
  CHECK(fs::exists(dir / "f"));
  CHECK_FALSE(fs::exists(file.staged_path));
}

TEST_CASE("a folder that is gone, or another host's, holds nothing to remove") {
  temp_dir dir;
  fs::create_directory(dir / "out");
  const auto file = published_by(1, dir / "out/f", "mine");
  fs::remove_all(dir / "out");
  CHECK_FALSE(remove_published(file));
  CHECK_NOTHROW(sync_removed({file}));
}

TEST_CASE("a row cannot have a file removed that no attempt could have written") {
  temp_dir dir;
  const auto file = published_by(1, dir / "f", "mine");
  CHECK_THROWS_AS(remove_published({dir / "f", dir / "g", file.identity}), permanent_error);
  CHECK_THROWS_AS(
      remove_published({dir / "f", dir / "other" / file.staged_path.filename(), file.identity}),
      permanent_error);
  fs::create_directory(dir / "allowed");
  confine_files({dir / "allowed"});
  CHECK_THROWS_AS(remove_published(file), permanent_error);
  confine_files({"/"});
  CHECK(read_file(dir / "f") == "mine");
}

TEST_CASE("a file that is published while an older one is removed stays") {
  temp_dir dir;
  for (int i = 0; i < 300; ++i) {
    const auto old = published_by(1, dir / "f", "old");
    const auto newer = staged_by(2, dir / "f", "newer");
    std::thread others{[&] { remove_published(old); }};
    std::thread publishing{[&] {
      publication files;
      files.add(newer);
    }};
    remove_published(old);
    others.join();
    publishing.join();
    REQUIRE(read_file(dir / "f") == "newer");
    REQUIRE_FALSE(fs::exists(old.staged_path));
  }
}
