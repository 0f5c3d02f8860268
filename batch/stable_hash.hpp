#pragma once

#include <cstdint>
#include <string_view>

namespace partita {

/// FNV-1a, 64 bits (http://www.isthe.com/chongo/tech/comp/fnv/): the same in every program.
inline std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14'695'981'039'346'656'037ULL;
  for (const unsigned char c : text) hash = (hash ^ c) * 1'099'511'628'211ULL;
  return hash;
}

}  // namespace partita
