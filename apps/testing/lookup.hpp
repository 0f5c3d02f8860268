#pragma once

#include <string>

#include "batch/batch.hpp"

namespace partita::test {

/// Throws definition_error when the job cannot work, or has no partitioned step of this name.
const partitioned& partitioned_of(const job& j, const std::string& step);

/// The parameters as a run gets them: checked, and with the defaults filled in. Throws
/// definition_error with every problem.
json checked(const job& j, const json& given);

}  // namespace partita::test
