#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "actors/deps.hpp"
#include "storage/store.hpp"

namespace partita {

/// A session with the database that is opened when it is first needed, for the verbs of one facet
/// (storage/store.hpp). Used by one thread.
template <class Facet>
class lazy_session {
 public:
  lazy_session(deps_ptr deps, const std::string& purpose, milliseconds timeout)
      : deps_(std::move(deps)),
        options_{"partita " + deps_->info.name + " " + purpose, timeout,
                 std::min(timeout, milliseconds{3000})} {}

  /// Throws store_error as database::connect does.
  const Facet& get() {
    if (!verbs_) verbs_.emplace(deps_->db->connect(options_));
    return *verbs_;
  }
  const Facet* operator->() { return &get(); }

  void close() { verbs_.reset(); }

 private:
  deps_ptr deps_;
  session_options options_;
  std::optional<Facet> verbs_;
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
  lazy_session<master_store> session_;
};

}  // namespace partita
