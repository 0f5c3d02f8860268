#include "storage/transaction.hpp"

namespace partita {

void expect_rows(std::string_view what, std::int64_t changed, std::int64_t wanted) {
  if (changed == wanted) return;
  throw store_error(errc::damaged, std::string{what} + " changed " + std::to_string(changed) +
                                       " rows instead of " + std::to_string(wanted));
}

}  // namespace partita
