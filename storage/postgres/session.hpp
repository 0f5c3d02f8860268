#pragma once

#include <functional>
#include <memory>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <type_traits>

#include "storage/clock.hpp"
#include "storage/postgres/conninfo.hpp"

namespace partita::postgres {

using transaction = pqxx::transaction_base;

class connection final : public pqxx::connection {
 public:
  connection(const std::string& settings, bool may_prepare);
  /// Statements may be prepared, which those behind some poolers cannot be.
  const bool prepares;
};

/// As tx.exec_params, for what nodes ask for again and again: planned once a connection. REQUIRES:
/// the best plan does not hang on the parameters; a transaction of a session.
template <class... Parameters>
pqxx::result planned_once(transaction& tx, const std::string& statement,
                          const Parameters&... parameters) {
  if (!static_cast<connection&>(tx.conn()).prepares)
    return tx.exec_params(statement, parameters...);
  // Of its text: behind a pooler others may have prepared it too, or another version of it.
  const auto name = "partita_" + std::to_string(std::hash<std::string>{}(statement));
  tx.conn().prepare(name, statement);  // reaches the server when it is first executed
  return tx.exec_prepared(name, parameters...);
}

/// Owns the connection; the one place where transactions begin and end, and where failures of the
/// server, the network and libpqxx become a store_error.
///
/// After a failure that is not known to leave the connection intact it is thrown away, and the next
/// transaction opens a new one: libpqxx must never reconnect by itself, in the middle of something.
class session {
 public:
  session(const conninfo& where, const session_options& options);

  /// One statement, one round trip: the server commits as it ends.
  template <class Work>
  auto once(Work work) {
    return run<pqxx::nontransaction>(work);
  }

  /// Several statements between BEGIN and COMMIT, READ COMMITTED: each sees what was committed
  /// before it began. `work` may run several times and must leave no trace but its last answer. A
  /// store_error it throws rolls back and goes to the caller.
  template <class Work>
  auto transact(Work work) {
    return run<pqxx::work>(work);
  }

  /// Several reads that see one moment: REPEATABLE READ READ ONLY.
  template <class Work>
  auto snapshot(Work work) {
    return run<pqxx::transaction<pqxx::repeatable_read, pqxx::read_only>>(work);
  }

  /// The connection itself, for what is no transaction. Throws store_error.
  pqxx::connection& connected();

 private:
  /// A connection that keeps notices to itself.
  struct link {
    link(const std::string& settings, bool may_prepare) : server(settings, may_prepare) {}
    connection server;
    pqxx::quiet_errorhandler quiet{server};
  };

  /// How often one transaction was tried, and since when.
  struct effort {
    int tries = 1;
    mono_time since;
  };

  template <class Kind, class Work>
  auto run(Work& work) -> std::invoke_result_t<Work&, transaction&> {
    for (auto spent = begin_effort();;) {
      try {
        Kind tx{connected()};
        if constexpr (std::is_void_v<std::invoke_result_t<Work&, transaction&>>) {
          work(tx);
          return tx.commit();
        } else {
          auto answer = work(tx);
          tx.commit();
          return answer;
        }
      } catch (const store_error&) {
        throw;
      } catch (const std::exception& failure) {
        recover(failure, spent);
      }
    }
  }

  effort begin_effort() const;

  /// Returns, after a rest, when the transaction is to be tried again; else throws store_error.
  void recover(const std::exception& failure, effort& spent);

  std::string settings_;
  std::string address_;
  milliseconds statement_timeout_;
  bool may_prepare_ = true;
  std::unique_ptr<link> link_;
};

}  // namespace partita::postgres
