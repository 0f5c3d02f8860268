#pragma once

#include <memory>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <type_traits>

#include "storage/clock.hpp"
#include "storage/database.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/dialing.hpp"
#include "storage/postgres/libpqxx.hpp"

namespace partita::postgres {

/// Owns the connection; the one place where transactions are tried again, and where failures of the
/// server, the network and libpqxx become a store_error.
///
/// After a failure that is not known to leave the connection intact it is thrown away, and the next
/// transaction opens a new one: libpqxx must never reconnect by itself, in the middle of something.
///
/// When the database has lost what it had acknowledged to this process, every call throws
/// history_lost until `witness::begin_anew`.
class postgres_session final : public session {
 public:
  postgres_session(std::shared_ptr<dialer> dial, session_options options);

  void run(verb& v) override;

  // What is no verb. `work` takes a pqxx::transaction_base; it may run several times and must leave
  // no trace but its last answer. A store_error it throws rolls back and goes to the caller.

  /// One statement, one round trip: the server commits as it ends.
  template <class Work>
  auto once(Work work) {
    return within<pqxx::nontransaction>(work);
  }

  /// Several statements between BEGIN and COMMIT, READ COMMITTED: each sees what was committed
  /// before it began.
  template <class Work>
  auto transact(Work work) {
    return within<pqxx::work>(work);
  }

  /// Several reads that see one moment: REPEATABLE READ READ ONLY.
  template <class Work>
  auto snapshot(Work work) {
    return within<pqxx::transaction<pqxx::repeatable_read, read_only>>(work);
  }

  /// The connection itself, for what is no transaction: the user sees to its deadlines. Throws
  /// store_error.
  connection& connected();

 private:
  /// How often one transaction was tried, and since when.
  struct effort {
    int tries = 1;
    mono_time since;
  };

  template <class Kind, class Work>
  auto within(Work& work) {
    return until_done([&](connection& server) {
      Kind tx{server};
      if constexpr (std::is_void_v<std::invoke_result_t<Work&, pqxx::transaction_base&>>) {
        work(tx);
        tx.commit();
      } else {
        auto answer = work(tx);
        tx.commit();
        return answer;
      }
    });
  }

  template <class Transaction>
  auto until_done(Transaction once) -> std::invoke_result_t<Transaction&, connection&> {
    for (auto spent = begin_effort();;) {
      try {
        auto& server = connected();
        const answer_awaited limit{server};
        return once(server);
      } catch (const std::exception& failure) {
        recover(failure, spent);
      }
    }
  }

  effort begin_effort() const;

  /// Returns, after a rest, when the transaction is to be tried again; else throws store_error.
  /// REQUIRES: called where `failure` was caught.
  void recover(const std::exception& failure, effort& spent);

  void require_history() const;
  bool may_go_on() const;

  const std::shared_ptr<dialer> dial_;
  const session_options options_;
  bool may_prepare_ = true;
  std::unique_ptr<connection> server_;
  server_sight sight_;  // of server_
  int losses_ = 0;      // of history, before it was connected
  int changes_ = 0;     // of what the process remembers, when it was last found fit
};

}  // namespace partita::postgres
