#pragma once

#include <cstdlib>
#include <iostream>
#include <random>
#include <string>

namespace partita::test {

/// Seeded by PARTITA_TEST_SEED, else by chance; prints how to replay it.
inline std::mt19937_64 seeded_random(const std::string& test) {
  const auto* given = std::getenv("PARTITA_TEST_SEED");
  const auto seed = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << test << ": replay with PARTITA_TEST_SEED=" << seed << std::endl;
  return std::mt19937_64{seed};
}

/// How much longer than usual random tests look: PARTITA_TEST_EFFORT, else 1.
inline int test_effort() {
  const auto* given = std::getenv("PARTITA_TEST_EFFORT");
  return given != nullptr ? std::max(1, std::atoi(given)) : 1;
}

/// One of 0 … below - 1.
inline int any_below(std::mt19937_64& random, int below) {
  return std::uniform_int_distribution<int>{0, below - 1}(random);
}

}  // namespace partita::test
