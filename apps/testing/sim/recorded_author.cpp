#include "apps/testing/sim/recorded_author.hpp"

#include "batch/sql.hpp"
#include "storage/transaction.hpp"
#include "storage/verbs/leases.hpp"

namespace partita::sim {

namespace {

using chunk_call = verb_detail::call<decltype(&verbs::commit_chunk), chunk, lease_id, partition_no,
                                     const chunk&, const author_work&>;
using statements = std::vector<std::function<void(sql_transaction&)>>;

/// Passes everything on, and remembers what changed something.
class recorder final : public sql_transaction {
 public:
  recorder(sql_transaction& tx, statements& to) : tx_(tx), to_(to) {}

  std::string_view dialect() const override { return tx_.dialect(); }
  std::int64_t change(std::string_view statement, std::span<const sql_value> values) override {
    const auto rows = tx_.change(statement, values);
    to_.push_back([text = std::string{statement}, row = sql_row(values.begin(), values.end())](
                      sql_transaction& tx) { tx.change(text, row); });
    return rows;
  }
  std::vector<sql_row> fetch(std::string_view statement,
                             std::span<const sql_value> values) override {
    return tx_.fetch(statement, values);
  }
  void insert(std::string_view table, std::span<const std::string> columns,
              std::span<const sql_row> rows) override {
    tx_.insert(table, columns, rows);
    to_.push_back([name = std::string{table}, names = owned(columns),
                   all = owned(rows)](sql_transaction& tx) { tx.insert(name, names, all); });
  }
  void upsert(std::string_view table, std::span<const std::string> columns,
              std::span<const std::string> keys, std::span<const sql_row> rows) override {
    tx_.upsert(table, columns, keys, rows);
    to_.push_back([name = std::string{table}, names = owned(columns), key = owned(keys),
                   all = owned(rows)](sql_transaction& tx) { tx.upsert(name, names, key, all); });
  }
  void attempt(const std::function<void()>& work) override {
    const auto before = to_.size();
    try {
      tx_.attempt(work);
    } catch (...) {
      to_.resize(before);
      throw;
    }
  }

 private:
  template <class T>
  static std::vector<T> owned(std::span<const T> values) {
    return {values.begin(), values.end()};
  }

  sql_transaction& tx_;
  statements& to_;
};

class late_chunk final : public verb {
 public:
  late_chunk(lease_id lease, partition_no no, chunk c, statements all)
      : verb("commit_chunk", access::write),
        lease_(lease),
        no_(no),
        chunk_(std::move(c)),
        all_(std::move(all)) {}

  void work(transaction& tx) override {
    verbs::commit_chunk(tx, lease_, no_, chunk_, [this](sql_transaction& author, chunk&) {
      for (const auto& one : all_) one(author);
    });
  }
  std::function<void(transaction&)> detached() const override { return {}; }

 private:
  lease_id lease_;
  partition_no no_;
  chunk chunk_;
  statements all_;
};

/// Runs a function in a transaction that is rolled back.
class rehearsal final : public verb {
 public:
  explicit rehearsal(std::function<void(transaction&)> what)
      : verb("rehearsal", access::write), what_(std::move(what)) {}

  struct over {};
  void work(transaction& tx) override {
    what_(tx);
    throw over{};
  }
  std::function<void(transaction&)> detached() const override { return {}; }

 private:
  std::function<void(transaction&)> what_;
};

}  // namespace

std::shared_ptr<verb> with_recorded_author(const verb& v, session& on) {
  const auto* call = dynamic_cast<const chunk_call*>(&v);
  if (call == nullptr) return nullptr;
  const auto& [lease, no, wanted, write] = call->arguments();
  if (!write) return nullptr;
  chunk c;
  statements all;
  std::exception_ptr thrown;
  rehearsal now{[&, of = lease, number = no, &order = wanted, &work = write](transaction& tx) {
    c = order;
    all.clear();
    recorder author{tx.author(of, number), all};
    try {
      work(author, c);
    } catch (...) {
      thrown = std::current_exception();
    }
  }};
  try {
    on.run(now);
  } catch (const rehearsal::over&) {
  }
  if (thrown) std::rethrow_exception(thrown);
  return std::make_shared<late_chunk>(lease, no, std::move(c), std::move(all));
}

}  // namespace partita::sim
