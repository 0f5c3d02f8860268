#pragma once

namespace partita {

// The files of a process for bodies, beside stdin (nothing), stdout and stderr (those of its node).
inline constexpr int body_reads = 3;
inline constexpr int body_writes = 4;

}  // namespace partita
