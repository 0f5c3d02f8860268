#include <atomic>
#include <random>

#include "apps/partita/bench/cluster.hpp"
#include "storage/clock.hpp"

namespace partita::bench {

namespace {

job the_job(const plan& p, const std::shared_ptr<std::atomic<mono_time>>& started) {
  return job{"bench_pickup_latency"}.step(
      partitioned{"work"}
          .split([count = p.partitions](split_context&) {
            return std::vector<partition>(static_cast<std::size_t>(count));
          })
          .each([started](partition_context&) {
            auto none = mono_time{};
            started->compare_exchange_strong(none, boot_now());
          }));
}

}  // namespace

/// One run after the other, submitted at moments that know nothing of the nodes' polls. Unless the
/// database wakes them (`--wake-up`), a node finds the run at its next poll. The partitions that it
/// splits the run into its own claimer hears of at once.
cli::document pickup_latency(const plan& p, meter& m) {
  auto started = std::make_shared<std::atomic<mono_time>>();
  cluster nodes(p.db, the_job(p, started), p.settings, p.nodes);
  std::minstd_rand dice{1};
  std::uniform_int_distribution<std::int64_t> phase(0, 2 * p.settings.poll.count());
  std::vector<double> submit_to_start, submit_to_adopted, ready_to_claimed;
  m.begin();
  for (int i = 0; i < p.rounds; ++i) {
    nodes.rest(milliseconds{phase(dice)});
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
