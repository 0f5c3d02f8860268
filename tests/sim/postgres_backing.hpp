#pragma once

#include <memory>

#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::sim {

/// Whether there is a server to simulate on: PARTITA_TEST_PG names a database of it.
bool has_postgres();

/// An empty PostgreSQL database whose time is that of `clock`, read once for each verb: its
/// function partita.clock() is replaced. There is one such database a process, made anew by each
/// call, and all its sessions share one connection. That loses nothing: in a simulation one verb
/// ends before the next begins. REQUIRES: has_postgres(), and the one before is no longer used.
std::shared_ptr<database> make_postgres_backing(wall_clock clock);

}  // namespace partita::sim
