#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "actors/deps.hpp"

namespace partita {

/// A store session that is opened when it is first needed. Used by one thread.
class session {
 public:
  session(deps_ptr deps, const std::string& purpose, milliseconds timeout)
      : deps_(std::move(deps)),
        options_{"partita " + deps_->info.name + " " + purpose, timeout,
                 std::min(timeout, milliseconds{3000})} {}

  /// Throws store_error as database::connect does.
  store& get() {
    if (!store_) store_ = deps_->db->connect(options_);
    return *store_;
  }
  store* operator->() { return &get(); }

 private:
  deps_ptr deps_;
  session_options options_;
  std::unique_ptr<store> store_;
};

/// The one session that all masters of a node share: they need it seldom and briefly.
class master_session {
 public:
  explicit master_session(const deps_ptr& deps)
      : session_(deps, "master", deps->limits.database_timeout) {}

  template <class F>
  auto with(F&& verb) {
    std::lock_guard lock{mutex_};
    return std::forward<F>(verb)(session_.get());
  }

 private:
  std::mutex mutex_;
  session session_;
};

}  // namespace partita
