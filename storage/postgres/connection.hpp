#pragma once

#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <string>

namespace partita::postgres {

/// One connection to the server, which keeps notices to itself.
class connection final : public pqxx::connection {
 public:
  connection(const std::string& settings, bool may_prepare);

  /// Statements may be prepared, which those behind some poolers cannot be.
  const bool prepares;

  /// A transaction was left open on it that could not be rolled back: nothing may follow.
  bool spoiled = false;

 private:
  pqxx::quiet_errorhandler quiet_{*this};
};

/// As tx.exec_params, for what nodes ask for again and again: planned once a connection. REQUIRES:
/// the best plan does not hang on the parameters; a transaction of such a connection.
template <class... Parameters>
pqxx::result planned_once(pqxx::transaction_base& tx, const std::string& statement,
                          const Parameters&... parameters) {
  if (!static_cast<connection&>(tx.conn()).prepares)
    return tx.exec_params(statement, parameters...);
  // Of its text: behind a pooler others may have prepared it too, or another version of it.
  const auto name = "partita_" + std::to_string(std::hash<std::string>{}(statement));
  tx.conn().prepare(name, statement);  // reaches the server when it is first executed
  return tx.exec_prepared(name, parameters...);
}

}  // namespace partita::postgres
