#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace partita::fuzz {

/// A file of this process, in memory, gone with it.
inline std::filesystem::path scratch_file() {
  static std::filesystem::path path = "/dev/shm/partita-fuzz-" + std::to_string(::getpid());
  std::atexit([] { std::filesystem::remove(path); });
  return path;
}

}  // namespace partita::fuzz
