#pragma once

#include "batch/registry.hpp"

namespace partita {

/// Whether a node has started this process for bodies: its two pipes are there.
bool has_body_pipes();

/// The other side of body_process: executes bodies, as its node says, until the node closes the
/// pipes, is gone, or can no longer be trusted. REQUIRES: has_body_pipes(), and no other thread.
[[noreturn]] void serve_bodies(const registry& jobs);

}  // namespace partita
