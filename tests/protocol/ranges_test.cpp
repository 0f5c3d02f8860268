#include "protocol/ranges.hpp"

#include <catch2/catch.hpp>

using namespace partita;

TEST_CASE("cut takes the front of a range, all of it when it is short") {
  CHECK(cut({5, 9}, 2) == range{5, 6});
  CHECK(cut({5, 9}, 5) == range{5, 9});
  CHECK(cut({5, 9}, 100) == range{5, 9});
}

TEST_CASE("gaps are what is not taken, whatever the order and however often it is named") {
  using list = std::vector<range>;
  CHECK(gaps({0, 9}, {}) == list{{0, 9}});
  CHECK(gaps({0, 9}, {0, 9}) == list{{1, 8}});
  CHECK(gaps({0, 9}, {4, 4, 2, 3}) == list{{0, 1}, {5, 9}});
  CHECK(gaps({3, 5}, {1, 2, 3, 4, 5, 6}) == list{});
  CHECK(gaps({3, 5}, {100, -1}) == list{{3, 5}});
}

TEST_CASE("coalesce joins neighbours and forgets repeats") {
  CHECK(coalesce({}) == std::vector<range>{});
  CHECK(coalesce({7, 1, 2, 3, 3, 9}) == std::vector<range>{{1, 3}, {7, 7}, {9, 9}});
}

TEST_CASE("what is taken and its gaps together are the whole") {
  for (unsigned bits = 0; bits < 256; ++bits) {
    std::vector<partition_no> taken;
    for (int no = 0; no < 8; ++no)
      if (bits & (1U << no)) taken.push_back(no);
    auto covered = coalesce(taken);
    auto left = gaps({0, 7}, taken);
    CHECK(total_size(covered) + total_size(left) == 8);
    for (const auto& r : left)
      for (auto no : taken) CHECK_FALSE(r.contains(no));
  }
}
