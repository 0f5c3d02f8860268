#pragma once

#include <map>
#include <optional>
#include <pqxx/connection>
#include <pqxx/errorhandler>
#include <pqxx/result>
#include <pqxx/transaction_base>
#include <set>
#include <string>
#include <utility>

#include "protocol/values.hpp"
#include "storage/postgres/deadline.hpp"
#include "storage/postgres/libpqxx.hpp"

namespace partita::postgres {

class witness;

/// One connection to the server. Notices of the server are not printed.
class connection final : public pqxx::connection {
 public:
  connection(const std::string& settings, milliseconds longest_answer);

  /// To be called before each round trip: the answer has `longest_answer`, or the connection ends.
  /// Whoever calls it first keeps an `answer_awaited` on the stack.
  void expect_answer() { deadline_.begin(longest_answer_); }

  /// Whether it ended because the server did not answer in time.
  bool gave_up() const { return deadline_.passed(); }
  milliseconds longest_answer() const { return longest_answer_; }

  /// Whether statements may be prepared: behind some poolers they cannot.
  bool prepares = true;
  std::set<std::string> prepared;  // names of statements

  /// A transaction was left open on it that could not be rolled back: nothing may follow.
  bool unusable = false;

  /// The attempt whose author spoke last on it.
  std::optional<std::pair<lease_id, partition_no>> author_of;

  /// Statements of job authors that are prepared on it, and those made for their upserts.
  std::set<std::string> author_statements;
  std::map<std::string, std::string> author_upserts;

  /// Is told what the server acknowledged. Null: nobody asks.
  witness* history = nullptr;

 private:
  friend class answer_awaited;

  milliseconds longest_answer_;
  answer_deadline deadline_;
  pqxx::quiet_errorhandler quiet_{*this};
};

/// While it lives, the connection may wait for answers.
class answer_awaited {
 public:
  explicit answer_awaited(connection& of) : of_(of) { of_.expect_answer(); }
  ~answer_awaited() { of_.deadline_.end(); }
  answer_awaited(const answer_awaited&) = delete;
  answer_awaited& operator=(const answer_awaited&) = delete;

 private:
  connection& of_;
};

/// The connection that a transaction belongs to. REQUIRES: it is one of ours.
inline connection& connection_of(const pqxx::transaction_base& tx) {
  return static_cast<connection&>(tx.conn());
}

/// As tx.exec_params, for statements that nodes repeat often: planned once for each connection.
/// REQUIRES: the best plan does not depend on the parameters.
template <class... Parameters>
pqxx::result planned_once(pqxx::transaction_base& tx, const std::string& statement,
                          const Parameters&... parameters) {
  auto& server = connection_of(tx);
  server.expect_answer();
  if (!server.prepares) return tx.exec_params(statement, parameters...);
  // Made from the text: behind a pooler, others may have prepared it too, or another version.
  const auto name = "partita_" + std::to_string(std::hash<std::string>{}(statement));
  prepare_once(server, server.prepared, name, statement);
  return tx.exec_prepared(name, parameters...);
}

}  // namespace partita::postgres
