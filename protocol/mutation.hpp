#pragma once

/// Planted bugs. `PARTITA_BUG(name)` stands where a mistake of the kind its name tells could have
/// been made; tests/sim/mutants.cpp lists them all, and the tests must find each. Only the
/// simulation is built with them (PARTITA_MUTATIONS), and it makes one at a time when asked to:
/// in every other program the macro is `false`.
#ifdef PARTITA_MUTATIONS
#include <string_view>
namespace partita {
inline std::string_view planted_bug;
}
#define PARTITA_BUG(name) (::partita::planted_bug == #name)
#else
#define PARTITA_BUG(name) false
#endif
