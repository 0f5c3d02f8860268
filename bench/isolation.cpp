#include <chrono>

#include "actors/attempt.hpp"
#include "actors/body_process.hpp"
#include "apps/partita/bodies.hpp"
#include "batch/batch.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"

// What it costs a partition that its body runs in a child process: the same body here and there.

namespace {

using namespace partita;
using bench::document;

registry jobs() {
  return {job{"isolation"}.step(partitioned{"work"}
                                    .split([](split_context&) { return std::vector<partition>(1); })
                                    .isolated()
                                    .each([](partition_context& p) {
                                      const auto until =
                                          boot_now() + microseconds{p.input<std::int64_t>()};
                                      while (boot_now() < until) {
                                      }
                                      p.output({{"no", p.no()}, {"key", p.key()}});
                                    }))};
}

body_work work_of(partition_no no, std::int64_t body_us) {
  body_work work;
  work.job = {"isolation", 1};
  work.step_name = "work";
  work.parameters = R"({"input":"/data/customers.csv","output_dir":"/data/out","partitions":24})";
  work.partition = {no, "rows 1-1000", std::to_string(body_us), {}};
  work.most_output = 1 << 20;
  work.trusted_until = boot_now() + std::chrono::hours{1};
  return work;
}

void require(const body_end& end) {
  if (end.how != body_end::kind::completed) throw std::runtime_error(end.error);
}

body_end here(const partitioned& step, const body_work& work) {
  partition_setup setup;
  setup.no = work.partition.no;
  setup.key = work.partition.key;
  setup.given = parameters{json::parse(work.parameters)};
  setup.input = json::parse(work.partition.input);
  return run_body(step, std::move(setup), work.most_output);
}

double microseconds_since(mono_time begun) {
  return std::chrono::duration<double, std::micro>(boot_now() - begun).count();
}

void measure(const cli::arguments& args) {
  const auto known = jobs();
  const auto& step = *known.find("isolation")->partitioned_step("work");
  const auto count = args.number("partitions", 1, 1'000'000);
  const auto body_us = args.number("body-us", 0, 1'000'000);
  body_link link;
  link.now = boot_now;
  link.trusted_until = [] { return mono_time{}; };
  link.commit = [](const checkpoint&) {};
  link.progress = std::make_shared<progress_cell>();

  auto begun = boot_now();
  body_process child{cli::body_command({}, {}, {})};
  require(child.execute(work_of(0, 0), link));
  const auto cold_us = microseconds_since(begun);

  begun = boot_now();
  for (std::int64_t i = 0; i < count; ++i) require(here(step, work_of(i, body_us)));
  const auto here_us = microseconds_since(begun) / static_cast<double>(count);
  begun = boot_now();
  for (std::int64_t i = 0; i < count; ++i) require(child.execute(work_of(i, body_us), link));
  const auto there_us = microseconds_since(begun) / static_cast<double>(count);
  bench::print(document{{"bench", "isolation"},
                        {"partitions", count},
                        {"body_us", body_us},
                        {"here_us", here_us},
                        {"isolated_us", there_us},
                        {"ratio", there_us / here_us},
                        {"cold_us", cold_us}});
}

}  // namespace

int main(int argc, char** argv) {
  const auto known = jobs();
  if (argc > 1 && std::string{argv[1]} == cli::body_word)
    cli::execute_bodies({argv + 1, argv + argc}, known);
  bench::run_program(argc, argv,
                     {"isolation",
                      "what it costs a partition that its body runs in a child process",
                      {{"partitions", "N", "partitions, here and there", "", "5000"},
                       {"body-us", "US", "time of a body", "", "0"}},
                      measure});
}
