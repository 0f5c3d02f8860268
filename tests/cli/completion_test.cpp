#include "apps/partita/completion.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

command named(const std::string& words) {
  command one;
  one.name = "x";
  one.words = words;
  return one;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("the first words of a command are those that its usage line names") {
  CHECK(first_words(named("migrate|status")) == list{"migrate", "status"});
  CHECK(first_words(named("[live|ready|startup]")) == list{"live", "ready", "startup"});
  CHECK(first_words(named("show [COMMAND]")) == list{"show"});
  CHECK(first_words(named("JOB [KEY=VALUE…]")).empty());
  CHECK(first_words(named("[COMMAND]")).empty());
  CHECK(first_words(named("")).empty());
}

TEST_CASE("every command and every option is completed in every shell") {
  for (const auto* shell : {"bash", "zsh", "fish"}) {
    const auto script = completion_script(shell, "partita", command_table());
    for (const auto& one : command_table()) {
      INFO(shell << " " << one.name);
      CHECK(has(script, one.name));
      for (const auto& each : one.options)
        CHECK(has(script, (std::string{shell} == "fish" ? "-l " : "--") + each.name));
    }
  }
  CHECK_THROWS_AS(completion_script("tcsh", "partita", command_table()), command_error);
}

TEST_CASE("the values of an option that are known are those it accepts") {
  for (const auto& one : command_table())
    for (const auto& each : one.options)
      for (const auto& choice : each.choices) {
        INFO(one.name << " --" << each.name << " " << choice);
        CHECK(arguments(one.options, {"--" + each.name, choice}).one_of(each.name, each.choices) ==
              choice);
      }
}

TEST_CASE("the manual page names every command, option, variable and example") {
  const auto page = manual_page("partita", command_table());
  CHECK(page.starts_with(".TH \"PARTITA\" 1"));
  for (const auto& one : command_table()) {
    INFO(one.name);
    CHECK(has(page, ".SS \"partita " + one.name + "\""));
    for (const auto& each : one.options)
      if (!each.env.empty()) CHECK(has(page, each.env));
  }
  CHECK(has(page, "\\fB\\-\\-no\\-header\\fR"));
  CHECK(has(page, "[=\\fIS\\fR]"));
}
