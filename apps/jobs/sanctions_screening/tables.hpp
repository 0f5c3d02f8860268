#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// The tables of a screening in the author's database.
///
/// - screening_transaction: the payments of a run, with the line of the file each was on.
/// - screening_entity, screening_address, screening_alternate_name: the lists of a run.
/// - screening_match: a payment and an entity that it may have to do with.
/// - screening_preview: a view of the matches, a row for each address and alternate name.
namespace partita::screening {

/// What makes them, for "postgresql" or "sqlite" (sql_transaction::dialect). What is there already
/// stays. Execute the statements in this order, each by itself.
std::vector<std::string> create_tables(std::string_view dialect);

/// The id of the payment on a line of the file that a run loads: it is known before it is stored,
/// and the same in every attempt. Throws permanent_error for a run or a line out of range.
std::int64_t transaction_id(std::int64_t run, std::int64_t line);

}  // namespace partita::screening
