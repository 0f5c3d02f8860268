#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>

#include "protocol/mutation.hpp"

namespace partita::postgres {

/// A planted bug of a statement: where `right` stands, `wrong` is sent.
struct planted_text {
  bool planted = false;  // PARTITA_BUG(name)
  std::string_view right;
  std::string_view wrong;
};

#ifdef PARTITA_MUTATIONS

using statement_text = std::string;

/// The statement, with the bug in it that is asked for now.
inline statement_text with_bugs(std::string statement, std::initializer_list<planted_text> bugs) {
  for (const auto& bug : bugs) {
    if (!bug.planted) continue;
    const auto at = statement.find(bug.right);
    if (at == std::string::npos)
      throw std::logic_error("a planted bug finds no place: " + std::string{bug.right});
    statement.replace(at, bug.right.size(), bug.wrong);
  }
  return statement;
}

#else

using statement_text = const std::string&;

/// The statement itself: only the simulation is built with bugs.
inline statement_text with_bugs(const std::string& statement, std::initializer_list<planted_text>) {
  return statement;
}

#endif

}  // namespace partita::postgres
