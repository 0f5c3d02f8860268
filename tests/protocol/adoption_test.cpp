#include "protocol/adoption.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

waiting_run waiting(int id, const std::string& key, int priority = 0) {
  return {{run_id{id}, term{0}}, "job", key, priority};
}

std::vector<int> ids(const std::vector<masterless_run>& runs) {
  std::vector<int> all;
  for (const auto& run : runs) all.push_back(static_cast<int>(run.id.value));
  return all;
}

}  // namespace

TEST_CASE("runs without a master come by priority, and in turns of the fair keys") {
  const std::vector<waiting_run> all{waiting(1, "a"), waiting(2, "a"), waiting(3, "a"),
                                     waiting(4, "b"), waiting(5, "a", 7)};
  CHECK(ids(in_turns(all, 10)) == std::vector{5, 4, 1, 2, 3});
  CHECK(ids(in_turns(all, 2)) == std::vector{5, 4});
  CHECK(in_turns({}, 10).empty());
}

TEST_CASE("a run is ahead of those that are driven by its key or its priority") {
  std::vector<waiting_run> all{waiting(1, "a"), waiting(2, "b"), waiting(3, "a", 3)};
  const std::vector<driven_group> driven{{"job", "a", 2}, {"job", "a", 1}, {"other", "b", 9}};
  mark_ahead(all, driven);
  CHECK_FALSE(all[0].run.ahead);
  CHECK(all[1].run.ahead);
  CHECK(all[2].run.ahead);
}
