#include "storage/postgres/connection.hpp"

namespace partita::postgres {

connection::connection(const std::string& settings, bool may_prepare)
    : pqxx::connection(settings), prepares(may_prepare) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // 6.x reactivates unless told not to
  inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

}  // namespace partita::postgres
