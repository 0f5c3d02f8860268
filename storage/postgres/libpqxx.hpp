#pragma once

#include <pqxx/version.hxx>

#include <pqxx/connection>
#include <pqxx/transaction>

// All that libpqxx 6 and 7 call by different names.
namespace partita::postgres {

#if PQXX_VERSION_MAJOR < 7

inline constexpr auto read_only = pqxx::read_only;

/// Version 6 opens a lost connection anew, in the middle of something, unless told not to.
inline void never_reconnect(pqxx::connection_base& server) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  server.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

#else

inline constexpr auto read_only = pqxx::write_policy::read_only;

/// Version 7 never does.
inline void never_reconnect(const pqxx::connection&) {}

#endif

}  // namespace partita::postgres
