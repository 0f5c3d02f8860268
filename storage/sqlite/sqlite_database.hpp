#pragma once

#include <memory>
#include <string>

#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita {

/// A database in one file, for any number of processes of one host; never on a network file
/// system. A path that begins with "file:" is opened as a URI: "file:NAME?mode=memory&cache=shared"
/// is a database in this process, gone with the database object and its last session. `clock` is
/// the database's clock. `alone`: one thread uses all its sessions, so no writer makes room for
/// another, and no author's transaction has a limit. Nothing is opened yet.
std::shared_ptr<database> open_sqlite(const std::string& path, wall_clock clock = wall_now,
                                      bool alone = false);

}  // namespace partita
