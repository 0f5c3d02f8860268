#pragma once

#include <functional>

#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

// The one place that reads clocks. Everything else gets its time passed in.
namespace partita {

/// Time since this machine booted, suspend included (CLOCK_BOOTTIME). Never jumps.
mono_time boot_now();

/// The machine's calendar clock: the "database clock" of the stores without a server.
db_time wall_now();

/// A calendar clock that a test can replace.
using wall_clock = std::function<db_time()>;

}  // namespace partita
