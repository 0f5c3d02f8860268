#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "tests/support/backend.hpp"

namespace partita::test {

/// Runs `body(i, session)` for i in 0..count-1 at once, each on a thread and session of its own;
/// all start together. Returns what they threw, a sentence each.
std::vector<std::string> at_once(backend& on, int count,
                                 const std::function<void(int, store&)>& body);

/// A verb of one side of a duel. A store_error is a legal outcome of it, but for `unavailable`.
using verb = std::function<void(store&)>;
struct opponents {
  verb left;
  verb right;
};

/// `rounds` times: `set_up` on this thread, then both verbs at once, on two sessions, a random
/// moment apart. Returns what was thrown that is no legal outcome.
std::vector<std::string> duel(backend& on, int rounds, std::mt19937_64& random,
                              const std::function<opponents(int round)>& set_up);

/// Seeded by PARTITA_TEST_SEED, else by chance; prints how to replay it.
std::mt19937_64 printed_random(const std::string& test);

}  // namespace partita::test
