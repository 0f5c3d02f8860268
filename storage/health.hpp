#pragma once

#include <string>
#include <vector>

namespace partita {

enum class health {
  fine,    // nothing to do
  note,    // worth knowing
  unsafe,  // can lose or give away what is in the database, or lets no node work
};

/// One thing that was looked at, and what to do about it.
struct diagnosis {
  health how = health::fine;
  std::string what;      // "encryption"
  std::string sentence;  // what was found
  std::string advice;    // "" when it is fine
};

/// What is unsafe about a file that holds secrets or data, by its mode; nothing about one that is
/// not there. `secret`: others may not even read it.
std::vector<diagnosis> examine_file(const std::string& what, const std::string& path, bool secret);

}  // namespace partita
