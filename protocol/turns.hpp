#pragma once

namespace partita {

/// What every node could do in each round, but a few of a large cluster are enough for: the nodes
/// take turns, without a word between them.
class turns {
 public:
  /// Whether this node does it this time. Asked by each of `nodes` in each round, about `share` of
  /// them are told so; each at the latest the ceil(nodes / share)-th time.
  bool mine(int nodes, int share) {
    skipped_ = share * (skipped_ + 1) < nodes ? skipped_ + 1 : 0;
    return skipped_ == 0;
  }

 private:
  int skipped_ = 0;
};

}  // namespace partita
