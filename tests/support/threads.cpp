#include "tests/support/threads.hpp"

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <iostream>
#include <mutex>
#include <thread>

namespace partita::test {

namespace {

/// What threads threw; Catch's own assertions are for one thread only.
class complaints {
 public:
  void listen(const std::function<void()>& body, bool store_errors_are_legal) {
    try {
      body();
    } catch (const store_error& e) {
      if (!store_errors_are_legal || e.code() == errc::unavailable || e.code() == errc::damaged)
        add(e.what());
    } catch (const std::exception& e) {
      add(e.what());
    }
  }
  std::vector<std::string> take() { return std::move(all_); }

 private:
  void add(const std::string& sentence) {
    std::lock_guard lock{guard_};
    all_.push_back(sentence);
  }

  std::mutex guard_;
  std::vector<std::string> all_;
};

}  // namespace

std::vector<std::string> at_once(backend& on, int count,
                                 const std::function<void(int, store&)>& body) {
  complaints heard;
  std::barrier start{count};
  std::vector<std::thread> threads;
  for (int i = 0; i < count; ++i)
    threads.emplace_back([&, i] {
      std::unique_ptr<store> session;
      heard.listen([&] { session = on.connect(); }, false);
      start.arrive_and_wait();
      if (session) heard.listen([&] { body(i, *session); }, false);
    });
  for (auto& t : threads) t.join();
  return heard.take();
}

std::vector<std::string> duel(backend& on, int rounds, std::mt19937_64& random,
                              const std::function<opponents(int round)>& set_up) {
  complaints heard;
  std::barrier step{3};
  opponents now;
  unsigned delays[2] = {0, 0};
  auto side = [&](int which) {
    auto session = on.connect();
    for (int round = 0; round < rounds; ++round) {
      step.arrive_and_wait();  // set up
      for (auto spin = delays[which]; spin > 0; --spin)
        std::atomic_signal_fence(std::memory_order_seq_cst);  // keeps the empty loop
      heard.listen([&] { (which == 0 ? now.left : now.right)(*session); }, true);
      step.arrive_and_wait();  // over
    }
  };
  std::thread left{side, 0};
  std::thread right{side, 1};
  for (int round = 0; round < rounds; ++round) {
    now = set_up(round);
    for (auto& delay : delays) delay = static_cast<unsigned>(random() % 100'000);
    step.arrive_and_wait();
    step.arrive_and_wait();
  }
  left.join();
  right.join();
  return heard.take();
}

std::mt19937_64 printed_random(const std::string& test) {
  const auto* given = std::getenv("PARTITA_TEST_SEED");
  auto seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << test << ": replay with PARTITA_TEST_SEED=" << seed << std::endl;
  return std::mt19937_64{seed};
}

}  // namespace partita::test
