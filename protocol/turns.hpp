#pragma once

namespace partita {

/// For work that each node could do in every round, while a few nodes of a large cluster are
/// enough: the nodes take turns, without messages between them.
class turns {
 public:
  /// Whether this node does it this time. Asked by each of `nodes` in each round, about `share` of
  /// them get true; each at the latest the ceil(nodes / share)-th time.
  bool mine(int nodes, int share) {
    skipped_ = share * (skipped_ + 1) < nodes ? skipped_ + 1 : 0;
    return skipped_ == 0;
  }

 private:
  int skipped_ = 0;
};

}  // namespace partita
