#include "apps/partita/progress.hpp"

#include <catch2/catch.hpp>

#include "apps/partita/text.hpp"

using namespace partita;
using namespace partita::cli;
using namespace std::chrono_literals;

namespace {

progress_view half_way() {
  progress_view view;
  view.run = run_id{7};
  view.job = "range_sum";
  view.state = run_state::running;
  view.has_master = true;
  view.steps = {"add"};
  view.completed = 12;
  view.total = 28;
  view.sealed = true;
  return view;
}

}  // namespace

TEST_CASE("a rate is the growth since the first change it remembers") {
  rate_meter meter;
  mono_time t{100s};
  CHECK(meter.per_second(t) == 0);
  meter.add(t, 0);
  meter.add(t + 1s, 0);
  CHECK(meter.per_second(t + 1s) == 0);
  meter.add(t + 2s, 10);
  CHECK(meter.per_second(t + 2s) == Approx(5));
  CHECK(meter.per_second(t + 4s) == Approx(2.5));  // nothing came since
}

TEST_CASE("a rate forgets what is long ago") {
  rate_meter meter;
  mono_time t{100s};
  meter.add(t, 0);
  meter.add(t + 1000s, 1);
  for (int i = 1; i <= 100; ++i) meter.add(t + 1000s + i * 1s, 1 + 10 * i);
  CHECK(meter.per_second(t + 1100s) == Approx(10));
}

TEST_CASE("a count that falls starts the rate anew") {
  rate_meter meter;
  mono_time t{100s};
  meter.add(t, 100);
  meter.add(t + 1s, 5);
  CHECK(meter.per_second(t + 1s) == 0);
}

TEST_CASE("the bar is full only when all is done") {
  CHECK(progress_bar(0, 0, 4) == "[....]");
  CHECK(progress_bar(99, 100, 4) == "[###.]");
  CHECK(progress_bar(100, 100, 4) == "[####]");
  CHECK(progress_bar(150, 100, 4) == "[####]");
}

TEST_CASE("the line of a terminal shows share, rate and time left, and fits") {
  auto view = half_way();
  view.partitions_per_second = 2;
  CHECK(bar_line(view, 200) ==
        "range_sum 7  [##########..............]  42%  12/28 partitions  2.0/s  ETA 8.0s");
  CHECK(width(bar_line(view, 40)) == 40);
  view.rows_per_second = 8600;
  CHECK(bar_line(view, 200).find("8,600 rows/s") != std::string::npos);
}

TEST_CASE("the time left is seen on 80 columns, whatever else is long") {
  auto view = half_way();
  view.partitions_per_second = 1200;
  view.rows_per_second = 123'456;
  view.completed = 1'200'000;
  view.failed = 3;
  view.total = 2'800'000;
  for (const auto* job : {"sum", "customer_etl", "a_job_whose_name_takes_half_of_the_whole_line"}) {
    view.job = job;
    const auto line = bar_line(view, 79);
    INFO(line);
    CHECK(width(line) <= 79);
    CHECK(line.find("1,200,000/2,800,000 partitions, 3 failed") != std::string::npos);
    CHECK(line.ends_with("  ETA 22m 13s"));
  }
  view.job = "sum";
  view.failed = 0;
  CHECK(bar_line(view, 84) ==
        "sum 7  [###......]  42%  1,200,000/2,800,000 partitions  123,456 rows/s  ETA 22m 13s");
  CHECK(bar_line(view, 79) ==
        "sum 7   42%  1,200,000/2,800,000 partitions  123,456 rows/s  ETA 22m 13s");
}

TEST_CASE("no time left is promised while the total grows or nothing has ended") {
  auto view = half_way();
  CHECK(bar_line(view, 200).find("ETA") == std::string::npos);
  view.partitions_per_second = 2;
  view.sealed = false;
  CHECK(bar_line(view, 200).find("ETA") == std::string::npos);
  CHECK(bar_line(view, 200).find("12/28+ partitions") != std::string::npos);
}

TEST_CASE("what a run waits for is said") {
  progress_view view;
  view.run = run_id{7};
  view.job = "range_sum";
  CHECK(bar_line(view, 200) == "range_sum 7  waiting for a node that knows the job");
  view.waits_for = "a node that knows the job sum: none at work does";
  CHECK(bar_line(view, 200) ==
        "range_sum 7  waiting for a node that knows the job sum: none at work does");
  auto stuck = half_way();
  stuck.waits_for = "a free executor";
  CHECK(bar_line(stuck, 200).ends_with("12/28 partitions  waiting for a free executor"));
  CHECK(plain_line(stuck).find("waiting for a free executor") != std::string::npos);
  auto orphan = half_way();
  orphan.has_master = false;
  CHECK(bar_line(orphan, 200).find("waiting for a new master") != std::string::npos);
}

TEST_CASE("the line of a log is a sentence") {
  auto view = half_way();
  view.failed = 1;
  view.rows = 86'000;
  CHECK(plain_line(view) ==
        "run 7 of range_sum: RUNNING, step add, 12/28 partitions, 1 failed, 86,000 rows");
  view.steps = {"index", "enrich"};
  CHECK(plain_line(view).find(", steps index and enrich, 12/28 partitions") != std::string::npos);
}
