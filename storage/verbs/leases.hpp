#pragma once

#include "storage/transaction.hpp"

// The verbs of a worker, but for those every database has a way of its own for. Contracts:
// store.hpp.
namespace partita::verbs {

int release(transaction& tx, node_id node, std::span<const lease_id> leases);
void give_back(transaction& tx, node_id node, lease_id lease, partition_no from);
std::vector<report_verdict> report(transaction& tx, node_id node,
                                   std::span<const attempt_report> items);

/// The texts of these reports can be stored: else `bad_request`.
void require_texts(std::span<const attempt_report> items);

/// The final names of the files of a result, each once, in order. What is no list of names is none.
std::vector<std::string> final_names(const json_text& files);

/// The checkpoint can be stored: else `bad_request`.
void require_checkpoint(const checkpoint& c);

/// Returns what was stored.
std::vector<sql_row> query(transaction& tx, lease_id lease, partition_no no,
                           const std::string& statement, std::span<const sql_value> values);
void open_cursor(transaction& tx, lease_id lease, partition_no no, std::int64_t cursor,
                 const std::string& statement, std::span<const sql_value> values);
std::vector<sql_row> read_cursor(transaction& tx, lease_id lease, partition_no no,
                                 std::int64_t cursor, std::int64_t after, int most);
chunk write_elsewhere(transaction& tx, lease_id lease, partition_no no, const chunk& wanted,
                      const author_work& write);
chunk commit_chunk(transaction& tx, lease_id lease, partition_no no, const chunk& wanted,
                   const author_work& write);

/// The chunk follows what is stored of the partition: else `wrong_state`.
void require_next(const checkpoint& stored, const chunk& c);

/// The lease does not, or no longer, cover this partition: throws `lease_lost`.
[[noreturn]] void refuse_checkpoint(lease_id lease, partition_no no);

}  // namespace partita::verbs
