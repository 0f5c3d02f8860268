#pragma once

#include <functional>
#include <variant>

#include "batch/parameters.hpp"

namespace partita {

// Four ways to spread the items of a step, for one reader, processor and writer. Each is exact
// after a crash, a takeover and a restart.

/// One reader. The partition that it is in has so many threads that process its items; chunks are
/// written one after the other, in order. The processor is called by several threads at once: it
/// may not use the partition_context then, and items must own what they hold.
struct local_chunking {
  int threads = 8;
};

/// So many slices of the input, executed by the node of the master. When that is lost, others take
/// what is left, and so they do in a run that continues this one.
struct local_partitioning {
  int slices = 8;
};

/// One reader, on the master. Each so many items are a partition: they are stored with it, and
/// processed and written wherever an executor is free. The items must be convertible to JSON and
/// back, and the reader must give the same ones when it reads again. It reads on the master,
/// outside any partition: no checkpoints, no files to write.
struct remote_chunking {
  int items = 500;
};

/// So many slices of the input, executed wherever an executor is free. 0: four for each executor.
struct remote_partitioning {
  int slices = 0;
};

using scaling =
    std::variant<local_chunking, local_partitioning, remote_chunking, remote_partitioning>;

/// Chooses by the parameters of a run: always the same for the same ones.
using scaling_function = std::function<scaling(const parameters&)>;

}  // namespace partita
