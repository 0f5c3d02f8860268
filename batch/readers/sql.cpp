#include "batch/readers/sql.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <type_traits>

#include "batch/utf8.hpp"

namespace partita::sql {

namespace {

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += (list.empty() ? "" : ", ") + name;
  return list;
}

/// "(a, b) > ($3, $4)"; the values are appended to those of the statement.
std::string compared(const std::string& key_list, const char* how, const sql_row& key,
                     sql_row& values) {
  std::string parameters;
  for (const auto& value : key) {
    values.push_back(value);
    parameters += (parameters.empty() ? "$" : ", $") + std::to_string(values.size());
  }
  return "(" + key_list + ") " + how + " (" + parameters + ")";
}

template <class T>
void append(std::string& to, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    to.append(1, '"').append(value).append(1, '"');
  } else if constexpr (std::is_arithmetic_v<T>) {
    std::array<char, 32> digits{};
    to.append(digits.data(), std::to_chars(digits.begin(), digits.end(), value).ptr);
  } else {
    to += "NULL";
  }
}

json to_document(const sql_row& key) {
  auto list = json::array();
  for (const auto& value : key) std::visit([&](const auto& v) { list.push_back(v); }, value);
  return list;
}

/// Enough to know a row again.
std::string beginning_of(const sql_row& row) {
  return utf8::shortened(to_document(row).dump(), 200);
}

/// A statement in a sentence.
std::string told(const std::string& statement) {
  return utf8::printable(utf8::shortened(statement, 100));
}

/// Throws permanent_error for what is no list of numbers and texts.
sql_row to_key(const json& document) {
  sql_row key;
  const auto fail = [&] {
    throw permanent_error(utf8::printable(utf8::shortened(document.dump(), 200)) + " is no key");
  };
  if (!document.is_array()) fail();
  for (const auto& value : document) {
    if (value.is_number_float())
      key.emplace_back(value.get<double>());
    else if (value.is_number())
      key.emplace_back(value.get<std::int64_t>());
    else if (value.is_string())
      key.emplace_back(value.get<std::string>());
    else
      fail();
  }
  return key;
}

}  // namespace

void to_json(json& to, const key_range& range) {
  to = {{"after", to_document(range.after)}, {"upto", to_document(range.upto)}};
}

void from_json(const json& from, key_range& range) {
  if (!from.is_object() || !from.contains("after") || !from.contains("upto"))
    throw permanent_error(utf8::printable(utf8::shortened(from.dump(), 200)) +
                          " is no range of keys");
  range = {to_key(from["after"]), to_key(from["upto"])};
}

pages::pages(partition_context& p, const source& what, key_range range, int page)
    : p_(&p),
      from_(what.from),
      key_list_(list_of(what.key)),
      keys_(what.key.size()),
      values_(what.values),
      range_(std::move(range)),
      page_(page),
      last_(range_.after) {
  if (what.key.empty() || what.columns.empty() || page < 1)
    throw definition_error("what is read from " + from_ +
                           " needs columns, a key, and pages of at least one row");
  for (const auto* limit : {&range_.after, &range_.upto})
    if (!limit->empty() && limit->size() != keys_)
      throw definition_error("a limit of the keys of " + from_ + " has " +
                             std::to_string(limit->size()) + " values for " +
                             std::to_string(keys_) + " columns");
  std::string named;  // as no column of the author's is
  for (std::size_t i = 0; i < keys_; ++i) {
    const auto name = "partita_key_" + std::to_string(i);
    named += ", " + what.key[i] + " AS " + name;
    order_ += (i == 0 ? "" : ", ") + name;
  }
  head_ = "SELECT " + list_of(what.columns) + named + " FROM " + from_ + " WHERE ";
  head_ += what.where.empty() ? "" : "(" + what.where + ") AND ";
}

std::pair<std::string, sql_row> pages::page_behind(const sql_row& key) const {
  auto values = values_;
  auto statement = head_;
  statement += key.empty() ? "1 = 1" : compared(key_list_, ">", key, values);
  if (!range_.upto.empty()) statement += " AND " + compared(key_list_, "<=", range_.upto, values);
  statement += " ORDER BY " + order_ + " LIMIT " + std::to_string(page_);
  return {std::move(statement), std::move(values)};
}

void pages::fetch() {
  try {
    p_->require_outside();
    if (ahead_.valid()) {
      rows_ = ahead_.get();
    } else {
      const auto [statement, values] = page_behind(last_);
      rows_ = p_->fetch(statement, values);
    }
  } catch (const data_error& e) {  // not of one row: the next call would meet it again
    throw permanent_error("a page of " + from_ + " cannot be read: " + e.what());
  }
  at_ = 0;
  more_ = rows_.size() == static_cast<std::size_t>(page_);
  if (!more_) return;
  auto [statement, values] =
      page_behind({rows_.back().end() - static_cast<std::ptrdiff_t>(keys_), rows_.back().end()});
  ahead_ = p_->fetch_ahead(std::move(statement), std::move(values));
}

bool pages::next(sql_row& into) {
  if (at_ == rows_.size()) {
    if (!more_) return false;
    fetch();
    if (rows_.empty()) return false;
  }
  into = std::move(rows_[at_++]);
  const auto key = into.end() - static_cast<std::ptrdiff_t>(keys_);
  last_.assign(std::make_move_iterator(key), std::make_move_iterator(into.end()));
  into.erase(key, into.end());
  for (const auto& value : last_)
    if (std::holds_alternative<std::nullptr_t>(value))
      throw permanent_error("a key of " + from_ + " is NULL: such rows have no order");
  return true;
}

json pages::position() const { return to_document(last_); }

void pages::seek(const json& position) {
  auto key = to_key(position);
  if (!key.empty() && key.size() != keys_)
    throw permanent_error("the stored position " + position.dump() + " is no key of " + from_);
  last_ = std::move(key);
  ahead_ = {};
  rows_.clear();
  at_ = 0;
  more_ = true;
}

std::string pages::where() const {
  std::string told;
  tell_place(told);
  return told;
}

/// Asked for every row: it is told without a JSON document.
void pages::tell_place(std::string& to) const {
  to += from_;
  if (last_.empty()) return;
  const char* separator = ", key [";
  for (const auto& value : last_) {
    to += std::exchange(separator, ",");
    std::visit([&](const auto& v) { append(to, v); }, value);
  }
  to += ']';
}

cursor_rows::cursor_rows(partition_context& p, std::string statement, sql_row values, int page)
    : p_(&p), statement_(std::move(statement)), values_(std::move(values)), page_(page) {
  if (page < 1) throw definition_error("the rows of a query are read at least one at a time");
}

void cursor_rows::fetch() {
  try {
    if (cursor_ == 0) cursor_ = p_->open_cursor(statement_, values_);
    const int before = last_.empty() ? 0 : 1;  // the row that is done is looked at once more
    auto page = p_->read_cursor(cursor_, done_ - before, page_ + before);
    more_ = !page.empty();
    if (!more_ && before == 0) return;  // `position` tells of the row that came last
    rows_ = std::move(page);
  } catch (const data_error& e) {  // not of one row: the next call would meet it again
    throw permanent_error("the rows of " + told(statement_) + " cannot be read: " + e.what());
  }
  at_ = 0;
  if (!last_.empty()) require_same_row();
  more_ = rows_.size() - at_ == static_cast<std::size_t>(page_);
}

void cursor_rows::require_same_row() {
  const auto found = rows_.empty() ? "nothing" : beginning_of(rows_.front());
  if (found != last_)
    throw permanent_error("row " + std::to_string(done_) + " of " + told(statement_) + " was " +
                          last_ + " and is " + found +
                          " now: an attempt that goes on needs the same rows in the same order");
  last_.clear();
  at_ = 1;
}

bool cursor_rows::next(sql_row& into) {
  if (at_ == rows_.size()) {
    if (!more_) return false;
    fetch();
    if (at_ == rows_.size()) return false;
  }
  into = rows_[at_++];
  ++done_;
  return true;
}

json cursor_rows::position() const {
  if (done_ == 0) return {{"rows", 0}};
  return {{"rows", done_}, {"last", last_.empty() ? beginning_of(rows_[at_ - 1]) : last_}};
}

void cursor_rows::seek(const json& position) {
  try {
    done_ = position.at("rows").get<std::int64_t>();
    last_ = done_ == 0 ? "" : position.at("last").get<std::string>();
  } catch (const json::exception&) {
    throw permanent_error("the stored position " + position.dump() + " is none of a query");
  }
  if (done_ < 0 || (done_ > 0 && last_.empty()))
    throw permanent_error("the stored position " + position.dump() + " is none of a query");
  rows_.clear();
  at_ = 0;
  more_ = true;
}

std::string cursor_rows::where() const {
  return "row " + std::to_string(done_) + " of " + told(statement_);
}

}  // namespace partita::sql
