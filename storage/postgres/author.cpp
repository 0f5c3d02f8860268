#include "storage/postgres/author.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <pqxx/except>
#include <pqxx/result>
#include <utility>

#include "storage/postgres/failure.hpp"
#include "storage/postgres/libpqxx.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

/// How many statements of authors one connection keeps prepared.
constexpr std::size_t most_prepared = 256;

/// Values as texts.
class texts {
 public:
  /// A null pointer for NULL. They live until the next call, and as long as the values.
  const std::vector<const char*>& of(std::span<const sql_value> values) {
    numbers_.resize(values.size());
    pointers_.clear();
    for (std::size_t i = 0; i < values.size(); ++i)
      pointers_.push_back(
          std::visit([&](const auto& v) { return text_of(v, numbers_[i]); }, values[i]));
    return pointers_;
  }

 private:
  using digits = std::array<char, 32>;

  static const char* text_of(std::nullptr_t, digits&) { return nullptr; }
  static const char* text_of(const std::string& text, digits&) {
    if (!is_storable(text)) throw constraint_error("a text is not UTF-8, or holds a NUL");
    return text.c_str();
  }
  template <class Number>
  static const char* text_of(Number value, digits& into) {
    *std::to_chars(into.begin(), into.end() - 1, value).ptr = '\0';
    return into.data();
  }

  std::vector<digits> numbers_;
  std::vector<const char*> pointers_;
};

template <class Number>
Number number_of(const pqxx::field& field) {
  Number value{};
  std::from_chars(field.c_str(), field.c_str() + field.size(), value);
  return value;
}

/// Numbers of SQL as numbers, true and false as 1 and 0, all else as text.
sql_value value_of(const pqxx::field& field, pqxx::oid type) {
  if (field.is_null()) return nullptr;
  switch (type) {
    case 16:  // bool
      return std::int64_t{field.as<bool>()};
    case 20:  // int8
    case 21:  // int2
    case 23:  // int4
      return number_of<std::int64_t>(field);
    case 700:  // float4
    case 701:  // float8
      return number_of<double>(field);
    default:
      return std::string{field.c_str(), field.size()};
  }
}

std::vector<sql_row> rows_of(const pqxx::result& found) {
  std::vector<pqxx::oid> types;
  for (pqxx::row_size_type i = 0; i < found.columns(); ++i) types.push_back(found.column_type(i));
  std::vector<sql_row> rows;
  rows.reserve(static_cast<std::size_t>(found.size()));
  // By iterators: their `*` makes a field anew, which counts one more user of the result.
  for (auto row = found.begin(); row != found.end(); ++row) {
    auto& made = rows.emplace_back();
    made.reserve(types.size());
    auto field = row->begin();
    for (const auto type : types) {
      made.push_back(value_of(*field.operator->(), type));
      ++field;
    }
  }
  return rows;
}

}  // namespace

pqxx::result author_statements::run(const std::string& statement,
                                    std::span<const sql_value> values) {
  texts given;
  const auto parameters = pqxx::prepare::make_dynamic_params(given.of(values));
  auto& kept = server_.author_statements;
  if (kept.size() < most_prepared) kept.insert(statement);
  if (kept.contains(statement)) return planned_once(tx_, statement, parameters);
  server_.expect_answer();
  return tx_.exec_params(statement, parameters);
}

std::int64_t author_statements::do_change(const std::string& statement,
                                          std::span<const sql_value> values) {
  return static_cast<std::int64_t>(run(statement, values).affected_rows());
}

std::vector<sql_row> author_statements::do_fetch(const std::string& statement,
                                                 std::span<const sql_value> values) {
  return rows_of(run(statement, values));
}

/// WITH HOLD: its rows are kept at the COMMIT, which is here so that what fails in the query fails
/// as the author's.
void author_statements::do_open_cursor(const std::string& name, const std::string& statement,
                                       std::span<const sql_value> values) {
  texts given;
  server_.expect_answer();
  tx_.exec_params("DECLARE " + name + " SCROLL CURSOR WITH HOLD FOR " + statement,
                  pqxx::prepare::make_dynamic_params(given.of(values)));
  plain("COMMIT");
  plain("BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY");
}

std::vector<sql_row> author_statements::do_read_cursor(const std::string& name, std::int64_t after,
                                                       int most) {
  server_.expect_answer();
  try {
    return rows_of(tx_.exec("MOVE ABSOLUTE " + std::to_string(after) + " IN " + name +
                            "; FETCH FORWARD " + std::to_string(most) + " FROM " + name));
  } catch (const pqxx::sql_error& e) {
    if (e.sqlstate() != "34000") throw;
    throw store_error(errc::unavailable, cursor_lost);
  }
}

void author_statements::do_insert(std::string_view table, std::span<const std::string> columns,
                                  std::span<const sql_row> rows) {
  std::vector<std::string> names;
  for (const auto& column : columns) names.push_back(quoted_name(column));
  texts given;
  server_.expect_answer();
  copy_in(
      tx_, quoted_table(table), names,
      rows, [&](const sql_row& row) -> const auto& { return given.of(row); });
}

/// The rows come as one array of texts for each column; each is cast to the type of its column,
/// without its length: that is checked as the row is stored, where a cast would cut it off.
const std::string& author_statements::upsert_into(std::string_view table,
                                                  std::span<const std::string> columns,
                                                  std::span<const std::string> keys) {
  const auto into = quoted_table(table) + " (" + quoted_list(columns) + ")";
  const auto rule = on_conflict(columns, keys);
  auto& statement = server_.author_upserts[into + rule];
  if (!statement.empty()) return statement;
  std::string arrays, names, casts;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    server_.expect_answer();
    const auto type = tx_.exec_params(
        "SELECT format_type(atttypid, -1) FROM pg_catalog.pg_attribute"
        " WHERE attrelid = $1::regclass AND attname = $2 AND attnum > 0 AND NOT attisdropped",
        quoted_table(table), columns[i]);
    if (type.empty()) throw sql_error(std::string{table} + " has no column " + columns[i]);
    const auto separator = i == 0 ? "" : ", ";
    const auto name = "c" + std::to_string(i);
    arrays += separator + ("$" + std::to_string(i + 1)) + "::text[]";
    names += separator + name;
    casts += separator + ("x." + name) + "::" + type[0][0].c_str();
  }
  statement = "INSERT INTO " + into + " SELECT " + casts + " FROM unnest(" + arrays + ") AS x (" +
              names + ")" + rule;
  return statement;
}

void author_statements::do_upsert(std::string_view table, std::span<const std::string> columns,
                                  std::span<const std::string> keys,
                                  std::span<const sql_row> rows) {
  const auto& statement = upsert_into(table, columns, keys);
  std::vector<array> arrays(columns.size());
  texts given;
  for (const auto& row : rows) {
    const auto& of_row = given.of(row);
    for (std::size_t i = 0; i < columns.size(); ++i)
      of_row[i] == nullptr ? arrays[i].add_null() : arrays[i].add(of_row[i]);
  }
  std::vector<std::string> parameters;
  for (const auto& one : arrays) parameters.push_back(one.text());
  planned_once(tx_, statement, pqxx::prepare::make_dynamic_params(parameters));
}

void author_statements::plain(const char* statement) {
  server_.expect_answer();
  tx_.exec(statement);
}

void author_statements::do_savepoint() { plain("SAVEPOINT partita_attempt"); }

void author_statements::do_release() {
  plain("SET CONSTRAINTS ALL IMMEDIATE");
  plain("SET CONSTRAINTS ALL DEFERRED; RELEASE SAVEPOINT partita_attempt");
}

void author_statements::do_rollback_to() {
  plain("ROLLBACK TO SAVEPOINT partita_attempt; RELEASE SAVEPOINT partita_attempt");
}

void author_statements::throw_as_authors() const {
  if (!server_.is_open()) server_.unusable = true;
  try {
    throw;
  } catch (const pqxx::sql_error& e) {
    throw_as_authors(e);
  } catch (const pqxx::broken_connection& e) {
    // libpqxx says so of every error of the protocol, too: of a wrong number of values.
    if (server_.is_open()) throw sql_error(line_of(e.what()));
  } catch (const constraint_error&) {
    throw;
  } catch (const sql_error&) {
    throw;
  } catch (...) {
  }
}

void author_statements::throw_as_authors(const pqxx::sql_error& e) const {
  if (const auto broken = broken_rule(e)) throw constraint_error(*broken);
  if (e.sqlstate() == "25006" && reads_only_)
    throw sql_error("a query changes nothing: rows are written with a chunk");
  if (e.sqlstate() == "57014")
    throw transient_error("a statement took longer than " +
                          std::to_string(server_.longest_answer().count()) +
                          " ms, or was ended: " + line_of(e.what()));
  if (e.sqlstate() == "25P03")
    throw transient_error("the author's code kept its transaction waiting for too long");
  if (is_stale_plan(e))
    server_.unusable = true;
  else if (!is_of_the_server(e))
    throw sql_error(line_of(e.what()));
}

}  // namespace partita::postgres
