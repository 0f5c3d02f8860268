#pragma once

#include <exception>
#include <optional>
#include <pqxx/except>
#include <string>
#include <string_view>

#include "protocol/errors.hpp"
#include "protocol/values.hpp"

namespace partita::postgres {

/// Serialization failure, deadlock, lock timeout, or a verb that says so (lost_race): the
/// transaction gave way to another one, and can succeed a moment later on the same connection.
bool is_lost_race(const std::exception& failure);

/// A prepared statement is not there, or was prepared by somebody else: nothing was executed.
bool is_lost_preparation(const std::exception& failure);

/// What rule the data break, in one line, when it is one of the tables: a key that exists, a
/// missing value, one that does not fit.
std::optional<std::string> broken_rule(const pqxx::sql_error& failure);

/// Whether a statement failed because of the server, the connection or another transaction. All
/// else is the statement's own: its syntax, a table, a right.
bool is_of_the_server(const pqxx::sql_error& failure);

/// A prepared statement whose tables were altered since. A new connection has none.
bool is_stale_plan(const pqxx::sql_error& failure);

/// The line of a message that holds position `at`, without its severity. What follows in the
/// messages of a server is context, and may quote data.
std::string line_of(std::string_view text, std::size_t at = 0);

/// The server ended the statement, as after `statement_timeout`; the connection is good.
bool is_cancelled(const std::exception& failure);

/// What a failure inside a transaction means to the caller of a verb. `unavailable` whenever the
/// outcome is not known.
store_error translated(const std::exception& failure, const std::string& address);

/// Why no connection came about. libpq gives only text, no SQLSTATE: what is not recognized counts
/// as `unavailable`, and the text of the server is in the sentence.
store_error refused(const std::string& reason, const std::string& address);

/// The server did not answer for that long, and the connection was given up.
store_error unanswered(const std::string& address, milliseconds waited);

/// What this server, or the one before it, had acknowledged is not there.
store_error history_lost_at(const std::string& address);

}  // namespace partita::postgres
