#include "storage/author.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace partita {

namespace {

constexpr std::array<std::string_view, 12> control_words{
    "BEGIN",     "START",   "COMMIT",  "END",    "ROLLBACK", "ABORT",
    "SAVEPOINT", "RELEASE", "PREPARE", "ATTACH", "DETACH",   "VACUUM"};

/// Behind blanks and comments.
std::string_view first_word(std::string_view text) {
  for (;;) {
    const auto begin = text.find_first_not_of(" \t\r\n\f\v;(");
    if (begin == text.npos) return {};
    text.remove_prefix(begin);
    if (text.starts_with("--")) {
      text.remove_prefix(std::min(text.size(), text.find_first_of("\r\n")));
    } else if (text.starts_with("/*")) {
      // A comment may hold others.
      int depth = 0;
      do {
        if (text.starts_with("/*")) ++depth;
        if (text.starts_with("*/")) --depth;
        text.remove_prefix(text.starts_with("/*") || text.starts_with("*/") ? 2 : 1);
      } while (depth > 0 && !text.empty());
    } else {
      break;
    }
  }
  const auto is_letter = [](unsigned char c) { return std::isalpha(c) != 0; };
  const auto end = std::find_if_not(text.begin(), text.end(), is_letter);
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

std::string name_of_cursor(std::int64_t cursor) {
  return "partita_cursor_" + std::to_string(cursor);
}

bool same_word(std::string_view a, std::string_view upper) {
  return std::equal(a.begin(), a.end(), upper.begin(), upper.end(), [](unsigned char x, char y) {
    return std::toupper(x) == static_cast<unsigned char>(y);
  });
}

}  // namespace

void require_no_control(std::string_view statement) {
  const auto word = first_word(statement);
  if (word.empty()) throw sql_error("'" + std::string{statement} + "' is no statement");
  for (const auto control : control_words)
    if (same_word(word, control))
      throw sql_error(std::string{control} +
                      " is not for the author's code: the engine begins and ends the transaction");
}

std::string quoted_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string quoted_table(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == name.npos) return quoted_name(name);
  if (name.find('.', dot + 1) != name.npos)
    throw sql_error("'" + std::string{name} + "' is no table: give it as table or schema.table");
  return quoted_name(name.substr(0, dot)) + "." + quoted_name(name.substr(dot + 1));
}

std::string quoted_list(std::span<const std::string> names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + quoted_name(name);
  return list;
}

std::string on_conflict(std::span<const std::string> columns, std::span<const std::string> keys) {
  std::string changes;
  for (const auto& column : columns) {
    if (std::find(keys.begin(), keys.end(), column) != keys.end()) continue;
    changes +=
        (changes.empty() ? "" : ", ") + quoted_name(column) + " = excluded." + quoted_name(column);
  }
  return " ON CONFLICT (" + quoted_list(keys) + ") DO " +
         (changes.empty() ? "NOTHING" : "UPDATE SET " + changes);
}

void require_shape(std::string_view table, std::span<const std::string> columns,
                   std::span<const sql_row> rows) {
  if (columns.empty()) throw sql_error("no column is named for rows of " + std::string{table});
  for (const auto& row : rows)
    if (row.size() != columns.size())
      throw sql_error("a row for " + std::string{table} + " has " + std::to_string(row.size()) +
                      " values for " + std::to_string(columns.size()) + " columns");
}

template <class Work>
auto author_transaction::guarded(Work work) {
  rethrow_interruption();
  if (failed_)
    throw sql_error("a statement of this transaction has failed: nothing more can be done in it");
  try {
    return work();
  } catch (...) {
    failed_ = true;
    throw_as_authors();
    interruption_ = std::current_exception();
    throw;
  }
}

std::int64_t author_transaction::change(std::string_view statement,
                                        std::span<const sql_value> values) {
  return guarded([&] {
    require_no_control(statement);
    return do_change(std::string{statement}, values);
  });
}

std::vector<sql_row> author_transaction::fetch(std::string_view statement,
                                               std::span<const sql_value> values) {
  return guarded([&] {
    require_no_control(statement);
    return do_fetch(std::string{statement}, values);
  });
}

void author_transaction::insert(std::string_view table, std::span<const std::string> columns,
                                std::span<const sql_row> rows) {
  guarded([&] {
    require_shape(table, columns, rows);
    if (!rows.empty()) do_insert(table, columns, rows);
  });
}

void author_transaction::upsert(std::string_view table, std::span<const std::string> columns,
                                std::span<const std::string> keys, std::span<const sql_row> rows) {
  guarded([&] {
    require_shape(table, columns, rows);
    if (keys.empty()) throw sql_error("no key is named for rows of " + std::string{table});
    if (!rows.empty()) do_upsert(table, columns, keys, rows);
  });
}

void author_transaction::open_cursor(std::int64_t cursor, std::string_view statement,
                                     std::span<const sql_value> values) {
  guarded([&] {
    require_no_control(statement);
    do_open_cursor(name_of_cursor(cursor), std::string{statement}, values);
  });
}

std::vector<sql_row> author_transaction::read_cursor(std::int64_t cursor, std::int64_t after,
                                                     int most) {
  return guarded([&] { return do_read_cursor(name_of_cursor(cursor), after, most); });
}

void author_transaction::attempt(const std::function<void()>& work) {
  guarded([&] { do_savepoint(); });
  try {
    work();
    guarded([&] { do_release(); });
  } catch (...) {
    rethrow_interruption();
    failed_ = false;
    guarded([&] { do_rollback_to(); });
    throw;
  }
}

void author_transaction::rethrow_interruption() const {
  if (interruption_) std::rethrow_exception(interruption_);
}

void author_transaction::end() {
  rethrow_interruption();
  try {
    if (failed_)
      throw sql_error("a statement failed, and the author's code went on: nothing was stored");
    guarded([&] { do_end(); });
  } catch (...) {
    rethrow_interruption();
    throw author_failure{std::current_exception()};
  }
}

}  // namespace partita
