#include "apps/partita/forced_end.hpp"

#include <unistd.h>

#include <algorithm>
#include <thread>

#include "storage/clock.hpp"

namespace partita::cli {

forced_end::forced_end(mono_time by, int exit_code) : by_(by), exit_code_(exit_code) {
  std::thread{[this] { watch(); }}.detach();
}

void forced_end::sooner(mono_time by) {
  std::lock_guard lock{mutex_};
  by_ = std::min(by_, by);
  changed_.notify_all();
}

void forced_end::watch() {
  std::unique_lock lock{mutex_};
  for (auto now = boot_now(); now < by_; now = boot_now()) changed_.wait_for(lock, by_ - now);
  ::_exit(exit_code_);
}

}  // namespace partita::cli
