#include "apps/partita/completion.hpp"

#include <catch2/catch.hpp>

#include "apps/partita/text.hpp"

using namespace partita;
using namespace partita::cli;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the words that a command takes first are told by its help and offered in every shell") {
  for (const auto& one : command_table()) {
    INFO(one.name);
    const auto help = help_of(one, "partita");
    for (const auto& word : one.first_words) CHECK(has(help, word));
    if (one.first_words.empty()) continue;
    for (const auto* shell : {"bash", "zsh", "fish"})
      CHECK(has(completion_script(shell, "partita", command_table()), join(one.first_words, " ")));
  }
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
