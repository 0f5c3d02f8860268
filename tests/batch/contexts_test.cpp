#include <catch2/catch.hpp>
#include <thread>

#include "batch/batch.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;

TEST_CASE("a split sees the nodes and their slots, at least one of each") {
  const split_context none{parameters{}, {}, {}};
  CHECK(none.nodes() == 1);
  CHECK(none.slots() == 1);
  const split_context three{parameters{}, {{node_id{1}, 4, 0}, {node_id{2}, 8, 3}}, {}};
  CHECK(three.nodes() == 2);
  CHECK(three.slots() == 12);
}

TEST_CASE("checkpoints carry position and counts, and the next attempt goes on from them") {
  std::vector<checkpoint> committed;
  partition_setup setup;
  setup.run = run_id{1};
  setup.step = step_id{2};
  setup.step_name = "count";
  setup.no = 3;
  setup.commit = [&](const checkpoint& c) { committed.push_back(c); };
  partition_context first{setup};
  CHECK_FALSE(first.resume_position());
  CHECK(first.idempotency_key() == "1:count:3:0");
  first.counts().read = 5;
  first.checkpoint({{"at", 10}});
  first.counts().read = 8;
  first.checkpoint({{"at", 20}});
  REQUIRE(committed.size() == 2);
  CHECK(committed[0].seq == 1);
  CHECK(committed[1].seq == 2);
  CHECK(committed[0].counts.read == 5);
  CHECK(first.idempotency_key() == "1:count:3:2");

  setup.resume = committed[1];
  partition_context second{setup};
  CHECK(second.resume_position() == json{{"at", 20}});
  CHECK(second.counts().read == 8);
  CHECK(second.idempotency_key() == "1:count:3:2");
  second.checkpoint(nullptr);
  CHECK(committed.back().seq == 3);
}

TEST_CASE("a continued run has the keys of the first one") {
  partition_setup setup;
  setup.run = run_id{9};
  setup.first_run = run_id{4};
  setup.step = step_id{20};
  setup.step_name = "count";
  setup.no = 3;
  CHECK(partition_context{setup}.idempotency_key() == "4:count:3:0");
}

TEST_CASE("a requested stop ends the work at a checkpoint, after its commit") {
  int commits = 0;
  std::stop_source stop;
  partition_setup setup;
  setup.stop = stop.get_token();
  setup.commit = [&](const checkpoint&) { ++commits; };
  partition_context p{setup};
  CHECK_NOTHROW(p.stop_if_requested());
  p.checkpoint(1);
  stop.request_stop();
  CHECK(p.stop_requested());
  CHECK_THROWS_AS(p.checkpoint(2), stop_requested_error);
  CHECK(commits == 2);
  CHECK_THROWS_AS(p.stop_if_requested(), stop_requested_error);
}

TEST_CASE("a rest ends when a stop is requested, and passes virtual time where there is one") {
  std::stop_source stop;
  partition_setup setup;
  setup.stop = stop.get_token();
  const milliseconds day = std::chrono::hours{24};
  partition_context real{setup};
  std::jthread other{[&] { stop.request_stop(); }};
  CHECK_THROWS_AS(real.rest(day), stop_requested_error);
  CHECK_NOTHROW(real.rest(milliseconds{0}));  // no rest

  std::vector<milliseconds> rests;
  setup.rest = [&](milliseconds time) { rests.push_back(time); };
  setup.stop = {};
  partition_context simulated{setup};
  simulated.rest(day);
  CHECK(rests == std::vector{day});
}

TEST_CASE("a checkpoint that is refused does not count") {
  partition_setup setup;
  setup.commit = [](const checkpoint&) { throw lease_lost_error{}; };
  partition_context p{setup};
  CHECK_THROWS_AS(p.checkpoint(1), lease_lost_error);
  CHECK(p.idempotency_key() == "0::0:0");
}

TEST_CASE("input, progress, output and files reach whoever runs the partition") {
  test::temp_dir dir;
  partition_setup setup;
  setup.run = run_id{4};
  setup.lease = lease_id{5};
  setup.no = 6;
  setup.input = {{"n", 7}};
  partition_context p{setup};
  CHECK(p.input<std::map<std::string, int>>().at("n") == 7);
  CHECK_THROWS_AS(p.input<std::string>(), permanent_error);
  p.progress(1, 2);
  CHECK(setup.progress->done == 1);
  CHECK(setup.progress->total == 2);
  p.output({{"ok", true}});
  const auto staged = p.output_file(dir / "part-{}.xml");
  const auto expected =
      stage_output(dir / "part-6.xml", run_id{4}, setup.step_name, lease_id{5}, 6);
  CHECK(staged == expected.staged_path);
  REQUIRE(p.files().size() == 1);
  CHECK(p.files()[0].final_path == dir / "part-6.xml");
  CHECK(p.output() == json{{"ok", true}});
  CHECK_THROWS_AS(p.output_file(dir / "missing/f"), permanent_error);
}

TEST_CASE("files are known by what they are where they go with their run") {
  test::temp_dir dir;
  for (const bool expire : {false, true}) {
    partition_setup setup;
    setup.files_expire = expire;
    partition_context p{setup};
    test::write_file(p.output_file(dir / "f"), "bytes");
    p.sync_files();
    const auto& file = p.files().at(0);
    CHECK(file.identity == (expire ? sync_file(file) : ""));
  }
}

TEST_CASE("the number of a partition stands in the name of its file, not in a folder") {
  test::temp_dir dir;
  std::filesystem::create_directory(dir / "6");
  partition_setup setup;
  setup.no = 6;
  partition_context p{setup};
  CHECK_THROWS_WITH(p.output_file(dir / "{}/part.xml"),
                    Catch::Contains("can only stand in the name"));
  CHECK(p.files().empty());
  p.output_file(dir / "{}");
  CHECK(p.files().at(0).final_path == dir / "6");
}

TEST_CASE("results are read page by page, in order, and summed once") {
  constexpr partition_no count = 2500;
  int reads = 0;
  const results all{[&](partition_no after, int limit) {
    ++reads;
    std::vector<result_row> page;
    for (auto no = after + 1; no < count && std::cmp_less(page.size(), limit); ++no) {
      result_row row;
      row.no = no;
      row.output = json(no).dump();
      row.files = to_text({{"/out/" + std::to_string(no), "/out/.staged"}});
      row.counts = {2, 1, 1, 0};
      page.push_back(std::move(row));
    }
    return page;
  }};
  partition_no next = 0;
  all.for_each([&](const partition_result& one) {
    REQUIRE(one.no == next);
    REQUIRE(one.output == next);
    REQUIRE(one.files == std::vector<std::filesystem::path>{"/out/" + std::to_string(next)});
    ++next;
  });
  CHECK(next == count);
  CHECK(reads == 3);
  CHECK(all.count() == count);
  CHECK(all.sum_read() == 2 * count);
  CHECK(all.sum_written() == count);
  CHECK(all.sum_filtered() == count);
  CHECK(all.sum_skipped() == 0);
  CHECK(reads == 6);
}

TEST_CASE("results of nothing are nothing, and a full last page ends the reading") {
  const results none{[](partition_no, int) { return std::vector<result_row>{}; }};
  CHECK(none.count() == 0);
  const results full{[](partition_no after, int limit) {
    std::vector<result_row> page(after < 0 ? static_cast<std::size_t>(limit) : 0);
    for (std::size_t i = 0; i < page.size(); ++i) page[i].no = static_cast<partition_no>(i);
    return page;
  }};
  CHECK(full.count() == 1000);
}

TEST_CASE("an aggregator sets the result, and ends early when asked") {
  std::stop_source stop;
  run_context run{run_id{3}, parameters{json{{"n", 1}}}, stop.get_token()};
  CHECK(run.run() == run_id{3});
  CHECK(run.get<int>("n") == 1);
  CHECK_FALSE(run.result());
  run.result({{"sum", 5}});
  CHECK(run.result() == json{{"sum", 5}});
  CHECK_NOTHROW(run.stop_if_requested());
  stop.request_stop();
  CHECK_THROWS_AS(run.stop_if_requested(), stop_requested_error);
}
