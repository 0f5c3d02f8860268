#include "storage/sqlite/connection.hpp"
#include "storage/text.hpp"

// Statements of job authors: what they may be, and what their failures mean.
namespace partita::sqlite {

statement connection::prepare_authored(const std::string& sql) {
  constexpr std::size_t most_kept = 256;
  if (authored_.size() >= most_kept && !authored_.contains(sql)) authored_.clear();
  auto& kept = authored_[sql];
  if (!kept) {
    sqlite3_stmt* raw = nullptr;
    const char* rest = nullptr;
    author_speaks_ = true;
    const auto code = sqlite3_prepare_v3(db_.get(), sql.c_str(), static_cast<int>(sql.size()) + 1,
                                         SQLITE_PREPARE_PERSISTENT, &raw, &rest);
    author_speaks_ = false;
    kept.reset(raw);
    const std::string message = sqlite3_errmsg(db_.get());
    if (code == SQLITE_OK && raw != nullptr && is_empty(rest)) return statement{*this, raw};
    authored_.erase(sql);
    if (code == SQLITE_OK)
      throw sql_error(raw == nullptr ? "an empty statement" : "two statements in one text");
    throw sql_error((code & 0xff) == SQLITE_AUTH
                        ? "the tables of the engine, its transaction and pragmas are not for the "
                          "author's code"
                        : message);
  }
  return statement{*this, kept.get()};
}

/// A statement whose tables were altered since is compiled again, and judged again.
int connection::step_as_author(sqlite3_stmt* raw) {
  author_speaks_ = true;
  const auto code = sqlite3_step(raw);
  author_speaks_ = false;
  return code;
}

/// In the middle of an author's statement: what is done here is the engine's.
run_id connection::submit_for_author(const submission& what) {
  const auto spoke = std::exchange(author_speaks_, false);
  try {
    if (!submit_ || !writes()) throw sql_error("a run is submitted in a transaction that writes");
    const auto made = submit_(what);
    author_speaks_ = spoke;
    return made;
  } catch (...) {
    not_submitted_ = std::current_exception();
    author_speaks_ = spoke;
    throw;
  }
}

/// Nothing but blanks and comments.
bool connection::is_empty(const char* rest) {
  sqlite3_stmt* raw = nullptr;
  const auto code = sqlite3_prepare_v2(db_.get(), rest, -1, &raw, nullptr);
  sqlite3_finalize(raw);
  return code == SQLITE_OK && raw == nullptr;
}

bool connection::writes() const { return sqlite3_txn_state(db_.get(), "main") == SQLITE_TXN_WRITE; }

bool connection::leaves_references_open() const {
  int open = 0, highest = 0;
  sqlite3_db_status(db_.get(), SQLITE_DBSTATUS_DEFERRED_FKS, &open, &highest, 0);
  return open != 0;
}

void connection::fail_authored(int code) {
  if (const auto why = std::exchange(not_submitted_, nullptr)) {
    try {
      std::rethrow_exception(why);
    } catch (const store_error& e) {
      if (e.code() == errc::unavailable) throw;
      throw sql_error(e.what());
    }
  }
  const std::string message = sqlite3_errmsg(db_.get());
  if (sqlite3_get_autocommit(db_.get()) != 0 && (code & 0xff) == SQLITE_CONSTRAINT)
    throw sql_error("a statement ended the transaction: " + message);
  switch (code & 0xff) {
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
      throw constraint_error(message);
    case SQLITE_ERROR:
    case SQLITE_AUTH:
    case SQLITE_SCHEMA:
      throw sql_error(message);
    default:
      fail(code);
  }
}

bool connection::allows(int action, const char* first, const char* second) const {
  if (!author_speaks_) return true;
  const auto is_engines = [](const char* name) {
    return name != nullptr && sqlite3_strnicmp(name, "partita_", 8) == 0;
  };
  switch (action) {
    case SQLITE_TRANSACTION:
    case SQLITE_SAVEPOINT:
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
    case SQLITE_PRAGMA:
    case SQLITE_CREATE_TEMP_INDEX:  // these would outlive the attempt
    case SQLITE_CREATE_TEMP_TABLE:
    case SQLITE_CREATE_TEMP_TRIGGER:
    case SQLITE_CREATE_TEMP_VIEW:
      return false;
    case SQLITE_SELECT:
    case SQLITE_READ:
    case SQLITE_FUNCTION:
    case SQLITE_RECURSIVE:
      return true;
    default:
      return !is_engines(first) && !is_engines(second);
  }
}

void statement::bind_values(std::span<const sql_value> values) {
  const auto expected = sqlite3_bind_parameter_count(raw_);
  if (expected != static_cast<int>(values.size()))
    throw sql_error("the statement has " + std::to_string(expected) + " parameters, and " +
                    std::to_string(values.size()) + " values are given");
  while (places_.size() < values.size()) {
    const auto name = "$" + std::to_string(places_.size() + 1);
    places_.push_back(sqlite3_bind_parameter_index(raw_, name.c_str()));
    if (places_.back() == 0) throw sql_error("the statement has no parameter " + name);
  }
  for (std::size_t i = 0; i < values.size(); ++i)
    check(std::visit([&](const auto& value) { return bind_value(places_[i], value); }, values[i]));
}

int statement::bind_value(int place, std::nullptr_t) { return sqlite3_bind_null(raw_, place); }
int statement::bind_value(int place, std::int64_t value) {
  return sqlite3_bind_int64(raw_, place, value);
}
int statement::bind_value(int place, double value) {
  return sqlite3_bind_double(raw_, place, value);
}
int statement::bind_value(int place, const std::string& value) {
  if (!is_storable(value)) throw constraint_error("a text is not UTF-8, or holds a NUL");
  return sqlite3_bind_text64(raw_, place, value.data(), value.size(), SQLITE_STATIC, SQLITE_UTF8);
}

bool statement::step_authored() {
  if (sqlite3_stmt_readonly(raw_) == 0 && !db_->writes())
    throw sql_error("a query changes nothing: rows are written with a chunk");
  const auto code = db_->step_as_author(raw_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) db_->fail_authored(code);
  return false;
}

sql_row statement::values() const {
  sql_row row;
  const auto columns = sqlite3_column_count(raw_);
  row.reserve(static_cast<std::size_t>(columns));
  for (int i = 0; i < columns; ++i) switch (sqlite3_column_type(raw_, i)) {
      case SQLITE_NULL:
        row.emplace_back(nullptr);
        break;
      case SQLITE_INTEGER:
        row.emplace_back(std::int64_t{sqlite3_column_int64(raw_, i)});
        break;
      case SQLITE_FLOAT:
        row.emplace_back(sqlite3_column_double(raw_, i));
        break;
      case SQLITE_BLOB:
        throw sql_error(std::string{"column "} + sqlite3_column_name(raw_, i) +
                        " holds a BLOB, which is no value here: read hex(…) of it");
      default:
        row.emplace_back(text(i));
    }
  return row;
}

}  // namespace partita::sqlite
