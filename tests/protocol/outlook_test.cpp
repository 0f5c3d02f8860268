// What a node knows of the work that is ready, between two looks.

#include "protocol/outlook.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

ready_step step(int id, std::int64_t remaining, int slots_held, int next_attempt = 0) {
  return {step_id{id}, run_id{1}, remaining, slots_held, next_attempt};
}

}  // namespace

TEST_CASE("steps take turns while a node claims on one view") {
  outlook ahead;
  CHECK(ahead.next() == nullptr);
  ahead.seen({step(1, 10, 0), step(2, 10, 1)}, mono_time{5s});
  CHECK(ahead.looked() == mono_time{5s});
  REQUIRE(ahead.next()->step == step_id{1});
  ahead.took(*ahead.next(), 4, 2);  // two executors of this node are busy with it now
  REQUIRE(ahead.next()->step == step_id{2});
  ahead.took(*ahead.next(), 10, 2);
  REQUIRE(ahead.next()->step == step_id{1});
  CHECK(ahead.next()->remaining == 6);
  ahead.took(*ahead.next(), 6, 2);
  CHECK(ahead.next() == nullptr);
}

TEST_CASE("after a lost claim the view is not to be trusted for that step") {
  outlook ahead;
  ahead.seen({step(1, 10, 0), step(2, 5, 3)}, {});
  outlook::missed(*ahead.next());
  CHECK(ahead.next()->step == step_id{2});
}

TEST_CASE("of ranges that were tried before only the first is known") {
  outlook ahead;
  ahead.seen({step(1, 10, 0, 1)}, {});
  ahead.took(*ahead.next(), 1, 1);
  CHECK(ahead.next() == nullptr);
}

TEST_CASE("a claim without an answer is in doubt until a look has released what it brought") {
  outlook ahead;
  ahead.claiming();
  CHECK(ahead.in_doubt());
  ahead.answered();
  CHECK_FALSE(ahead.in_doubt());
  ahead.claiming();
  ahead.forget();
  CHECK(ahead.in_doubt());
  ahead.seen({}, {});
  CHECK(ahead.in_doubt());  // what it brought is not released yet
  ahead.answered();
  CHECK_FALSE(ahead.in_doubt());
  ahead.claiming();
  ahead.start_anew();  // another incarnation: what that claim brought goes with the old one
  CHECK_FALSE(ahead.in_doubt());
}

TEST_CASE("that nothing is ready is known until the poll") {
  outlook ahead;
  CHECK_FALSE(ahead.nothing_ahead());
  ahead.exhausted();
  ahead.forget();
  CHECK(ahead.nothing_ahead());
  ahead.expire();
  CHECK_FALSE(ahead.nothing_ahead());
}

TEST_CASE("of what is ready the highest priority goes first, then the group that holds least") {
  outlook ahead;
  const auto ready = [](int id, int held) {
    return ready_step{step_id{id}, run_id{id}, 100, held, 0};
  };
  auto low = ready(1, 0), a1 = ready(2, 1), a2 = ready(3, 0), b = ready(4, 3);
  low.priority = -1;
  for (auto* of_a : {&a1, &a2}) {
    of_a->group = run_id{2};
    of_a->group_held = 5;
  }
  b.group = run_id{4};
  b.group_held = 3;
  ahead.seen({low, a1, a2, b}, {});
  CHECK(ahead.next()->step == b.step);
  ahead.took(*ahead.next(), 4, 4);  // b holds 7
  CHECK(ahead.next()->step == a2.step);
  ahead.took(*ahead.next(), 3, 4);  // its group holds 8
  CHECK(ahead.next()->step == b.step);
  ahead.took(*ahead.next(), 96, 4);
  CHECK(ahead.next()->step == a1.step);
  ahead.took(*ahead.next(), 100, 4);
  ahead.took(*ahead.next(), 97, 4);
  CHECK(ahead.next()->step == low.step);
}

TEST_CASE("how much room a limit leaves is not known after a claim") {
  outlook ahead;
  ready_step limited{step_id{1}, run_id{1}, 100};
  limited.limited = true;
  ahead.seen({limited}, {});
  ahead.took(*ahead.next(), 2, 2);
  CHECK(ahead.next() == nullptr);
}
