#include "storage/postgres/witness.hpp"

namespace partita::postgres {

void witness::acknowledged(acknowledged_event newest) {
  std::lock_guard lock{mutex_};
  newest_ = newest;
}

std::optional<acknowledged_event> witness::newest() const {
  std::lock_guard lock{mutex_};
  return newest_;
}

server_verdict witness::judge(const server_sight& sight) const {
  std::lock_guard lock{mutex_};
  if (sight.standby) return server_verdict::trusted;
  if (older(sight)) return server_verdict::older;
  return sight.has_newest ? server_verdict::trusted : server_verdict::history_lost;
}

void witness::trust(const server_sight& sight) {
  std::lock_guard lock{mutex_};
  if (sight.standby) return;
  if (!trusted_ || trusted_->cluster != sight.cluster || trusted_->timeline != sight.timeline)
    ++changes_;
  trusted_ = sight;
}

void witness::lose_history() {
  std::lock_guard lock{mutex_};
  newest_.reset();
  ++losses_;
  lost_ = true;
  ++changes_;
}

bool witness::history_is_lost() const {
  std::lock_guard lock{mutex_};
  return lost_;
}

void witness::begin_anew() {
  std::lock_guard lock{mutex_};
  lost_ = false;
  ++changes_;
}

int witness::losses() const {
  std::lock_guard lock{mutex_};
  return losses_;
}

bool witness::knows_newer(const server_sight& than) const {
  std::lock_guard lock{mutex_};
  return !than.standby && older(than);
}

bool witness::knows_a_server() const {
  std::lock_guard lock{mutex_};
  return trusted_.has_value();
}

bool witness::older(const server_sight& sight) const {
  return trusted_ && sight.timeline > 0 && !sight.cluster.empty() &&
         sight.cluster == trusted_->cluster && sight.timeline < trusted_->timeline;
}

}  // namespace partita::postgres
