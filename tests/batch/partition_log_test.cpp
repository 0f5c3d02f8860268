#include "batch/partition_log.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "batch/partition_context.hpp"

using namespace partita;
using namespace std::chrono_literals;

namespace {

std::vector<std::string> texts_of(const partition_log& log) {
  std::vector<std::string> texts;
  for (const auto& line : log.waiting(lease_id{1}, 2)) texts.push_back(line.text);
  return texts;
}

}  // namespace

TEST_CASE("lines wait, with their age, until they are stored") {
  mono_time now{10s};
  partition_log log{[&] { return now; }};
  log.append("one");
  now += 3s;
  log.append("two");
  now += 500ms;
  const auto lines = log.waiting(lease_id{7}, 4);
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].lease == lease_id{7});
  CHECK(lines[0].no == 4);
  CHECK(lines[0].number == 1);
  CHECK(lines[0].ago == 3500ms);
  CHECK(lines[1].ago == 500ms);
  log.append("three");
  log.stored(2);
  CHECK(texts_of(log) == std::vector<std::string>{"three"});
  log.stored(1);
  CHECK(log.waiting({}, 0).at(0).number == 3);
}

TEST_CASE("a log that nobody stores keeps its last lines, and each is short and readable") {
  partition_log log{[] { return mono_time{}; }};
  for (int i = 1; i <= 250; ++i) log.append(std::to_string(i));
  const auto lines = log.waiting({}, 0);
  REQUIRE(lines.size() == static_cast<std::size_t>(log_lines_kept));
  CHECK(lines.front().number == 151);
  CHECK(lines.back().text == "250");
  log.append(std::string(5'000, 'x'));
  CHECK(texts_of(log).back().size() <= partition_log::longest_line + 3);
  log.append("a\xff");
  CHECK(texts_of(log).back() == "a\\xFF");
}

TEST_CASE("threads of an attempt may log at the same time") {
  partition_setup setup;
  const auto cell = setup.progress;
  const partition_context p{setup};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 20; ++i) p.log("x");
    });
  for (auto& one : threads) one.join();
  CHECK(cell->log.waiting({}, 0).size() == 80);
}
