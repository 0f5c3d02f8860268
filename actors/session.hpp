#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "actors/deps.hpp"
#include "storage/store.hpp"

namespace partita {

/// A session with the database for the verbs of one facet (storage/store.hpp). It is opened when it
/// is first needed, and again after close().
template <class Facet>
class lazy_session {
 public:
  lazy_session(deps_ptr deps, const std::string& purpose, milliseconds timeout)
      : deps_(std::move(deps)),
        options_{"partita " + deps_->info.name + " " + purpose, timeout,
                 std::min(timeout, milliseconds{3000})} {}

  /// For one thread. Throws store_error as database::connect does.
  const Facet& get() {
    if (!verbs_) verbs_.emplace(deps_->db->connect(options_));
    return *verbs_;
  }
  const Facet* operator->() { return &get(); }

  /// For several threads, which take turns.
  template <class F>
  auto with(F&& verb) {
    std::lock_guard lock{mutex_};
    return std::forward<F>(verb)(get());
  }

  void close() { verbs_.reset(); }

 private:
  deps_ptr deps_;
  session_options options_;
  std::optional<Facet> verbs_;
  std::mutex mutex_;
};

/// All masters of a node share one: they need it seldom and briefly.
using master_session = lazy_session<master_store>;

}  // namespace partita
