#include <algorithm>
#include <atomic>
#include <numeric>
#include <thread>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/bench/work.hpp"
#include "storage/clock.hpp"

namespace partita::bench {

namespace {

job the_job(const std::vector<microseconds>& work) {
  return job{"bench_executor_scaling"}.step(
      partitioned{"work"}
          .split([work](split_context&) {
            std::vector<partition> parts;
            for (auto one : work) parts.push_back({"", one.count()});
            return parts;
          })
          .each([](partition_context& p) { spin(microseconds{p.input<std::int64_t>()}); }));
}

/// How long plain threads take: each takes the next piece when it is done with one.
double seconds_of_threads(const std::vector<microseconds>& work, int count) {
  std::atomic<std::size_t> next{0};
  const auto begun = boot_now();
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < count; ++i)
      threads.emplace_back([&] {
        for (auto mine = next++; mine < work.size(); mine = next++) spin(work[mine]);
      });
  }
  return seconds(begun, boot_now());
}

}  // namespace

/// Executes the same work three times. First in a plain loop. Then by plain threads, one for each
/// core the run will use: what this machine can do with the pieces in this order. Then as a run,
/// measured from its first lease to the end of its step. The ideal is the lower bound of every
/// schedule: an even share of the work for each core in use, or the largest partition.
///
/// What is lost against the ideal (two cores, partitions of 5 ms): plain threads lose 0.01 to 0.02,
/// since two busy cores are slower than one; the database, the claimer and the thread switches take
/// 0.02 to 0.03; a second node finds the run at its next poll, so that its core joins up to half a
/// second late.
cli::document executor_scaling(const plan& p, meter& m) {
  const auto work = costs(p.shape, p.partitions, p.body);
  spin(microseconds{1});
  const auto begun = boot_now();
  for (auto one : work) spin(one);
  const auto loop_s = seconds(begun, boot_now());

  const auto machine = static_cast<int>(std::thread::hardware_concurrency());
  const auto cores = std::min(p.slots(), machine);
  const auto threads_s = seconds_of_threads(work, cores);

  cluster nodes(p.db, the_job(work), p.settings, p.nodes, p.traces);
  const auto run = nodes.submit();
  nodes.wait_sealed(run);
  m.begin();
  nodes.wait_completed(run);
  m.end();
  const auto at = nodes.milestones_of(run);
  const auto makespan_s = seconds(at.leased, at.ended);

  const auto total = std::accumulate(work.begin(), work.end(), microseconds{0});
  const auto largest = *std::max_element(work.begin(), work.end());
  const auto share = static_cast<double>(largest.count()) / static_cast<double>(total.count());
  const auto ideal_s = loop_s * std::max(1.0 / cores, share);
  return {{"shape", p.shape},
          {"cores_in_use", cores},
          {"loop_s", rounded(loop_s)},
          {"ideal_s", rounded(ideal_s)},
          {"threads_s", rounded(threads_s)},
          {"makespan_s", rounded(makespan_s)},
          {"speed_up", rounded(loop_s / makespan_s)},
          {"of_ideal", rounded(ideal_s / makespan_s)},
          {"of_threads", rounded(threads_s / makespan_s)}};
}

}  // namespace partita::bench
