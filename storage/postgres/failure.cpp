#include "storage/postgres/failure.hpp"

#include <algorithm>
#include <array>
#include <pqxx/except>
#include <string_view>

#include "storage/transaction.hpp"

namespace partita::postgres {

namespace {

/// SQLSTATEs, or their classes, and what they mean to the caller of a verb.
struct meaning {
  std::string_view state;
  errc code;
};
constexpr std::array meanings{
    meaning{"PT001", errc::lease_lost},      // partita.fence
    meaning{"PT002", errc::wrong_state},     // partita.fence
    meaning{"PT003", errc::bad_request},     // partita.fence
    meaning{"08", errc::unavailable},        // connection
    meaning{"25", errc::unavailable},        // 25006: a standby; 25P03: idle for too long
    meaning{"40", errc::unavailable},        // rolled back by the server
    meaning{"53", errc::unavailable},        // disk full, out of memory, too many connections
    meaning{"55", errc::unavailable},        // locked
    meaning{"57", errc::unavailable},        // timed out, shutting down, starting up
    meaning{"58", errc::unavailable},        // I/O
    meaning{"28", errc::access_denied},      // no such role, wrong password
    meaning{"3D000", errc::access_denied},   // no such database
    meaning{"42501", errc::missing_right},   // not granted
    meaning{"42P01", errc::schema_missing},  // no such table
    meaning{"3F000", errc::schema_missing},  // no such schema
    meaning{"42", errc::schema_mismatch},    // no such column or function: other tables
    meaning{"22", errc::bad_request},        // a value the database does not take
    meaning{"54", errc::bad_request},        // a key too long for its index
};

errc meaning_of(std::string_view state) {
  // libpqxx reports a dead connection now and then as a failed statement without SQLSTATE.
  if (state.empty()) return errc::unavailable;
  for (const auto& m : meanings)
    if (state.starts_with(m.state)) return m.code;
  return errc::damaged;
}

errc meaning_of(const pqxx::sql_error& failure) {
  // The one error that libpqxx 6 reports without its SQLSTATE.
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&failure) != nullptr)
    return errc::missing_right;
  return meaning_of(failure.sqlstate());
}

std::string_view advice(errc code) {
  switch (code) {
    case errc::schema_missing:
      return "; create the tables with `partita schema migrate`";
    case errc::schema_mismatch:
      return "; see `partita schema status`";
    case errc::missing_right:
      return "; `partita schema roles` prints the roles that have what a command needs: make this "
             "one a member of partita_read (listings), partita_launch (submit, cancel, restart, "
             "abandon, pause, priority, limit, drain, schedule, retention, purge) or partita_node "
             "(nodes)";
    default:
      return "";
  }
}

/// "INSERT" or the like, where the statement that was refused begins with it.
std::string_view wanted_right(std::string_view statement) {
  const auto begin = statement.find_first_not_of(" \n");
  if (begin != statement.npos)
    for (std::string_view right : {"INSERT", "UPDATE", "DELETE"})
      if (statement.substr(begin).starts_with(right)) return right;
  return {};
}

/// The user in an address of the form postgresql://USER@HOST/NAME.
std::string user_of(const std::string& address) {
  constexpr std::string_view scheme = "postgresql://";
  const auto at = address.find('@');
  if (!address.starts_with(scheme) || at == address.npos) return "this user";
  return address.substr(scheme.size(), at - scheme.size());
}

/// What libpq says when the server turned us away for good, and what the user can do.
struct refusal {
  std::string_view text;
  errc code;
  std::string_view advice;
};
constexpr std::array refusals{
    refusal{"password authentication failed", errc::access_denied,
            "check the user and the password (in the address, PGPASSWORD or ~/.pgpass)"},
    refusal{"no password supplied", errc::access_denied,
            "give the password in the address, PGPASSWORD or ~/.pgpass"},
    refusal{"authentication failed", errc::access_denied, "check the user and pg_hba.conf"},
    refusal{"pg_hba.conf", errc::access_denied, "let this host and user in, in pg_hba.conf"},
    refusal{"FATAL:  role", errc::access_denied, "check the user, or create it with createuser"},
    refusal{"FATAL:  database", errc::access_denied, "check the name, or create it with createdb"},
    refusal{"certificate", errc::access_denied, "check sslmode and sslrootcert"},
    refusal{"unsupported startup parameter", errc::bad_request,
            "a pooler refuses `options`; let it say ignore_startup_parameters = options, and give "
            "the role that logs in what `partita schema roles` prints"},
    refusal{"configuration parameter", errc::bad_request,
            "Partita needs PostgreSQL 14 or newer; else check `options` in the address"},
};

}  // namespace

std::string line_of(std::string_view text, std::size_t at) {
  auto begin = text.rfind('\n', at);
  auto line = text.substr(begin == text.npos ? 0 : begin + 1);
  line = line.substr(0, line.find('\n'));
  for (std::string_view noise : {"ERROR:  ", "FATAL:  "})
    if (line.starts_with(noise)) line.remove_prefix(noise.size());
  return std::string{line};
}

std::optional<std::string> broken_rule(const pqxx::sql_error& failure) {
  const auto& state = failure.sqlstate();
  // 21000: two rows of one upsert with the same key; 44000: a row that its view does not show;
  // P0001: what a trigger refuses.
  constexpr std::array<std::string_view, 5> states{"21000", "22", "23", "44000", "P0001"};
  if (std::none_of(states.begin(), states.end(),
                   [&](std::string_view s) { return state.starts_with(s); }))
    return std::nullopt;
  return line_of(failure.what());
}

bool is_of_the_server(const pqxx::sql_error& failure) {
  const auto& state = failure.sqlstate();
  if (dynamic_cast<const pqxx::insufficient_privilege*>(&failure) != nullptr) return false;
  // 25006: it became a standby; 26000, 42P05: a pooler gave us another session.
  constexpr std::array<std::string_view, 11> states{"08", "25006", "26000", "28", "40", "42P05",
                                                    "53", "55P03", "57P",   "58", "XX"};
  return state.empty() || std::any_of(states.begin(), states.end(),
                                      [&](std::string_view s) { return state.starts_with(s); });
}

bool is_stale_plan(const pqxx::sql_error& failure) {
  return std::string_view{failure.what()}.find("cached plan must not change") !=
         std::string_view::npos;
}

bool is_lost_race(const std::exception& failure) {
  if (dynamic_cast<const lost_race*>(&failure) != nullptr ||
      dynamic_cast<const pqxx::serialization_failure*>(&failure) != nullptr ||
      dynamic_cast<const pqxx::deadlock_detected*>(&failure) != nullptr)
    return true;
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&failure);
  return sql != nullptr && (is_stale_plan(*sql) || sql->sqlstate() == "40001" ||
                            sql->sqlstate() == "40P01" || sql->sqlstate() == "55P03");
}

bool is_lost_preparation(const std::exception& failure) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&failure);
  return sql != nullptr && (sql->sqlstate() == "26000" || sql->sqlstate() == "42P05");
}

bool is_cancelled(const std::exception& failure) {
  const auto* sql = dynamic_cast<const pqxx::sql_error*>(&failure);
  return sql != nullptr && sql->sqlstate() == "57014";
}

store_error translated(const std::exception& failure, const std::string& address) {
  auto code = errc::unavailable;
  std::string prefix = address + ": ";
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&failure))
    code = meaning_of(*sql);
  else if (dynamic_cast<const pqxx::conversion_error*>(&failure) != nullptr)
    code = errc::damaged;
  else if (dynamic_cast<const pqxx::broken_connection*>(&failure) != nullptr)
    prefix += "the connection was lost: ";
  auto reason = line_of(failure.what());
  if (code == errc::missing_right) {
    const auto* sql = dynamic_cast<const pqxx::sql_error*>(&failure);
    const auto right = wanted_right(sql->query());
    reason = "the role " + user_of(address) +
             " lacks a right: " + (right.empty() ? "" : std::string{right} + ": ") + reason;
  }
  return {code, prefix + reason + std::string{advice(code)}};
}

store_error refused(const std::string& reason, const std::string& address) {
  for (const auto& r : refusals)
    if (auto at = reason.find(r.text); at != std::string::npos)
      return {r.code, "cannot log in to " + address + ": " + line_of(reason, at) + "; " +
                          std::string{r.advice}};
  return {errc::unavailable, "cannot reach " + address + ": " + line_of(reason)};
}

store_error unanswered(const std::string& address, milliseconds waited) {
  return {errc::unavailable, address + ": the server did not answer for " +
                                 std::to_string(waited.count()) +
                                 " ms, and the connection was given up"};
}

store_error history_lost_at(const std::string& address) {
  return {errc::history_lost,
          address +
              ": history was lost: what a server had acknowledged to this process is not "
              "there; see `partita verify`"};
}

}  // namespace partita::postgres
