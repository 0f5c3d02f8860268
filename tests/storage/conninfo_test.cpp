#include <catch2/catch.hpp>

#include "storage/postgres/conninfo.hpp"

using namespace partita;
using partita::postgres::conninfo;

TEST_CASE("the server is told to find out by itself that a client is gone") {
  auto settings = conninfo{"postgresql://host.invalid/name"}.with({});
  for (const auto* one :
       {"idle_in_transaction_session_timeout=3000", "client_connection_check_interval=500",
        "tcp_user_timeout=", "tcp_keepalives_idle=2", "tcp_keepalives_interval=1",
        "tcp_keepalives_count=3"})
    CHECK_THAT(settings, Catch::Contains(std::string{"-c "} + one));
}

TEST_CASE("what the user sets comes after what we set, and wins") {
  auto settings = conninfo{"host=h.invalid options='-c tcp_keepalives_idle=9'"}.with({});
  CHECK(settings.rfind("tcp_keepalives_idle=9") > settings.find("tcp_keepalives_idle=2"));
}
