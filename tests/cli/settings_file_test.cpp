#include "apps/partita/settings_file.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/node_settings.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::cli;
using partita::test::temp_dir;

namespace {

const std::string node_says =
    "db = \"sqlite:all.db\"\n"
    "executors = 4\n"
    "\n"
    "[node]\n"
    "executors = 8\n"
    "fast = true\n"
    "[jobs]\n"
    "watch = 2.5\n";

settings_file file(const std::string& text) { return {"p.toml", text, command_table()}; }

arguments args_of(const std::string& name, const std::string& text,
                  const std::vector<std::string>& words = {}) {
  const auto& what = find_command(name);
  arguments args(what.options, words);
  args.use(file(text).of(what));
  return args;
}

std::string refused(const std::string& text) {
  try {
    file(text);
  } catch (const command_error& e) {
    CHECK(e.exit() == exit_code::usage);
    return std::string{e.what()} + " / " + e.hint();
  }
  return "accepted";
}

struct in_environment {
  const char* name;
  in_environment(const char* n, const std::string& value) : name(n) {
    ::setenv(n, value.c_str(), 1);
  }
  ~in_environment() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("a file gives what neither flag nor variable does; the table of a command comes first") {
  CHECK(args_of("node", node_says).number("executors", 0, 99) == 8);
  CHECK(args_of("run", node_says).number("executors", 0, 99) == 4);
  CHECK(args_of("node", node_says).has("fast"));
  CHECK_FALSE(args_of("run", node_says).has("fast"));
  CHECK(args_of("jobs", node_says).seconds("watch") == 2.5);
  CHECK(args_of("node", node_says, {"--executors", "2"}).text("executors") == "2");
  in_environment set("PARTITA_EXECUTORS", "3");
  CHECK(args_of("node", node_says).text("executors") == "3");
  CHECK(args_of("node", node_says, {"--executors", "2"}).text("executors") == "2");
}

TEST_CASE("it is told where a value comes from") {
  CHECK(args_of("node", "").source("executors").place == "default");
  CHECK(args_of("run", node_says).source("executors").place == "p.toml:2");
  CHECK(args_of("node", node_says).source("executors").place == "p.toml:5");
  CHECK(args_of("node", node_says, {"--executors=1"}).source("executors").place == "--executors");
  in_environment set("PARTITA_EXECUTORS", "3");
  CHECK(args_of("node", node_says).source("executors").place == "PARTITA_EXECUTORS");
}

TEST_CASE("a flag is off where the file says false, and on or off where the variable says so") {
  CHECK_FALSE(args_of("node", "fast = false").has("fast"));
  in_environment set("PARTITA_FAST", "0");
  CHECK_FALSE(args_of("node", "fast = true").has("fast"));
}

TEST_CASE("what is wrong in a file of settings is told with its line, and what was meant") {
  CHECK(refused("\nexcutors = 4") ==
        "p.toml:2: there is no setting excutors / did you mean "
        "executors?");
  CHECK(refused("[nod]\nfast = true") ==
        "p.toml:1: [nod] is named after no command / did you "
        "mean [node]?");
  CHECK(refused("[jobs]\nexecutors = 1").starts_with("p.toml:2: command jobs has no setting "));
  CHECK(refused("executors = \"4\"") ==
        "p.toml:1: executors must be a whole number / write it like this: executors = 4");
  CHECK(refused("executors = 4.5").starts_with("p.toml:1: executors must be a whole number"));
  CHECK(refused("fast = 1").starts_with("p.toml:1: fast must be true or false"));
  CHECK(refused("db = 7").starts_with("p.toml:1: db must be a text"));
  CHECK(refused("db = [\"x\"]").starts_with("p.toml:1: db must be a text"));
  CHECK(refused("[node.deep]\nfast = true").starts_with("p.toml:1: command node has no setting"));
  CHECK(refused("help = true").starts_with("p.toml:1: there is no setting help"));
  CHECK(refused("db = \"x\ny").starts_with("p.toml:1: this is no TOML: "));
  CHECK(refused("a = 1\na = 2").starts_with("p.toml:2: this is no TOML: "));
}

TEST_CASE("a value out of range is told with its place in the file") {
  try {
    args_of("node", "\nexecutors = 5000").number("executors", 0, 1024);
    FAIL("accepted");
  } catch (const command_error& e) {
    CHECK(std::string{e.what()} ==
          "executors (p.toml:2) must be a whole number from 0 to 1024, not 5000");
  }
}

TEST_CASE("a password in a file of settings is refused, and not repeated") {
  for (const auto* url : {"postgresql://u:secret@h/x", "host=h password=secret"}) {
    const auto text = refused("\ndb = \"" + std::string{url} + "\"");
    CHECK(text.starts_with("p.toml:2: db holds a password"));
    CHECK(text.find("PARTITA_DB_FILE") != std::string::npos);
    CHECK(text.find("secret") == std::string::npos);
    CHECK(refused("[serve]\noperator-db = \"" + std::string{url} + "\"") != "accepted");
  }
}

TEST_CASE("a variable may name a file that holds the value, and counts for more than settings") {
  const temp_dir dir;
  const auto path = dir.path() / "db";
  std::ofstream(path) << "sqlite:secret.db\n";
  std::filesystem::permissions(path, std::filesystem::perms::owner_read);
  in_environment set("PARTITA_DB_FILE", path.string());
  auto args = args_of("jobs", node_says);
  CHECK(database_url(args) == "sqlite:secret.db");
  CHECK(database_source(args).place == "PARTITA_DB_FILE");
  {
    in_environment shared("DATABASE_URL", "sqlite:shared.db");
    CHECK(database_url(args) == "sqlite:secret.db");
  }
  {
    in_environment own("PARTITA_DB", "sqlite:own.db");
    CHECK(database_url(args) == "sqlite:own.db");
  }
  std::filesystem::remove(path);
  CHECK_THROWS_WITH(database_url(args),
                    Catch::Contains("which PARTITA_DB_FILE names, cannot be read"));
}

TEST_CASE("DATABASE_URL counts for more than a file of settings") {
  CHECK(database_url(args_of("jobs", node_says)) == "sqlite:all.db");
  in_environment shared("DATABASE_URL", "sqlite:shared.db");
  CHECK(database_url(args_of("jobs", node_says)) == "sqlite:shared.db");
  CHECK(database_source(args_of("jobs", node_says)).place == "DATABASE_URL");
}

TEST_CASE("the first file of settings that is there counts") {
  const temp_dir dir;
  std::filesystem::create_directory(dir.path() / "partita");
  std::ofstream(dir.path() / "partita" / "config.toml") << "";
  in_environment home("XDG_CONFIG_HOME", dir.path().string());
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(dir.path());
  CHECK(settings_path("") == dir.path().string() + "/partita/config.toml");
  std::ofstream("partita.toml") << "";
  CHECK(settings_path("") == "partita.toml");
  CHECK(settings_path("typed.toml") == "typed.toml");
  {
    in_environment named("PARTITA_CONFIG", "named.toml");
    CHECK(settings_path("") == "named.toml");
    CHECK(settings_path("typed.toml") == "typed.toml");
  }
  std::filesystem::current_path(before);
  CHECK_THROWS_AS(read_settings_file("/no/such.toml", command_table()), command_error);
}

TEST_CASE("local nodes get what a file says to `run`") {
  const auto args = args_of("run", "poll-ms = 70\n[run]\nfast = true", {"--lease-hold-ms", "90"});
  CHECK(passed_settings(args) == std::map<std::string, std::string>{{"PARTITA_FAST", "true"},
                                                                    {"PARTITA_LEASE_HOLD_MS", "90"},
                                                                    {"PARTITA_POLL_MS", "70"}});
}
