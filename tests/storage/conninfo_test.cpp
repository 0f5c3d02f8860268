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

TEST_CASE("several hosts are shown each with its port") {
  CHECK(conninfo{"postgresql://u@a.invalid:1,b.invalid:2,c.invalid:3/name"}.address() ==
        "postgresql://u@a.invalid:1,b.invalid:2,c.invalid:3/name");
  CHECK(conninfo{"host=a.invalid,b.invalid port=7 user=u dbname=name"}.address() ==
        "postgresql://u@a.invalid:7,b.invalid:7/name");
  CHECK(conninfo{"postgresql://u:secret@a.invalid:1/name"}.address() ==
        "postgresql://u@a.invalid:1/name");
}
