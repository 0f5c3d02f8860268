// How long after its end the result of a partition stands, while the chunk threads of others keep
// every core busy.

#include <thread>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/bench/work.hpp"
#include "batch/batch.hpp"
#include "batch/readers/generator.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

/// Partitions of 40 items, each of which takes a millisecond of a core, in chunks of 10.
job busy(int threads) {
  chunked<std::int64_t> c{10};
  c.read([](partition_context&) {
     return generator<std::int64_t>{
         [](std::int64_t i) { return i < 40 ? std::optional{i} : std::nullopt; }};
   })
      .process([](std::int64_t i) {
        spin(microseconds{1'000});
        return i;
      })
      .write([](partition_context&) { return [](std::span<const std::int64_t>) {}; });
  return job{"bench_report_delay"}
      .parameter<std::int64_t>("partitions", required)
      .step(partitioned{"work"}
                .split([](split_context& s) {
                  return std::vector<partition>(
                      static_cast<std::size_t>(s.get<std::int64_t>("partitions")));
                })
                .scale([threads](const parameters&) -> scaling { return local_chunking{threads}; })
                .each(std::move(c)));
}

void watch(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto count = args.number("partitions", 1, 1'000'000);
  const auto threads = static_cast<int>(args.number("threads", 1, 1'000));
  settings limits;
  limits.executors = static_cast<int>(args.number("executors", 1, 1'024));
  auto db = open_database(url);
  db->migrate();
  spin(microseconds{1});
  cluster nodes(db, busy(threads), limits, 1);
  const auto run = nodes.submit({{"partitions", count}});
  nodes.wait_sealed(run);
  const auto step = nodes.view().list_steps(run).at(0).id;

  // Results that this sees for the first time have been there for no longer than its last look.
  std::vector<double> late_ms;
  std::vector<bool> seen(static_cast<std::size_t>(count));
  for (auto left = count; left > 0;) {
    const auto now = wall_now();
    for (const auto& p : nodes.view().list_partitions(step, -1, static_cast<int>(count))) {
      auto known = seen.at(static_cast<std::size_t>(p.no));
      if (known || !p.ended_at) continue;
      seen[static_cast<std::size_t>(p.no)] = true;
      --left;
      late_ms.push_back(std::chrono::duration<double, std::milli>(now - *p.ended_at).count());
    }
    nodes.pause(milliseconds{2});
  }
  nodes.wait_completed(run);
  print({{"bench", "report_delay"},
         {"database", database_kind(url)},
         {"threads", threads},
         {"executors", limits.executors},
         {"partitions", count},
         {"late_ms", spread(late_ms)}});
}

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(argc, argv,
              {"report_delay", "how late results stand while chunk threads keep the cores busy",
               database_option() + option_list{{"partitions", "N", "of the step", "", "400"},
                                               {"threads", "N", "of each partition", "", "8"},
                                               {"executors", "N", "of the node", "", "1"}},
               watch});
}
