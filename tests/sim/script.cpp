#include "tests/sim/script.hpp"

#include <algorithm>
#include <iterator>

namespace partita::sim {

namespace {

settings draw_settings(dice& d) {
  settings s;
  auto ms = [&](std::int64_t lo, std::int64_t hi) { return milliseconds{d.between(lo, hi)}; };
  s.heartbeat = ms(50, 400);
  s.heartbeat_timeout = ms(50, 400);
  s.heartbeat_retry = ms(20, 200);
  s.unreachable_after = 3 * s.heartbeat + s.heartbeat_retry + s.heartbeat_timeout + ms(0, 1000);
  s.deregister_after = 2 * s.unreachable_after + ms(0, 2000);
  s.poll = ms(20, 400);
  s.master_poll = ms(10, 200);
  s.lease_hold = ms(10, 1000);
  s.max_lease_width = static_cast<int>(d.skewed(1, 64));
  s.report_delay = ms(0, 100);
  s.max_report_batch = static_cast<int>(d.skewed(1, 64));
  s.few_results = static_cast<int>(d.skewed(1, 16));
  s.loss_piece = static_cast<int>(d.skewed(1, 30));
  s.max_masterships = static_cast<int>(d.between(1, 4));
  s.split_batch = static_cast<int>(d.skewed(1, 30));
  s.drain_grace = ms(0, 4000);
  s.stop_grace = ms(0, 1000);
  s.database_timeout = ms(500, 3000);
  s.retry_first = ms(10, 100);
  s.retry_max = ms(100, 1000);
  return s;
}

std::vector<script::timer> draw_timers(dice d, milliseconds end) {
  std::vector<script::timer> timers;
  if (!d.hits(4000)) return timers;
  const overlap_policy policies[] = {overlap_policy::skip, overlap_policy::queue_one,
                                     overlap_policy::allow};
  for (auto n = d.skewed(1, 5); n > 0; --n)
    timers.push_back({milliseconds{d.skewed(0, end.count())}, static_cast<int>(d.between(1, 5)),
                      d.hits(6000), policies[d.next() % 3], static_cast<int>(d.skewed(0, 100)),
                      static_cast<int>(d.skewed(0, 3))});
  return timers;
}

}  // namespace

script::script(std::uint64_t seed) {
  dice d{mix(seed, 10)};
  limits = draw_settings(d);
  const auto most_nodes = d.skewed(1, 7);
  for (auto n = d.between(0, most_nodes); n >= 0; --n)
    executors.push_back(static_cast<int>(d.skewed(1, 4)));
  faults_end = milliseconds{d.skewed(1'000, 15'000)};
  longest_ms = static_cast<int>(d.skewed(0, 3000));
  if (d.hits(3000)) failing = static_cast<int>(d.skewed(1, 2000));
  const assignment strategies[] = {shared{}, shared{}, round_robin{},
                                   fixed_node_count{static_cast<int>(d.between(0, 3))},
                                   least_loaded{}};
  strategy = strategies[d.next() % std::size(strategies)];
  // Each kind of fault is there or not; where it is, rare or frequent.
  for (int f = 1; f < fates; ++f)
    if (d.hits(4000)) chances.of[f] = static_cast<int>(d.skewed(1, 1500));
  for (auto deadly : {fate::dies_before, fate::dies_after}) {
    auto& chance = chances.of[static_cast<int>(deadly)];
    chance = (chance + 39) / 40;
  }
  if (d.hits(3000)) chances.stall = static_cast<int>(d.skewed(1, 200));
  // In some worlds every living node can do its work in time.
  const bool calm = d.hits(1500);
  if (calm) {
    chances = odds{};
    // A node that drains may take longer than others wait for one that is silent.
    dice patience{mix(seed, 13)};
    limits.drain_grace = milliseconds{patience.between(0, 20'000)};
    longest_ms = static_cast<int>(patience.skewed(0, 10'000));
  }
  for (auto n = d.skewed(1, 4); n > 0; --n)
    launches.push_back({milliseconds{d.skewed(0, faults_end.count())},
                        static_cast<work_kind>(d.next() % work_kinds),
                        static_cast<int>(d.skewed(0, 60))});
  timers = draw_timers(dice{mix(seed, 11)}, faults_end);
  draw_sharing(dice{mix(seed, 12)});
  bound = recovery_bound;
  for (const auto& l : launches)  // steps whose partitions all take their time
    bound += (l.kind == work_kind::flow ? 4 : 2) * l.count * milliseconds{longest_ms};
  for (int b = 0; b < blows; ++b) {
    const bool hits = d.hits(4000);
    const auto what = static_cast<blow>(b);
    if (!hits || (calm && (what == blow::pause || what == blow::clock_step))) continue;
    for (auto n = d.skewed(1, 4); n > 0; --n) {
      planned p{what, milliseconds{d.between(0, faults_end.count())},
                static_cast<int>(d.between(0, 999)), milliseconds{0}};
      if (p.what == blow::pause || p.what == blow::outage)
        p.lasts = milliseconds{d.skewed(10, 3 * limits.deregister_after.count())};
      if (p.what == blow::clock_step)
        p.lasts = milliseconds{d.hits(5000) ? d.skewed(1, 3'600'000) : -d.skewed(1, 30'000)};
      // A dead node's last heartbeat lies in the future when the clock has gone back.
      if (p.what == blow::clock_step) bound += std::max(milliseconds{0}, -p.lasts);
      plan.push_back(p);
    }
  }
}

void script::draw_sharing(dice d) {
  if (d.hits(4000)) at_most = static_cast<int>(d.between(1, 4));
  if (d.hits(4000)) max_runs = static_cast<int>(d.between(1, 2));
  for (auto& l : launches)
    if (d.hits(2000)) l.priority = static_cast<int>(d.between(-2, 2));
}

}  // namespace partita::sim
