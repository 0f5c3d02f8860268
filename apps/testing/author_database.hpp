#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/database.hpp"
#include "storage/store.hpp"

namespace partita::test {

/// The author's tables in a database of a test.
class author_database {
 public:
  explicit author_database(std::shared_ptr<database> db);

  /// Runs each statement. The error of one names it.
  void make(const std::vector<std::string>& tables);

  std::int64_t execute(std::string_view statement, std::span<const sql_value> values);
  std::vector<sql_row> query(std::string_view statement, std::span<const sql_value> values);

  std::shared_ptr<sql_queries> queries();

  /// Stores what `work` does, or, when it throws, nothing. The chunk as `work` leaves it.
  chunk store(const chunk& c, const author_work& work);

  session& on() { return *session_; }

 private:
  std::shared_ptr<database> db_;
  std::shared_ptr<session> session_;
};

}  // namespace partita::test
