#include "apps/testing/sim/sqlite_in_memory.hpp"

#include <atomic>
#include <string>

#include "storage/sqlite/sqlite_database.hpp"

namespace partita::sim {

std::shared_ptr<database> sqlite_in_memory(wall_clock clock) {
  static std::atomic<std::uint64_t> made = 0;
  const auto name = "file:partita-" + std::to_string(++made) + "?mode=memory&cache=shared";
  auto db = open_sqlite(name, std::move(clock), true);
  db->migrate();
  return db;
}

}  // namespace partita::sim
