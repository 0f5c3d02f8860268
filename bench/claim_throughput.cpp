// Partitions per second through the whole engine: claim, executor actor, recorded result.
//
//   claim_throughput URL [PARTITIONS=100000] [EXECUTORS=2] [NODES=1]
//
// The partitions do nothing. The nodes are threads of this process; the database is the caller's.
// Prints one JSON line. The clock runs from the first sight of a sealed split to the end of the
// run, so that inserting the partitions is not part of it; that is printed beside it.

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <spdlog/spdlog.h>

#include "actors/node_process.hpp"
#include "batch/batch.hpp"
#include "storage/clock.hpp"

using namespace partita;

namespace {

job no_op(std::int64_t count) {
  return job{"no_op"}.step(
      partitioned{"nothing"}
          .split([count](split_context&) { return std::vector<partition>(count); })
          .each([](partition_context&) {}));
}

double seconds(mono_time from, mono_time to) {
  return std::chrono::duration<double>(to - from).count();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: claim_throughput URL [PARTITIONS] [EXECUTORS] [NODES]\n");
    return 2;
  }
  const auto count = argc > 2 ? std::atoll(argv[2]) : 100'000;
  const auto executors = argc > 3 ? std::atoi(argv[3]) : 2;
  const auto nodes = argc > 4 ? std::atoi(argv[4]) : 1;
  spdlog::set_level(spdlog::level::warn);

  auto db = open_database(argv[1]);
  db->migrate();
  auto view = db->connect({});
  node_config config{db, std::make_shared<const registry>(registry{no_op(count)}), {}, "", "bench"};
  config.settings.executors = executors;
  std::vector<std::unique_ptr<node_process>> cluster;
  for (int i = 0; i < nodes; ++i) {
    config.name = "bench-" + std::to_string(i);
    cluster.push_back(std::make_unique<node_process>(config));
  }

  auto begun = boot_now();
  auto key = "bench-" + std::to_string(wall_now().time_since_epoch().count());
  auto run = view->submit({{"no_op", 1}, "{}", key, key}).id;
  mono_time sealed{};
  for (;;) {
    if (sealed == mono_time{}) {
      auto steps = view->list_steps(run);
      if (!steps.empty() && steps.front().sealed) sealed = boot_now();
    }
    auto row = view->find_run(run);
    if (is_terminal(row->state)) {
      auto ended = boot_now();
      if (row->state != run_state::completed)
        std::fprintf(stderr, "the run ended %s\n", row->error.c_str());
      std::printf(
          "{\"bench\":\"claim_throughput\",\"partitions\":%lld,\"executors\":%d,"
          "\"nodes\":%d,\"insert_s\":%.3f,\"execute_s\":%.3f,\"partitions_per_s\":%.0f}\n",
          static_cast<long long>(count), executors, nodes, seconds(begun, sealed),
          seconds(sealed, ended), static_cast<double>(count) / seconds(sealed, ended));
      break;
    }
    cluster.front()->wait(milliseconds{2});  // nothing to wait for: a pause between two looks
  }
  for (auto& node : cluster) node->drain();
  for (auto& node : cluster) node->wait(milliseconds{10'000});
  cluster.clear();
  end_process(0);
}
