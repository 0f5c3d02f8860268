#pragma once

#include <chrono>
#include <optional>

#include "protocol/mutation.hpp"
#include "protocol/settings.hpp"
#include "protocol/values.hpp"

namespace partita {

/// How the cluster judges a node that was last heard of `silence` ago, by the database's clock.
inline sweep_verdict judge(microseconds silence, milliseconds unreachable_after,
                           milliseconds deregister_after) {
  if (silence >= deregister_after) return sweep_verdict::condemned;
  if (silence >= unreachable_after) return sweep_verdict::unreachable;
  return sweep_verdict::alive;
}

/// What a node is shown as. A node that is silent for long enough is UNREACHABLE, also where no
/// other node is alive to say so. Nodes that did not tell their limits are shown by the usual ones.
inline node_state shown_state(node_state state, microseconds silence,
                              milliseconds unreachable_after) {
  const auto limit =
      unreachable_after > milliseconds{0} ? unreachable_after : liveness_limits{}.unreachable_after;
  const auto counted = state == node_state::active || state == node_state::draining;
  return counted && silence >= limit ? node_state::unreachable : state;
}
inline node_state shown_state(const node_row& node) {
  return shown_state(node.state, node.silence, node.info.unreachable_after);
}

/// How far a node may trust its own leases.
enum class trust {
  full,     // claims and executes
  suspect,  // others may have marked it UNREACHABLE: claims nothing new
  expired,  // others may be about to give its work away: executors are asked to stop
};

/// What a node knows of its own standing, from nothing but its renewals. The cluster counts from
/// the moment the database wrote the heartbeat; this counts from when the request was *sent*, which
/// is earlier, so the node always stops before the cluster gives its work away.
class trust_window {
 public:
  /// REQUIRES: `sent` is when the request of a renewal that succeeded was sent.
  void renewed(mono_time sent) {
    if (!last_sent_ || sent - *last_sent_ >= std::chrono::nanoseconds{gap_}) healthy_since_ = sent;
    last_sent_ = sent;
  }

  explicit trust_window(const settings& s)
      : gap_(s.unreachable_after),
        suspect_after_(s.unreachable_after),
        expired_after_(s.deregister_after - s.heartbeat) {}

  trust at(mono_time now) const {
    if (!last_sent_ || now - *last_sent_ >= expired_after_) return trust::expired;
    if (now - *last_sent_ >= suspect_after_) return trust::suspect;
    return trust::full;
  }

  /// Whether this node may judge others: only after it has itself renewed without a gap for
  /// `unreachable_after`. After an outage of the database every node is overdue; this delay gives
  /// the living ones time to renew.
  bool may_sweep(mono_time now) const {
    if (PARTITA_BUG(sweep_right_after_an_outage)) return at(now) == trust::full;
    return at(now) == trust::full && now - *healthy_since_ >= gap_;
  }

 private:
  milliseconds gap_;
  milliseconds suspect_after_;
  milliseconds expired_after_;
  std::optional<mono_time> last_sent_;
  std::optional<mono_time> healthy_since_;
};

}  // namespace partita
