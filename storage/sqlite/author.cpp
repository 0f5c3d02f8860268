#include "storage/sqlite/author.hpp"

#include "storage/sqlite/statements/schema.hpp"
#include "storage/text.hpp"

namespace partita::sqlite {

namespace {

/// "INSERT INTO t (a, b) VALUES ($1, $2)"
std::string insert_into(std::string_view table, std::span<const std::string> columns) {
  std::string values;
  for (std::size_t i = 1; i <= columns.size(); ++i)
    values += (i == 1 ? "$" : ", $") + std::to_string(i);
  return "INSERT INTO " + quoted_table(table) + " (" + quoted_list(columns) + ") VALUES (" +
         values + ")";
}

}  // namespace

void author_statements::require_time() const {
  const auto limit = db_.author_limit();
  const auto held = std::chrono::duration_cast<milliseconds>(boot_now() - begun_);
  if (limit.count() > 0 && held > limit)
    throw transient_error("the author's transaction held the only write lock of SQLite for " +
                          std::to_string(held.count()) + " ms, and at most " +
                          std::to_string(limit.count()) +
                          " ms are safe: write smaller chunks, or use PostgreSQL");
}

std::int64_t author_statements::do_change(const std::string& statement,
                                          std::span<const sql_value> values) {
  require_time();
  auto s = db_.prepare_authored(statement);
  s.bind_values(values);
  while (s.step_authored()) continue;
  return db_.changes();
}

std::vector<sql_row> author_statements::do_fetch(const std::string& statement,
                                                 std::span<const sql_value> values) {
  require_time();
  auto s = db_.prepare_authored(statement);
  s.bind_values(values);
  std::vector<sql_row> rows;
  while (s.step_authored()) rows.push_back(s.values());
  return rows;
}

/// The rows go to a table that this connection alone has.
void author_statements::do_open_cursor(const std::string& name, const std::string& statement,
                                       std::span<const sql_value> values) {
  auto found = db_.prepare_authored(statement);
  found.bind_values(values);
  std::string columns, places;
  for (int i = 1; i <= found.columns(); ++i) {
    const std::string separator = i == 1 ? "" : ", ";
    columns += separator + "c" + std::to_string(i);
    places += separator + "$" + std::to_string(i);
  }
  if (columns.empty()) throw sql_error("a cursor needs a query that gives rows");
  db_.run_script("DROP TABLE IF EXISTS temp." + name + "; CREATE TEMP TABLE " + name + " (" +
                 columns + ")");
  auto kept = db_.prepare_made("INSERT INTO temp." + name + " VALUES (" + places + ")");
  while (found.step_authored()) {
    const auto row = found.values();
    kept.bind_values(row);
    kept.next();
    kept.reset();
  }
}

std::vector<sql_row> author_statements::do_read_cursor(const std::string& name, std::int64_t after,
                                                       int most) {
  if (!db_.query(sql::temporary_table, name).next())
    throw store_error(errc::unavailable, cursor_lost);
  auto s =
      db_.prepare_made("SELECT * FROM temp." + name + " WHERE rowid > $1 ORDER BY rowid LIMIT $2");
  s.bind(after, most);
  std::vector<sql_row> rows;
  while (s.next()) rows.push_back(s.values());
  return rows;
}

void author_statements::run_each(const std::string& statement, std::span<const sql_row> rows) {
  require_time();
  auto s = db_.prepare_authored(statement);
  for (const auto& row : rows) {
    s.bind_values(row);
    while (s.step_authored()) continue;
    s.reset();
  }
}

void author_statements::do_insert(std::string_view table, std::span<const std::string> columns,
                                  std::span<const sql_row> rows) {
  run_each(insert_into(table, columns), rows);
}

void author_statements::do_upsert(std::string_view table, std::span<const std::string> columns,
                                  std::span<const std::string> keys,
                                  std::span<const sql_row> rows) {
  run_each(insert_into(table, columns) + on_conflict(columns, keys), rows);
}

void author_statements::do_savepoint() { db_.run_script("SAVEPOINT partita_attempt"); }

void author_statements::do_release() {
  do_end();
  db_.run_script("RELEASE partita_attempt");
}

void author_statements::do_rollback_to() {
  if (!db_.writes()) throw sql_error("a statement ended the transaction: nothing is stored");
  db_.run_script("ROLLBACK TO partita_attempt; RELEASE partita_attempt");
}

void author_statements::do_end() {
  require_time();
  if (db_.leaves_references_open()) throw constraint_error("a reference leads to no row");
}

void author_statements::throw_as_authors() const {
  try {
    throw;
  } catch (const constraint_error&) {
    throw;
  } catch (const sql_error&) {
    throw;
  } catch (const transient_error&) {
    throw;
  } catch (...) {
  }
}

}  // namespace partita::sqlite
