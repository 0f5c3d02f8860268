#include "protocol/ranges.hpp"

#include <catch2/catch.hpp>

#include <random>
#include <set>

using namespace partita;

TEST_CASE("a cut takes the front of a range, or all of a shorter one") {
  CHECK(cut({5, 9}, 2) == range{5, 6});
  CHECK(cut({5, 9}, 5) == range{5, 9});
  CHECK(cut({5, 9}, 100) == range{5, 9});
  CHECK(cut({5, 5}, 1) == range{5, 5});
}

TEST_CASE("a range counts and contains both its ends") {
  CHECK(range{3, 3}.size() == 1);
  CHECK(range{3, 7}.size() == 5);
  CHECK(range{3, 7}.contains(3));
  CHECK(range{3, 7}.contains(7));
  CHECK_FALSE(range{3, 7}.contains(2));
  CHECK_FALSE(range{3, 7}.contains(8));
}

TEST_CASE("gaps are what was not taken, in order") {
  CHECK(gaps({0, 9}, {}) == std::vector<range>{{0, 9}});
  CHECK(gaps({0, 9}, {0, 9}) == std::vector<range>{{1, 8}});
  CHECK(gaps({0, 9}, {7, 3, 3, 4}) == std::vector<range>{{0, 2}, {5, 6}, {8, 9}});
  CHECK(gaps({3, 5}, {0, 1, 6, 99}) == std::vector<range>{{3, 5}});
  CHECK(gaps({3, 5}, {5, 4, 3}).empty());
  CHECK(gaps({7, 7}, {7}).empty());
}

TEST_CASE("numbers coalesce into the fewest ranges") {
  CHECK(coalesce({}).empty());
  CHECK(coalesce({4}) == std::vector<range>{{4, 4}});
  CHECK(coalesce({3, 1, 2, 2, 7, 5}) == std::vector<range>{{1, 3}, {5, 5}, {7, 7}});
}

TEST_CASE("gaps and what was taken make up the whole, whatever was taken") {
  std::mt19937 random{7};
  for (int round = 0; round < 500; ++round) {
    const range whole{static_cast<partition_no>(random() % 5),
                      static_cast<partition_no>(5 + random() % 20)};
    std::vector<partition_no> taken;
    for (auto n = random() % 20; n > 0; --n)
      taken.push_back(static_cast<partition_no>(random() % 30));
    std::set<partition_no> left;
    for (auto r : gaps(whole, taken))
      for (auto no = r.lo; no <= r.hi; ++no) CHECK(left.insert(no).second);
    const std::set<partition_no> gone(taken.begin(), taken.end());
    for (auto no = whole.lo; no <= whole.hi; ++no) CHECK(left.contains(no) != gone.contains(no));
    CHECK(total_size(gaps(whole, taken)) == static_cast<std::int64_t>(left.size()));
    CHECK(total_size(coalesce(taken)) == static_cast<std::int64_t>(gone.size()));
  }
}
