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

/// The statement, with the bug in it that is asked for now.
inline std::string with_bugs(std::string statement, std::initializer_list<planted_text> bugs) {
  for (const auto& bug : bugs) {
    if (!bug.planted) continue;
    const auto at = statement.find(bug.right);
    if (at == std::string::npos)
      throw std::logic_error("a planted bug finds no place: " + std::string{bug.right});
    statement.replace(at, bug.right.size(), bug.wrong);
  }
  return statement;
}

}  // namespace partita::postgres
