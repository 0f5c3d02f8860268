#pragma once

#include "batch/job.hpp"

namespace partita {

/// Runs a program, once or once for each line of a file, on nodes that may start it. Its exit
/// status tells what becomes of the partition: 0 COMPLETED, 75 (EX_TEMPFAIL of sysexits.h) another
/// try, anything else FAILED. Result: {"programs"}, and of a single program its "status", "output"
/// and "output_bytes".
job command();

}  // namespace partita
