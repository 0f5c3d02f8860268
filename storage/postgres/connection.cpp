#include "storage/postgres/connection.hpp"

namespace partita::postgres {

connection::connection(const std::string& settings, milliseconds longest_answer)
    : pqxx::connection(settings), longest_answer_(longest_answer), deadline_(sock()) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // 6.x reactivates unless told not to
  inhibit_reactivation(true);
#pragma GCC diagnostic pop
}

}  // namespace partita::postgres
