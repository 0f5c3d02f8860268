#include <catch2/catch.hpp>

#include <future>

#include "apps/partita/http/task_queue.hpp"

using namespace partita::http;

TEST_CASE("an idle connection makes room when somebody waits and no thread is idle") {
  std::promise<void> end;
  const auto ended = end.get_future().share();
  task_queue queue{2, 8, [] {}};
  // Each is asked about at once: the thread that takes it may not have woken up.
  for (int i = 0; i < 2; ++i) {
    queue.enqueue([ended] { ended.wait(); });
    CHECK_FALSE(queue.is_wanted());
  }
  queue.enqueue([] {});
  CHECK(queue.is_wanted());
  end.set_value();
  queue.shutdown();
  CHECK(queue.is_wanted());  // all is over
}
