#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "storage/tables.hpp"

namespace partita::audit {

/// How one SQL database differs from the other, as far as reading whole tables goes.
struct sql_dialect {
  std::string prefix;                                        // before a table's name
  std::function<std::string(const std::string&)> as_micros;  // a time column, as a number
  std::function<std::string(const std::string&)> as_list;    // a column of names, as JSON
};

/// The columns of a row as text, NULL as nothing. Valid during the call it is passed to.
using text_row = std::span<const std::optional<std::string_view>>;
/// Runs one SELECT and hands out its rows.
using text_query =
    std::function<void(const std::string& sql, const std::function<void(text_row)>& each)>;

/// The rows an audit judges: all, or those of one run, of the runs it continues, of a live run with
/// the same identifying parameters, and all nodes. REQUIRES: the queries see one moment. Leaves out
/// what no invariant speaks of: the jobs of nodes, keys, inputs, outputs, positions. Throws
/// not_found; damaged when a column holds what no version of the engine writes.
tables read_tables(const text_query& query, const sql_dialect& dialect, std::optional<run_id> run);

}  // namespace partita::audit
