#include "storage/postgres/connection.hpp"

#include "storage/postgres/libpqxx.hpp"

namespace partita::postgres {

connection::connection(const std::string& settings, milliseconds longest_answer)
    : pqxx::connection(settings), longest_answer_(longest_answer), deadline_(sock()) {
  never_reconnect(*this);
}

}  // namespace partita::postgres
