#include "apps/partita/signals.hpp"

#include <cerrno>
#include <ctime>

#include "storage/clock.hpp"

namespace partita::cli {

signal_watch::signal_watch() {
  sigemptyset(&watched_);
  sigaddset(&watched_, SIGINT);
  sigaddset(&watched_, SIGTERM);
  struct sigaction hangup {};
  if (::sigaction(SIGHUP, nullptr, &hangup) != 0 || hangup.sa_handler != SIG_IGN)
    sigaddset(&watched_, SIGHUP);
  ::pthread_sigmask(SIG_BLOCK, &watched_, nullptr);
}

std::optional<int> signal_watch::wait(milliseconds limit) {
  const auto until = boot_now() + limit;
  for (auto left = std::chrono::nanoseconds{limit};; left = until - boot_now()) {
    if (left.count() < 0) left = std::chrono::nanoseconds{0};
    timespec rest{};
    rest.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    rest.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    auto signal = ::sigtimedwait(&watched_, nullptr, &rest);
    if (signal > 0) return signal;
    if (errno != EINTR) return std::nullopt;
  }
}

}  // namespace partita::cli
