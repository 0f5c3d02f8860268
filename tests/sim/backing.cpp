#include "tests/sim/backing.hpp"

#include "apps/testing/sim/sqlite_in_memory.hpp"
#include "storage/memory/memory_database.hpp"
#include "tests/sim/postgres_backing.hpp"

namespace partita::sim {

const char* to_string(backing kind) {
  switch (kind) {
    case backing::memory:
      return "memory";
    case backing::sqlite:
      return "sqlite";
    case backing::postgres:
      return "postgres";
  }
  return "?";
}

std::shared_ptr<database> open(backing kind, wall_clock clock) {
  switch (kind) {
    case backing::sqlite:
      return sqlite_in_memory(std::move(clock));
    case backing::postgres:
      return make_postgres_backing(std::move(clock));
    default:
      return make_memory_database(std::move(clock));
  }
}

}  // namespace partita::sim
