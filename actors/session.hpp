#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "actors/deps.hpp"
#include "storage/store.hpp"

namespace partita {

/// A session with the database for the verbs of one facet (storage/store.hpp), for one thread or
/// for several that take turns. It is opened when it is first needed, and again after close().
template <class Facet>
class lazy_session {
 public:
  lazy_session(deps_ptr deps, const std::string& purpose, milliseconds timeout,
               bool of_authors = false)
      : deps_(std::move(deps)),
        options_{"partita " + deps_->info.name + " " + purpose, timeout,
                 std::min(timeout, milliseconds{3000}), of_authors,
                 of_authors && deps_->author_db != nullptr} {
    options_.purges = std::is_same_v<Facet, retention_store>;
    if (!options_.elsewhere) options_.author_limit = deps_->limits.heartbeat_timeout / 2;
  }

  /// While it lives, other threads wait.
  class turn {
   public:
    const Facet* operator->() const { return verbs_; }

   private:
    friend class lazy_session;
    struct uncount {
      void operator()(counter* in_use) const { in_use->add(-1); }
    };
    explicit turn(lazy_session& of) : lock_(of.mutex_), verbs_(&of.open()) {
      auto& in_use = of.deps_->counters->sessions_in_use;
      in_use.add();
      counted_.reset(&in_use);
    }
    std::unique_lock<std::mutex> lock_;
    const Facet* verbs_;
    std::unique_ptr<counter, uncount> counted_;
  };

  /// Throws store_error as database::connect does.
  turn verbs() { return turn{*this}; }

  void close() {
    std::lock_guard lock{mutex_};
    if (!verbs_) return;
    verbs_.reset();
    deps_->counters->sessions.add(-1);
  }

  ~lazy_session() { close(); }
  lazy_session(const lazy_session&) = delete;
  lazy_session& operator=(const lazy_session&) = delete;

 private:
  const Facet& open() {
    if (!verbs_) {
      verbs_.emplace((options_.elsewhere ? deps_->author_db : deps_->db)->connect(options_));
      deps_->counters->sessions.add();
    }
    return *verbs_;
  }

  deps_ptr deps_;
  session_options options_;
  std::optional<Facet> verbs_;
  std::mutex mutex_;
};

using worker_session = lazy_session<worker_store>;

/// All masters of a node share one: they need it seldom and briefly.
using master_session = lazy_session<master_store>;

}  // namespace partita
