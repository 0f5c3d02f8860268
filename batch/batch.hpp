#pragma once

// What a job author includes. `job.hpp` is the place to start reading.

#include "batch/aggregate.hpp"
#include "batch/errors.hpp"
#include "batch/job.hpp"
#include "batch/json.hpp"
#include "batch/parameters.hpp"
#include "batch/partition_context.hpp"
#include "batch/registry.hpp"
#include "batch/split_context.hpp"

namespace partita {

/// The whole program: the commands of `partita`, with these jobs. Ends the process with the exit
/// code of the command. Defined in the library partita_app.
[[noreturn]] int main(int argc, char** argv, const registry& jobs);

}  // namespace partita
