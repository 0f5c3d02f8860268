#include "actors/counters.hpp"

#include <catch2/catch.hpp>

#include <thread>

using namespace partita;

TEST_CASE("a duration is counted in the bucket of the first bound that it does not exceed") {
  histogram h;
  for (auto us : {0, 1'000, 1'001, 2'500'000, 2'500'001, 60'000'000}) h.add(microseconds{us});
  CHECK(h.in_bucket(0) == 2);
  CHECK(h.in_bucket(1) == 1);
  CHECK(h.in_bucket(histogram::bounds.size() - 1) == 1);
  CHECK(h.in_bucket(histogram::bounds.size()) == 2);
  CHECK(h.count() == 6);
  CHECK(h.sum() == microseconds{65'002'002});
}

TEST_CASE("nothing that several threads count is lost") {
  counter c;
  histogram h;
  auto work = [&] {
    for (int i = 0; i < 10'000; ++i) {
      c.add();
      h.add(microseconds{i});
    }
  };
  std::thread one{work}, other{work};
  one.join();
  other.join();
  CHECK(c.value() == 20'000);
  CHECK(h.count() == 20'000);
}
