#pragma once

#include <string>
#include <vector>

namespace partita {

/// What the system calls that start a program want, for arguments and environments alike. It
/// points into `texts`.
inline std::vector<char*> argv_of(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

}  // namespace partita
