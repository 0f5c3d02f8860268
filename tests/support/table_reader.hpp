#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "storage/memory/tables.hpp"

namespace partita::test {

/// How one SQL database differs from the other, as far as reading whole tables goes.
struct sql_dialect {
  std::string prefix;                                        // before a table's name
  std::function<std::string(const std::string&)> as_micros;  // a time column, as a number
};

using text_row = std::vector<std::optional<std::string>>;
using text_query = std::function<std::vector<text_row>(const std::string& sql)>;

/// All rows but those of `migration`, straight from the tables. REQUIRES: the queries see one
/// moment. Leaves out what no invariant speaks of: the jobs of nodes, keys and inputs.
memory::tables read_tables(const text_query& query, const sql_dialect& dialect);

}  // namespace partita::test
