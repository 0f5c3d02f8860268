#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "actors/log_event.hpp"
#include "batch/batch.hpp"
#include "batch/files.hpp"
#include "tests/support/sim_cluster.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::read_file;
using partita::test::sim_cluster;
using partita::test::temp_dir;
namespace fs = std::filesystem;

namespace {

/// Each partition writes a file of the folder: which run it is of.
job writing(const std::string& name, const temp_dir& dir, std::size_t partitions = 3) {
  return job{name}.step(
      partitioned{"write"}
          .split([partitions](split_context&) { return std::vector<partition>(partitions); })
          .each([&dir, name](partition_context& p) {
            std::ofstream{p.output_file(dir / (name + "-{}"))} << p.run().value;
          }));
}

std::size_t files_in(const temp_dir& dir) {
  const fs::directory_iterator all{dir.path()};
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Counts the warnings of this name.
class warnings {
 public:
  explicit warnings(std::string name) : name_(std::move(name)) {
    log::send_to(log::level::warn, [this](const log::event& e) { count_ += e.name == name_; });
  }
  ~warnings() { log::send_to(log::level::off, {}); }
  int count() const { return count_; }

 private:
  std::string name_;
  int count_ = 0;
};

}  // namespace

TEST_CASE("a node that removes rows goes on when the pause that it asked for is over") {
  const auto large =
      job{"large"}.step(partitioned{"work"}
                            .split([](split_context&) { return std::vector<partition>(4'000); })
                            .each([](partition_context&) {}));
  sim_cluster cluster{{large}};
  cluster.add_node();
  for (int i = 0; i < 5; ++i) REQUIRE(cluster.finish(cluster.submit("large")));
  // A slow piece asks for a long pause, the fast piece after it for a shorter one.
  REQUIRE(cluster.client().count_purging() == 0);
  int pieces = 0;
  cluster.before_verb([&](const verb& v) {
    if (std::string_view{v.name} == "purge_rows" && ++pieces == 1) cluster.work(20ms);
  });
  cluster.client().set_retention("", retention{1s, 0});
  REQUIRE(cluster.advance_until([&] { return pieces > 0; }, 180s));
  cluster.advance(10 * fast_settings().heartbeat);
  CHECK(cluster.client().count_purging() == 0);
  CHECK(cluster.violations().empty());
}

TEST_CASE("files go with their run, before its rows, where the job says so") {
  temp_dir dir;
  sim_cluster cluster{{writing("going", dir).files_expire(), writing("staying", dir)}};
  cluster.add_node();
  REQUIRE(cluster.finish(cluster.submit("going")));
  REQUIRE(cluster.finish(cluster.submit("staying")));
  REQUIRE(files_in(dir) == 6);
  bool rows_went = false;
  std::size_t left = 6;
  cluster.before_verb([&](const verb& v) {
    if (std::string_view{v.name} == "files_are_gone") left = std::min(left, files_in(dir));
    if (std::string_view{v.name} == "purge_rows") rows_went = true;
    if (left > 3) CHECK_FALSE(rows_went);
  });
  cluster.client().set_retention("", retention{1s, 0});
  REQUIRE(cluster.advance_until([&] { return rows_went; }, 180s));
  REQUIRE(cluster.advance_until([&] { return cluster.client().count_purging() == 0; }, 180s));
  CHECK(files_in(dir) == 3);
  CHECK(fs::exists(dir / "staying-2"));
  CHECK(cluster.violations().empty());
}

TEST_CASE("a file that a newer run has replaced stays") {
  temp_dir dir;
  sim_cluster cluster{{writing("going", dir).files_expire()}};
  cluster.add_node();
  REQUIRE(cluster.finish(cluster.submit("going")));
  const auto newer = cluster.submit("going");
  REQUIRE(cluster.finish(newer));
  cluster.client().set_retention("", retention{1s, 1});
  REQUIRE(cluster.advance_until([&] { return cluster.client().count_purging() > 0; }, 180s));
  REQUIRE(cluster.advance_until([&] { return cluster.client().count_purging() == 0; }, 180s));
  CHECK(files_in(dir) == 3);
  CHECK(read_file(dir / "going-1") == std::to_string(newer.value));
  CHECK(cluster.violations().empty());
}

TEST_CASE("a node that is lost while it removes files leaves them, and the rows, to others") {
  temp_dir dir;
  sim_cluster cluster{{writing("going", dir, 1'200).files_expire()}};
  cluster.add_node();
  const auto run = cluster.submit("going");
  REQUIRE(cluster.finish(run));
  REQUIRE(files_in(dir) == 1'200);
  int pieces = 0;
  bool said = false;
  cluster.before_verb([&](const verb& v) {
    if (std::string_view{v.name} == "next_purged_files") ++pieces;
    if (std::string_view{v.name} == "files_are_gone") said = true;
  });
  cluster.client().set_retention("", retention{1s, 0});
  REQUIRE(cluster.advance_until([&] { return pieces == 2; }, 180s));
  cluster.kill(0);
  CHECK(!said);
  CHECK(files_in(dir) > 0);
  CHECK(files_in(dir) < 1'200);
  cluster.add_node();
  REQUIRE(cluster.advance_until([&] { return cluster.client().count_purging() == 0; }, 180s));
  CHECK(said);
  CHECK(files_in(dir) == 0);
  CHECK(cluster.violations().empty());
}

TEST_CASE("a file that cannot be removed keeps no rows, and few are told of") {
  temp_dir dir, elsewhere;
  sim_cluster cluster{{writing("going", dir, 20).files_expire()}};
  cluster.add_node();
  REQUIRE(cluster.finish(cluster.submit("going")));
  confine_files({elsewhere.path()});
  warnings told{"file_not_removed"};
  cluster.client().set_retention("", retention{1s, 0});
  CHECK(cluster.advance_until([&] { return cluster.client().count_purging() > 0; }, 180s));
  CHECK(cluster.advance_until([&] { return cluster.client().count_purging() == 0; }, 180s));
  confine_files({"/"});
  CHECK(told.count() == 3);
  CHECK(files_in(dir) == 20);
  CHECK(cluster.violations().empty());
}
