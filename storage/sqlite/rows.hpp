#pragma once

#include "protocol/listings.hpp"
#include "storage/sqlite/statement.hpp"

// Rows of statements that more than one file reads.
namespace partita::sqlite {

/// A row of sql::find_step or sql::list_steps, but for the last column: how many were carried over.
step_row to_step(const statement& s);

/// Four columns from this one on: read, written, filtered, skipped.
item_counts counts_at(const statement& s, int column);

/// A JSON list of texts. Throws damaged.
std::vector<std::string> texts_of(const std::string& list);

/// The columns of a failure in the order of its members.
failure_row to_failure(const statement& s);

}  // namespace partita::sqlite
