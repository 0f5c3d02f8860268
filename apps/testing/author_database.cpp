#include "apps/testing/author_database.hpp"

#include "storage/session_queries.hpp"
#include "storage/transaction.hpp"

namespace partita::test {

namespace {

/// An author's transaction without a partition: nothing fences it.
class unfenced final : public verb {
 public:
  explicit unfenced(std::function<void(sql_transaction&)> what)
      : verb("unfenced", access::write), what_(std::move(what)) {}

  void work(transaction& tx) override {
    auto& author = tx.author({}, 0);
    try {
      what_(author);
    } catch (...) {
      author.rethrow_interruption();
      throw author_failure{std::current_exception()};
    }
    author.end();
  }
  std::function<void(transaction&)> detached() const override { return {}; }

 private:
  std::function<void(sql_transaction&)> what_;
};

}  // namespace

author_database::author_database(std::shared_ptr<database> db)
    : db_(std::move(db)), session_(db_->connect({})) {}

void author_database::make(const std::vector<std::string>& tables) {
  for (const auto& statement : tables) try {
      execute(statement, {});
    } catch (const permanent_error& e) {
      throw definition_error(std::string{e.what()} + ", in: " + statement);
    }
}

std::int64_t author_database::execute(std::string_view statement,
                                      std::span<const sql_value> values) {
  std::int64_t rows = 0;
  store({}, [&](sql_transaction& tx, chunk&) { rows = tx.change(statement, values); });
  return rows;
}

std::vector<sql_row> author_database::query(std::string_view statement,
                                            std::span<const sql_value> values) {
  return queries()->query(statement, values);
}

std::shared_ptr<sql_queries> author_database::queries() {
  return std::make_shared<session_queries>(session_, lease_id{}, 0);
}

chunk author_database::store(const chunk& c, const author_work& work) {
  auto changed = c;
  unfenced all{[&](sql_transaction& tx) {
    changed = c;
    if (work) work(tx, changed);
  }};
  try {
    session_->run(all);
  } catch (const author_failure& e) {
    std::rethrow_exception(e.cause);
  }
  return changed;
}

}  // namespace partita::test
