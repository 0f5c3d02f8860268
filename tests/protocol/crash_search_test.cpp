#include "protocol/crash_search.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <random>
#include <set>

using namespace partita;

namespace {

struct played {
  std::set<std::int64_t> let_go;
  int starts = 1;
  bool gave_up = false;
};

/// A body of so many items, chunk by chunk, some of which crash it.
played play(std::int64_t items, std::int64_t chunk, const std::set<std::int64_t>& killers,
            bool may_let_go = true) {
  played p;
  crash_search search{chunk};
  for (std::int64_t stored = 0; stored < items;) {
    const auto& hint = search.hint();
    auto size = std::min(chunk, items - stored);
    if (stored < hint.until) size = std::min({size, hint.most, hint.until - stored});
    bool crashes = false;
    for (auto i = stored; i < stored + size; ++i) {
      const bool goes = i == hint.let_go && may_let_go;
      if (goes) p.let_go.insert(i);
      crashes = crashes || (killers.contains(i) && !goes);
    }
    if (!crashes) {
      stored += size;
      continue;
    }
    if (!search.crashed(stored, "signal 11")) {
      p.gave_up = true;
      return p;
    }
    ++p.starts;
  }
  return p;
}

}  // namespace

TEST_CASE("exactly the items that crash are found, in few starts") {
  std::minstd_rand dice{1};
  for (const std::int64_t chunk : {1, 2, 3, 7, 64, 500, 1000})
    for (int round = 0; round < 50; ++round) {
      constexpr std::int64_t items = 3000;
      std::set<std::int64_t> killers;
      for (int i = 0; i < round % 12; ++i)
        killers.insert(std::uniform_int_distribution<std::int64_t>{0, items - 1}(dice));
      const auto p = play(items, chunk, killers);
      CHECK(p.let_go == killers);
      CHECK_FALSE(p.gave_up);
      const auto each = std::ceil(std::log2(chunk)) + (chunk == 1 ? 2 : 1);
      CHECK(p.starts <= 1 + static_cast<double>(killers.size()) * each);
    }
}

TEST_CASE("neighbours and both ends are found") {
  CHECK(play(10, 4, {0, 1, 2, 9}).let_go == std::set<std::int64_t>{0, 1, 2, 9});
  CHECK(play(3, 100, {0, 1, 2}).let_go == std::set<std::int64_t>{0, 1, 2});
}

TEST_CASE("an item that crashes although it is let go ends the search, and so does no policy") {
  const auto p = play(100, 16, {40}, false);
  CHECK(p.gave_up);
  CHECK(p.starts <= 7);
  // A chunk of one item may just have been there when something else killed the process.
  crash_search alone{1};
  CHECK(alone.crashed(5, "killed"));
  CHECK(alone.hint().let_go == -1);
  CHECK(alone.crashed(5, "killed"));
  CHECK(alone.hint().let_go == 5);
  CHECK_FALSE(alone.crashed(5, "killed"));
  crash_search none{0};
  CHECK_FALSE(none.crashed(0, "signal 11"));
}
