#include "batch/resources.hpp"

#include <catch2/catch.hpp>

#include <atomic>
#include <thread>
#include <vector>

#include "tests/batch/chunk_engine.hpp"

using namespace partita;

namespace {

resource_ptr made(int value) { return std::make_shared<const int>(value); }

}  // namespace

TEST_CASE("a resource is made once, shared, and made anew when nobody holds it") {
  resource_cache cache;
  int calls = 0;
  const auto make = [&] { return made(++calls); };
  auto first = cache.get(run_id{1}, typeid(int), make);
  CHECK(cache.get(run_id{1}, typeid(int), make) == first);
  CHECK(cache.get(run_id{2}, typeid(int), make) != first);
  CHECK(cache.get(run_id{1}, typeid(double), make) != first);
  CHECK(calls == 3);
  first.reset();
  CHECK(*static_cast<const int*>(cache.get(run_id{1}, typeid(int), make).get()) == 4);
}

TEST_CASE("what cannot be made is made again by the next one that asks") {
  resource_cache cache;
  const auto fail = []() -> resource_ptr { throw transient_error("not now"); };
  CHECK_THROWS_AS(cache.get(run_id{1}, typeid(int), fail), transient_error);
  CHECK(cache.get(run_id{1}, typeid(int), [] { return made(1); }));
}

TEST_CASE("threads that ask at once wait for the one that makes it") {
  resource_cache cache;
  std::atomic<int> calls = 0;
  std::vector<resource_ptr> got(8);
  std::vector<std::thread> threads;
  for (auto& mine : got)
    threads.emplace_back([&] {
      mine = cache.get(run_id{1}, typeid(int), [&] {
        std::this_thread::yield();
        return made(++calls);
      });
    });
  for (auto& one : threads) one.join();
  CHECK(calls == 1);
  for (const auto& one : got) CHECK(one == got[0]);
}

TEST_CASE("a partition asks for a resource of its job, and outside its transaction") {
  test::engine e;
  auto setup = e.attempt();
  setup.resource = [](std::type_index type) {
    return type == typeid(int) ? made(7) : resource_ptr{};
  };
  {
    partition_context p{setup};
    CHECK(p.resource<int>() == 7);
    CHECK_THROWS_AS(p.resource<double>(), definition_error);
    p.transaction(nullptr, [&](sql_transaction&) { CHECK(p.resource<int>() == 7); });
  }
  auto other = e.attempt();
  other.resource = [](std::type_index) { return made(1); };
  partition_context late{other};
  CHECK_THROWS_AS(late.transaction(nullptr, [&](sql_transaction&) { late.resource<int>(); }),
                  definition_error);
}
