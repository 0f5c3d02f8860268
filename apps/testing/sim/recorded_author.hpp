#pragma once

#include "storage/session.hpp"

namespace partita::sim {

/// The same call of commit_chunk, to be run when its caller is gone, and with it the author's code:
/// what this does is asked for now, in a transaction of `on` that is rolled back, and done again
/// then, statement by statement. Null when `v` is another verb, or has no author. Throws what the
/// author's code throws.
std::shared_ptr<verb> with_recorded_author(const verb& v, session& on);

}  // namespace partita::sim
