#include "apps/partita/bench/work.hpp"

#include <algorithm>
#include <random>

#include "storage/clock.hpp"

namespace partita::bench {

namespace {

std::uint64_t churn(std::int64_t steps, std::uint64_t x) {
  for (; steps > 0; --steps) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
  }
  return x;
}

/// The best of a few tries: a core that is shared meanwhile counts slower.
double steps_per_us() {
  constexpr std::int64_t steps = 5'000'000;
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const auto begun = boot_now();
    volatile auto kept = churn(steps, 1);
    static_cast<void>(kept);
    const std::chrono::duration<double, std::micro> took = boot_now() - begun;
    best = std::max(best, static_cast<double>(steps) / took.count());
  }
  return best;
}

}  // namespace

void spin(microseconds work) {
  static const double pace = steps_per_us();
  volatile auto kept = churn(static_cast<std::int64_t>(pace * static_cast<double>(work.count())),
                             static_cast<std::uint64_t>(work.count()) + 1);
  static_cast<void>(kept);
}

std::vector<microseconds> costs(const std::string& shape, std::int64_t count, microseconds mean) {
  std::vector<double> weights(static_cast<std::size_t>(count), 1.0);
  if (shape == "zipf")
    for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = 1.0 / static_cast<double>(i + 1);
  if (shape == "giant") weights.front() = static_cast<double>(count) / 3.0;
  std::shuffle(weights.begin(), weights.end(), std::mt19937{1});
  double sum = 0;
  for (auto w : weights) sum += w;
  const auto unit = static_cast<double>(mean.count() * count) / sum;
  std::vector<microseconds> all;
  for (auto w : weights) all.push_back(microseconds{static_cast<std::int64_t>(w * unit)});
  return all;
}

}  // namespace partita::bench
