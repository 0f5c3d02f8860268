#include "apps/testing/run_partition.hpp"

#include <catch2/catch.hpp>

#include "batch/writers/csv.hpp"
#include "tests/apps/testing/copying.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;

namespace {

/// Squares, of which the table refuses one and the processor filters one; and a file.
job squares() {
  return job{"squares"}
      .parameter<int>("count", default_value{10})
      .parameter<std::filesystem::path>("file", required)
      .step(partitioned{"square"}
                .split([](split_context& s) {
                  return std::vector<partition>{{"all", s.get<int>("count")}};
                })
                .each([](partition_context& p) {
                  p.rest(std::chrono::hours{24});
                  const auto before = p.query("SELECT count(*) FROM square");
                  const chunked_body body =
                      chunked<std::int64_t>{4}
                          .read([](partition_context& q) {
                            return generator<std::int64_t>{
                                [count = q.input<int>()](std::int64_t i) {
                                  return i < count ? std::optional{i} : std::nullopt;
                                }};
                          })
                          .process([](std::int64_t i) {
                            return i == 3 ? std::nullopt : std::optional{i * i};
                          })
                          .write([](partition_context&) {
                            return sql::insert<std::int64_t>{
                                "square", {"value"}, [](std::int64_t i) { return sql_row{i}; }};
                          })
                          .skip(on<constraint_error>(), at_most{1});
                  body.run(p);
                  p.output(std::get<std::int64_t>(before[0][0]));
                }))
      .step(partitioned{"write"}
                .split(test::two_parts)
                .each(chunked<int>{4}.read(test::numbers_to_copy).write([](partition_context& p) {
                  return csv::writer<int>{p.output_file(p.get<std::filesystem::path>("file")),
                                          {"item"},
                                          [](csv::fields& to, int item) { to.add(item); }};
                })));
}

const std::vector<std::string> tables{"CREATE TABLE square (value INTEGER CHECK (value <> 25))",
                                      "INSERT INTO square VALUES (-1)"};

}  // namespace

TEST_CASE("the kit runs one partition over the author's tables") {
  const auto part = test::split(squares(), "square", {{"count", 7}, {"file", "x"}}).front();
  CHECK(part.input == 7);
  const auto done = test::run_partition(squares(), "square", part,
                                        {.parameters = {{"file", "x"}}, .tables = tables});
  CHECK(done.counts == item_counts{7, 5, 1, 1});
  CHECK(done.commits == 2);
  CHECK(done.output == 1);  // what its query saw
  CHECK(done.query("SELECT value FROM square WHERE value > $1 ORDER BY value", 3) ==
        std::vector<sql_row>{{std::int64_t{4}}, {std::int64_t{16}}, {std::int64_t{36}}});
  REQUIRE(done.skipped.size() == 1);
  CHECK(done.skipped[0].item == 5);
  CHECK(done.skipped[0].stage == skip_stage::write);
}

TEST_CASE("the files of a partition get their names") {
  const test::temp_dir dir;
  const json parameters{{"file", (dir / "{}.csv").string()}};
  const auto parts = test::split(squares(), "write", parameters);
  const auto done =
      test::run_partition(squares(), "write", parts[1], {.parameters = parameters, .no = 1});
  CHECK(done.files == std::vector{dir / "1.csv"});
  CHECK(test::read_file(dir / "1.csv").starts_with("item\n0\n1\n"));
}

TEST_CASE("what a body throws passes on") {
  CHECK_THROWS_AS(test::run_partition(test::good_copying(), "copy", {"first", 0}), sql_error);
  CHECK_THROWS_WITH(test::run_partition(squares(), "square", {"all", "text"},
                                        {.parameters = {{"file", "x"}}, .tables = tables}),
                    Catch::StartsWith("input of partition 0: "));
}

TEST_CASE("what a partition cannot be run with is refused in a sentence") {
  const partition part{"all", 7};
  CHECK_THROWS_WITH(test::run_partition(squares(), "square", part),
                    "job squares: parameter file is missing: give file=path");
  CHECK_THROWS_WITH(
      test::run_partition(squares(), "square", part,
                          {.parameters = {{"file", "x"}, {"count", "many"}, {"cuont", 1}}}),
      "job squares: parameter count=many is not an integer; there is no parameter cuont; did you "
      "mean count?");
  CHECK_THROWS_WITH(test::run_partition(squares(), "square", part,
                                        {.parameters = {{"file", "x"}}, .tables = {"CREATE x"}}),
                    Catch::EndsWith(", in: CREATE x"));
}
