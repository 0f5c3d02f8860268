#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/partita/options.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

enum class output_format { table, wide, json, jsonl, csv, name };

/// How a listing is to look. `now` is what relative times refer to.
struct style {
  output_format format = output_format::table;
  bool header = true;
  bool relative_time = true;
  bool color = false;
  db_time now;
};

/// What a cell shows of the member it points to.
enum class cell {
  text,      // as it is; null is "-"; lists joined with commas
  number,    // right-aligned, thousands apart
  state,     // coloured by what it means
  time,      // relative or ISO
  duration,  // seconds
  percent,   // a share of 1
  ratio,     // {"completed", "total"}; two columns of CSV
  advance,   // {"done", "total"}; the same
  sentence,  // text that is cut off in a table, whole in a wide one
};

struct column {
  std::string heading;  // of a table
  std::string pointer;  // RFC 6901, into the document of an item; names the column of CSV too
  cell kind = cell::text;
  bool wide_only = false;
};

/// What a command lists. `name_pointer` is what -o name prints of an item.
struct listing {
  std::vector<column> columns;
  std::string name_pointer = "/id";
};

/// The items in that style; ends with a newline unless it is empty. As JSON: {"items":[…],
/// "next": the cursor or null}. Tables of nothing are empty: the command says so on stderr.
std::string render(const listing& what, const std::vector<document>& items, const style& how,
                   const std::optional<std::string>& next = std::nullopt);

/// `name: value` lines, aligned, for a table about one thing.
std::string render_fields(const std::vector<std::pair<std::string, std::string>>& fields);

/// A job_document as text: its line, then a line for each parameter.
std::string describe_job(const document& job);

/// The text of one cell as a person reads it.
std::string cell_text(const column& what, const document& item, const style& how);

/// From --color. Colours need a terminal on stdout and no NO_COLOR, unless forced.
bool wants_color(const arguments& args);

/// From -o, --no-header, --time and --color.
style style_of(const arguments& args);
output_format format_of(const arguments& args);

}  // namespace partita::cli
