#include <atomic>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/bench/work.hpp"

namespace partita::bench {

namespace {

/// Holds the bodies of a streamed step back until the last partition is inserted, so that
/// inserting and executing are measured apart.
struct gate {
  std::atomic<bool> open{false};
  void wait() { open.wait(false); }
  void raise() {
    open = true;
    open.notify_all();
  }
};

constexpr int never_reached = 1'000'000;
constexpr const char* limit_name = "bench";

job the_job(const plan& p, const std::shared_ptr<gate>& held) {
  partitioned step{"work"};
  if (p.streamed)
    step.stream([count = p.partitions](split_context&, const auto& yield) {
      for (std::int64_t i = 0; i < count; ++i) yield({});
    });
  else
    step.split([count = p.partitions](split_context&) {
      return std::vector<partition>(static_cast<std::size_t>(count));
    });
  step.each([held, body = p.body](partition_context&) {
    held->wait();
    if (body.count() > 0) spin(body);
  });
  if (p.limited) step.at_most(never_reached).limited_by(limit_name);
  return job{"bench_claim_throughput"}.step(step);
}

}  // namespace

/// From the first lease after the split is sealed to the end of the step, by the database's clock.
cli::document claim_throughput(const plan& p, meter& m) {
  spin(microseconds{1});  // calibrates itself before the measurement
  auto held = std::make_shared<gate>();
  if (!p.streamed) held->raise();
  milestones at;
  cli::document claims;
  {
    cluster nodes(p.db, the_job(p, held), p.settings, p.nodes, p.traces);
    if (p.limited) sharing_store{p.db->connect({})}.set_limit(limit_name, never_reached);
    const auto run = nodes.submit();
    nodes.wait_sealed(run);
    m.begin();
    held->raise();
    nodes.wait_completed(run);
    m.end();
    at = nodes.milestones_of(run);
    claims = {{"won", nodes.counted(&node_counters::claims_won)},
              {"lost", nodes.counted(&node_counters::claims_lost)},
              {"looks_empty", nodes.counted(&node_counters::looks_empty)}};
  }
  const auto insert_s = seconds(at.begun, at.sealed);
  const auto execute_s = seconds(std::max(at.sealed, at.leased), at.ended);
  const auto count = static_cast<double>(p.partitions);
  return {{"streamed", p.streamed},
          {"limited", p.limited},
          {"insert_s", rounded(insert_s)},
          {"inserted_per_s", std::llround(count / insert_s)},
          {"execute_s", rounded(execute_s)},
          {"claims", claims},
          {"partitions_per_s", std::llround(count / execute_s)}};
}

}  // namespace partita::bench
