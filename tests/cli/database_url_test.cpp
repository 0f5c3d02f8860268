#include "apps/partita/database_url.hpp"

#include <unistd.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "apps/partita/common_options.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/passwords.hpp"

using namespace partita;
using namespace partita::cli;

TEST_CASE("a password in an address is found") {
  auto url = GENERATE(as<std::string>{}, "postgresql://me:secret@host/db",
                      "postgres://me:s%40cret@host:5432/db?sslmode=require",
                      "postgresql://me:se?cret@host/db", "postgresql://host/db?password=secret",
                      "postgresql://host/db?user=me&password=secret",
                      "postgresql:///db?sslpassword=secret", "postgresql:///db?p%61ssword=secret",
                      "dbname=a://b password=secret", "host=h password=secret dbname=d",
                      "host=h password = 'secret'", "password=secret");
  CHECK(holds_password(url));
}

TEST_CASE("an address without a password is not taken for one") {
  auto url =
      GENERATE(as<std::string>{}, "sqlite:partita.db", "sqlite:/data/me:x@y/password=1.db",
               "postgresql://host:5432/db", "postgresql://me@host/db", "postgresql://me:@host/db",
               "postgresql://host/password", "postgresql://[::1]:5432/db",
               "host=h port=5432 user=me", "host=h passfile=/home/me/.pgpass");
  CHECK_FALSE(holds_password(url));
}

TEST_CASE("a typed password is refused and not repeated") {
  arguments args(database_options(), {"--db", "postgresql://me:tops3cret@host/db"});
  try {
    database_url(args);
    FAIL("accepted");
  } catch (const command_error& e) {
    CHECK(e.exit() == exit_code::usage);
    CHECK((std::string{e.what()} + e.hint()).find("tops3cret") == std::string::npos);
    CHECK(e.hint().find("PARTITA_DB") != std::string::npos);
  }
}

TEST_CASE("a password in the environment is nobody else's to see") {
  ::setenv("PARTITA_DB", "postgresql://me:secret@host/db", 1);
  arguments args(database_options(), {});
  CHECK(database_url(args) == "postgresql://me:secret@host/db");
  CHECK(db_flag(args).empty());
  ::unsetenv("PARTITA_DB");
  ::setenv("DATABASE_URL", "postgresql://other/db", 1);
  CHECK(database_url(args) == "postgresql://other/db");
  ::unsetenv("DATABASE_URL");
  CHECK(database_url(args) == "sqlite:partita.db");
}

TEST_CASE("the address may stand in a file that not everybody may read") {
  namespace fs = std::filesystem;
  const auto file = fs::temp_directory_path() / ("partita-address-" + std::to_string(::getpid()));
  const auto write = [&](const std::string& text, fs::perms mode) {
    std::ofstream{file} << text;
    fs::permissions(file, mode);
  };
  const auto owner = fs::perms::owner_read | fs::perms::owner_write;
  const arguments args(database_options(), {});
  ::setenv("PARTITA_DB_FILE", file.c_str(), 1);
  write("postgresql://me:secret@host/db\n", owner | fs::perms::group_read);
  CHECK(database_url(args) == "postgresql://me:secret@host/db");
  ::setenv("PARTITA_DB", "postgresql://first/db", 1);
  CHECK(database_url(args) == "postgresql://first/db");
  ::unsetenv("PARTITA_DB");
  write("postgresql://me:secret@host/db", owner | fs::perms::others_read);
  CHECK_THROWS_AS(database_url(args), command_error);
  write("postgresql://me:secret@host/db", owner | fs::perms::group_write);
  CHECK_THROWS_AS(database_url(args), command_error);
  write("\n", owner);
  CHECK_THROWS_AS(database_url(args), command_error);
  fs::remove(file);
  CHECK_THROWS_AS(database_url(args), command_error);
  ::unsetenv("PARTITA_DB_FILE");
}

TEST_CASE("looking into a database that is not there says so, and does not create it") {
  CHECK(sqlite_file("sqlite:a/b.db") == "a/b.db");
  CHECK_FALSE(sqlite_file("postgresql://host/db"));
  try {
    open_existing("sqlite:/nowhere/at/all.db");
    FAIL("opened");
  } catch (const command_error& e) {
    CHECK(e.exit() == exit_code::unreachable);
  }
}
