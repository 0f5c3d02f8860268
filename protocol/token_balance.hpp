#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "protocol/ids.hpp"

// Which node owns which schedule: a token is the right of a node to own one.
namespace partita {

/// A living node that schedules.
struct token_node {
  node_id id;
  std::size_t tokens = 0;  // schedules it may own at most
  std::vector<std::string> jobs;
  bool draining = false;
};

struct token_schedule {
  schedule_id id;
  std::string job;
  node_id owner;       // none, or one that is not among the nodes: it has no owner
  bool rests = false;  // paused, or without another tick
};

/// The schedule changes its owner. `to` none: it is let go.
struct token_move {
  schedule_id schedule;
  node_id from;  // as its row has it, which the mover checks
  node_id to;
  friend bool operator==(const token_move&, const token_move&) = default;
};

/// The moves after which
/// - no node owns more than its tokens, or a schedule of a job that it does not know,
/// - as many schedules as can be have an owner,
/// - what nodes own differs as little as their jobs and tokens allow: by one at most where all know
///   all jobs and have tokens left,
/// - a node that drains owns only what no other node can take,
/// - a schedule that rests has no owner: it needs no token.
/// With as few moves as that takes, by schedule. Carried out, they leave nothing to move.
std::vector<token_move> balance_tokens(std::span<const token_node> nodes,
                                       std::span<const token_schedule> schedules);

}  // namespace partita
