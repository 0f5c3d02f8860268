#pragma once

#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <string>

namespace partita::postgres {

/// One connection to the server. Notices of the server are not printed.
class connection final : public pqxx::connection {
 public:
  connection(const std::string& settings, bool may_prepare);

  /// Whether statements may be prepared: behind some poolers they cannot.
  const bool prepares;

  /// A transaction was left open on it that could not be rolled back: nothing may follow.
  bool unusable = false;

 private:
  pqxx::quiet_errorhandler quiet_{*this};
};

/// As tx.exec_params, for statements that nodes repeat often: planned once for each connection.
/// REQUIRES: the best plan does not depend on the parameters; `tx` belongs to a `connection`.
template <class... Parameters>
pqxx::result planned_once(pqxx::transaction_base& tx, const std::string& statement,
                          const Parameters&... parameters) {
  if (!static_cast<connection&>(tx.conn()).prepares)
    return tx.exec_params(statement, parameters...);
  // Made from the text: behind a pooler, others may have prepared it too, or another version.
  const auto name = "partita_" + std::to_string(std::hash<std::string>{}(statement));
  tx.conn().prepare(name, statement);  // reaches the server when it is first executed
  return tx.exec_prepared(name, parameters...);
}

}  // namespace partita::postgres
