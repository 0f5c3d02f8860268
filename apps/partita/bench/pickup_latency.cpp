#include <algorithm>
#include <atomic>
#include <random>

#include "apps/partita/bench/cluster.hpp"
#include "storage/clock.hpp"

namespace partita::bench {

namespace {

job the_job(const plan& p, const std::shared_ptr<std::atomic<mono_time>>& started) {
  return job{"bench_pickup_latency"}.step(partitioned{"work"}
                                              .split([count = p.partitions](split_context&) {
                                                return std::vector<partition>(
                                                    static_cast<std::size_t>(count));
                                              })
                                              .each([started](partition_context&) {
                                                auto none = mono_time{};
                                                started->compare_exchange_strong(none, boot_now());
                                              }));
}

/// The pauses before the rounds: spread evenly over two polls, in a shuffled order. With random
/// pauses, the median would change by a tenth from one measurement to the next.
std::vector<milliseconds> phases(int rounds, milliseconds poll) {
  std::vector<milliseconds> all;
  for (int i = 0; i < rounds; ++i) all.push_back(2 * poll * i / rounds);
  std::shuffle(all.begin(), all.end(), std::minstd_rand{1});
  return all;
}

}  // namespace

/// One run after the other, submitted at times that do not depend on the polls of the nodes.
/// Without `--wake-up` a node finds the run at its next poll. When it has split the run, its own
/// claimer looks for the partitions at once.
cli::document pickup_latency(const plan& p, meter& m) {
  auto started = std::make_shared<std::atomic<mono_time>>();
  cluster nodes(p.db, the_job(p, started), p.settings, p.nodes, p.traces);
  std::vector<double> submit_to_start, submit_to_adopted, ready_to_claimed;
  m.begin();
  for (auto phase : phases(p.rounds, p.settings.poll)) {
    nodes.pause(phase);
    *started = mono_time{};
    const auto submitted = boot_now();
    const auto run = nodes.submit();
    nodes.wait_completed(run);
    const auto at = nodes.milestones_of(run);
    submit_to_start.push_back(1e3 * seconds(submitted, started->load()));
    submit_to_adopted.push_back(1e3 * seconds(at.submitted, at.adopted));
    ready_to_claimed.push_back(1e3 * seconds(at.sealed, at.leased));
  }
  m.end();
  return {{"poll_ms", p.settings.poll.count()},
          {"wake_up", p.settings.wake_up},
          {"submit_to_start_ms", spread(submit_to_start)},
          {"submit_to_adopted_ms", spread(submit_to_adopted)},
          {"ready_to_claimed_ms", spread(ready_to_claimed)}};
}

}  // namespace partita::bench
