#pragma once

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
    explicit link(const std::string& settings);
    pqxx::connection connection;
    pqxx::quiet_errorhandler quiet;
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
  std::unique_ptr<link> link_;
};

}  // namespace partita::postgres
