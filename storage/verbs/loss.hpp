#pragma once

#include "storage/transaction.hpp"

// What becomes of all that a node had when it goes away, one bounded piece a transaction. In every
// function the node is locked FOR UPDATE and takes nothing new (it is CONDEMNED or DRAINING): no
// claim, binding or adoption for it can follow, and what is read here sees all that were made.
namespace partita::verbs {

/// Gives at once what others may go on with: the runs it drives, and its LIVE leases, as far as
/// what is unfinished of them may be started again. The runs are locked last, against the order of
/// store.hpp: a master that seals a split at this very moment can make a deadlock, which is tried
/// again.
void hand_over(transaction& tx, node_id node);

/// Settles at most `most` partitions, or bound ranges, of what is left. True: nothing is left.
bool settle_piece(transaction& tx, node_id node, std::int64_t most);

/// DEREGISTERED or LEFT. REQUIRES: nothing is left.
void end_node(transaction& tx, node_id node, node_state state);

}  // namespace partita::verbs
