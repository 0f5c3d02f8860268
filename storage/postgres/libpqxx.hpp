#pragma once

#include <pqxx/version.hxx>

#include <pqxx/connection>
#include <pqxx/transaction>
#include <string>
#include <string_view>
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

/// Version 6 opens a lost connection anew, in the middle of something, unless told not to.
inline void never_reconnect(pqxx::connection_base& server) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  server.inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

/// Writes rows by COPY: all in one message. `names` are quoted. Each of `rows` has pointers(): one
/// text for each column, null for NULL.
template <class Rows>
void copy_in(pqxx::transaction_base& tx, const std::string& table,
             const std::vector<std::string>& names, const Rows& rows) {
  std::string lines;
  for (const auto& row : rows) {
    const char* separator = "";
    for (const auto* text : row.pointers()) {
      lines += std::exchange(separator, "\t");
      if (text == nullptr) {
        lines += "\\N";
        continue;
      }
      for (; *text != '\0'; ++text) {
        const auto at = std::string_view{"\\\t\n\r"}.find(*text);
        if (at == std::string_view::npos)
          lines += *text;
        else
          (lines += '\\') += "\\tnr"[at];
      }
    }
    lines += '\n';  // of the last one libpqxx takes it away, and adds its own
  }
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // its successor takes no lines
  pqxx::tablewriter copy{tx, table, names.begin(), names.end()};
#pragma GCC diagnostic pop
  copy.write_raw_line(lines);
  copy.complete();
}

#else

inline constexpr auto read_only = pqxx::write_policy::read_only;

template <class Rows>
void copy_in(pqxx::transaction_base& tx, const std::string& table,
             const std::vector<std::string>& names, const Rows& rows) {
  std::string columns;
  for (const auto& name : names) columns += (columns.empty() ? "" : ", ") + name;
  auto copy = pqxx::stream_to::raw_table(tx, table, columns);
  for (const auto& row : rows) copy.write_row(row.pointers());
  copy.complete();
}

/// Version 7 never does.
inline void never_reconnect(const pqxx::connection&) {}

#endif

}  // namespace partita::postgres
