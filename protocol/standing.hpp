#pragma once

#include "protocol/liveness.hpp"
#include "protocol/turns.hpp"

namespace partita {

/// What a node knows of itself and of its cluster, as its own renewals tell. Each actor that needs
/// it keeps its own.
struct standing {
  explicit standing(const settings& s) : window(s) {}

  /// The node has another id: nothing was renewed for that one yet.
  void become(node_id new_id, const settings& s) {
    id = new_id;
    window = trust_window(s);
  }

  node_id id;  // none while this process must join anew
  trust_window window;
  cluster_view cluster;
  turns looks;  // in a large cluster the nodes take turns to read it
};

}  // namespace partita
