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

TEST_CASE("where the server that takes writes is looked for, each host is tried by itself") {
  const auto hosts = conninfo{"postgresql://me@a.invalid:1,b.invalid:2/name"}.hosts();
  REQUIRE(hosts.size() == 2);
  CHECK(hosts[0].address() == "postgresql://me@a.invalid:1/name");
  CHECK(hosts[1].address() == "postgresql://me@b.invalid:2/name");
  const auto one_port =
      conninfo{"host=a.invalid,b.invalid port=7 target_session_attrs=primary"}.hosts();
  REQUIRE(one_port.size() == 2);
  CHECK(one_port[1].get("host") == "b.invalid");
  CHECK(one_port[1].get("port") == "7");
}

TEST_CASE("who asks for another kind of server leaves the choice to libpq") {
  const std::string two = "host=a.invalid,b.invalid target_session_attrs=";
  for (const std::string wanted : {"any", "prefer-standby", "standby", "read-only"})
    CHECK(conninfo{two + wanted}.hosts().size() == 1);
  CHECK(conninfo{"host=a.invalid,b.invalid port=1,2,3"}.hosts().size() == 1);
  CHECK(conninfo{"dbname=name"}.hosts().size() == 1);
}

TEST_CASE("several hosts are shown each with its port") {
  CHECK(conninfo{"postgresql://u@a.invalid:1,b.invalid:2,c.invalid:3/name"}.address() ==
        "postgresql://u@a.invalid:1,b.invalid:2,c.invalid:3/name");
  CHECK(conninfo{"host=a.invalid,b.invalid port=7 user=u dbname=name"}.address() ==
        "postgresql://u@a.invalid:7,b.invalid:7/name");
  CHECK(conninfo{"postgresql://u:secret@a.invalid:1/name"}.address() ==
        "postgresql://u@a.invalid:1/name");
}
