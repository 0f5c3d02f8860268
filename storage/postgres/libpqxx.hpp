#pragma once

#include <pqxx/version.hxx>

#include <cstring>
#include <pqxx/connection>
#include <pqxx/transaction>
#include <set>
#include <string>
#include <utility>
#include <vector>

#if PQXX_VERSION_MAJOR < 7
#include <pqxx/tablewriter>
#else
#include <pqxx/stream_to>
#endif

// All that libpqxx 6 and 7 call by different names.
namespace partita::postgres {

#if PQXX_VERSION_MAJOR < 7

inline constexpr auto read_only = pqxx::read_only;

/// Prepares a statement, unless that was done. Version 6 keeps account of them, and prepares each
/// when it is first executed; 7 does it at once, each time: `known` is for that.
inline void prepare_once(pqxx::connection_base& server, std::set<std::string>& known,
                         const std::string& name, const std::string& statement) {
  static_cast<void>(known);
  server.prepare(name, statement);
}

/// Version 6 opens a lost connection anew, in the middle of something, unless told not to.
inline void never_reconnect(pqxx::connection_base& server) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  server.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

/// A text as a field of COPY.
inline void append_escaped(std::string& lines, const char* text) {
  for (;;) {
    const auto plain = std::strcspn(text, "\\\t\n\r");
    lines.append(text, plain);
    text += plain;
    if (*text == '\0') return;
    lines += '\\';
    lines += *text == '\t' ? 't' : *text == '\n' ? 'n' : *text == '\r' ? 'r' : '\\';
    ++text;
  }
}

/// Writes rows by COPY. `names` are quoted. `texts_of` gives of each of `rows` one text for each
/// column, null for NULL.
template <class Rows, class TextsOf>
void copy_in(pqxx::transaction_base& tx, const std::string& table,
             const std::vector<std::string>& names, const Rows& rows, const TextsOf& texts_of) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // its successor takes no lines
  pqxx::tablewriter copy{tx, table, names.begin(), names.end()};
#pragma GCC diagnostic pop
  // The server is at work on one message while the next one is made.
  constexpr std::size_t message = 16'384;
  std::string lines;
  const auto send = [&] {
    copy.write_raw_line(lines);
    lines.clear();
  };
  for (const auto& row : rows) {
    const char* separator = "";
    for (const auto* text : texts_of(row)) {
      lines += std::exchange(separator, "\t");
      if (text == nullptr)
        lines += "\\N";
      else
        append_escaped(lines, text);
    }
    lines += '\n';  // of the last one libpqxx takes it away, and adds its own
    if (lines.size() >= message) send();
  }
  if (!lines.empty()) send();
  copy.complete();
}

#else

inline constexpr auto read_only = pqxx::write_policy::read_only;

inline void prepare_once(pqxx::connection& server, std::set<std::string>& known,
                         const std::string& name, const std::string& statement) {
  if (known.contains(name)) return;
  server.prepare(name, statement);
  known.insert(name);
}

template <class Rows, class TextsOf>
void copy_in(pqxx::transaction_base& tx, const std::string& table,
             const std::vector<std::string>& names, const Rows& rows, const TextsOf& texts_of) {
  std::string columns;
  for (const auto& name : names) columns += (columns.empty() ? "" : ", ") + name;
  auto copy = pqxx::stream_to::raw_table(tx, table, columns);
  for (const auto& row : rows) copy.write_row(texts_of(row));
  copy.complete();
}

/// Version 7 never does.
inline void never_reconnect(const pqxx::connection&) {}

#endif

}  // namespace partita::postgres
