#pragma once

namespace partita {

/// Whether a body runs in a process of its own. `asked`: by its step. `attempt`: the number of this
/// try. `holds_retried`: this node holds a lease of partitions that were tried before.
///
/// A try is lost with its node by every partition the node held, and nobody knows which of them
/// ended it. So each later try is isolated: only the guilty one is lost again. And while a node
/// holds such partitions, whatever else it begins is isolated too: another one that ends its
/// process would cost them a second try.
inline bool isolates(bool asked, int attempt, bool holds_retried) {
  return asked || attempt > 1 || holds_retried;
}

}  // namespace partita
