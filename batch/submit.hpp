#pragma once

#include <string>

#include "batch/json.hpp"
#include "batch/sql.hpp"
#include "protocol/ids.hpp"

namespace partita {

/// A new run of a job, in an author's transaction: the run exists if and only if that commits. The
/// newest version is taken that a node has told of. `key` is the caller's: submitted again, the
/// same key finds the same run. Without one each call is a run of its own.
///
/// Until the transaction has ended, others who submit the same work wait for it. On PostgreSQL the
/// role of the node needs the right to execute partita.submit. It works where the engine's tables
/// are: not in --author-db.
///
/// Throws definition_error for a job or parameters that cannot be; sql_error when a run with the
/// same identifying parameters is live, or the key belongs to another run.
run_id submit(sql_transaction& tx, const std::string& job, const json& parameters = json::object(),
              const std::string& key = "");

/// A launch key that nobody else has: PREFIX-… .
std::string random_launch_key(const std::string& prefix);

}  // namespace partita
