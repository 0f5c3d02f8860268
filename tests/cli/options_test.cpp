#include "apps/partita/options.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iterator>
#include <set>
#include <sstream>

#include "apps/partita/command_table.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/node_settings.hpp"

using namespace partita;
using namespace partita::cli;

namespace {

const option_list some{{"nodes", "N", "how many", "PARTITA_TEST_NODES", "3"},
                       {"keep", "", "keeps", "PARTITA_TEST_KEEP"},
                       {"watch", "[S]", "again"},
                       {"output", "FORMAT", "table or json", "", "table", 'o'}};

arguments parse(const std::vector<std::string>& words) { return {some, words}; }

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const command_error& e) {
    CHECK(e.exit() == exit_code::usage);
    return std::string{e.what()} + (e.hint().empty() ? "" : " / " + e.hint());
  }
  return "accepted";
}

struct variable {
  const char* name;
  variable(const char* n, const char* value) : name(n) { ::setenv(n, value, 1); }
  ~variable() { ::unsetenv(name); }
};

}  // namespace

TEST_CASE("a flag beats the environment, which beats the default") {
  CHECK(parse({}).number("nodes", 1, 9) == 3);
  variable set("PARTITA_TEST_NODES", "5");
  CHECK(parse({}).number("nodes", 1, 9) == 5);
  CHECK(parse({"--nodes", "7"}).number("nodes", 1, 9) == 7);
  CHECK(parse({"--nodes=7"}).number("nodes", 1, 9) == 7);
}

TEST_CASE("a flag without value is on or off by its variable, and nothing else") {
  CHECK_FALSE(parse({}).has("keep"));
  CHECK(parse({"--keep"}).has("keep"));
  for (const auto* on : {"1", "true", "yes", "on"}) {
    variable set("PARTITA_TEST_KEEP", on);
    CHECK(parse({}).has("keep"));
  }
  for (const auto* off : {"", "0", "false", "no", "off"}) {
    variable set("PARTITA_TEST_KEEP", off);
    CHECK_FALSE(parse({}).has("keep"));
    CHECK(parse({"--keep"}).has("keep"));
  }
  variable set("PARTITA_TEST_KEEP", "maybe");
  CHECK(refusal([] { parse({}).has("keep"); }) == "PARTITA_TEST_KEEP must be on or off, not maybe");
}

TEST_CASE("words are kept whole and in order, wherever the options stand") {
  auto args = parse({"range_sum", "-o", "json", "list=a,b,c", "--keep", "from=-5", "--", "--x=1"});
  CHECK(args.words() == std::vector<std::string>{"range_sum", "list=a,b,c", "from=-5", "--x=1"});
  CHECK(args.text("output") == "json");
}

TEST_CASE("a negative number is a word, or a value, and no option") {
  auto args = parse({"52", "-5", "--nodes", "-7", "-o", "json", "-1d"});
  CHECK(args.words() == std::vector<std::string>{"52", "-5", "-1d"});
  CHECK(args.text("nodes") == "-7");
  CHECK(refusal([] { parse({"-"}); }) == "accepted");
  CHECK(refusal([] { parse({"-x5"}); }) != "accepted");
}

TEST_CASE("an option that is given again has several values; the last one counts alone") {
  auto args = parse({"--nodes=1", "-o", "json", "--nodes", "2"});
  CHECK(args.texts("nodes") == std::vector<std::string>{"1", "2"});
  CHECK(args.text("nodes") == "2");
  CHECK(args.texts("keep").empty());
}

TEST_CASE("folders are separated by ':', and one in a name is written with a backslash") {
  auto folders = [](const std::string& text) {
    std::vector<std::string> names;
    for (const auto& folder : file_folders(arguments(node_setting_options(), {"--files", text})))
      names.push_back(folder.string());
    return names;
  };
  using list = std::vector<std::string>;
  CHECK(folders("/a:/b c::/d/") == list{"/a", "/b c", "/d/"});
  CHECK(folders("/a\\:b:/c\\d") == list{"/a:b", "/c\\d"});
  CHECK(folders(joined_folders({"/a:b", "/c", ":"})) == list{"/a:b", "/c", ":"});
}

TEST_CASE("an optional value follows its option only with '='") {
  auto bare = parse({"--watch", "5"});
  CHECK(bare.has("watch"));
  CHECK(bare.text("watch").empty());
  CHECK(bare.words() == std::vector<std::string>{"5"});
  CHECK(parse({"--watch=0.5"}).seconds("watch") == 0.5);
}

TEST_CASE("a typing error in an option is recognised") {
  CHECK(refusal([] {
          parse({"--noodes", "3"});
        }) == "there is no option --noodes / did you mean --nodes?");
  CHECK(refusal([] { parse({"--zzzzzzzz"}); }) == "there is no option --zzzzzzzz");
  CHECK(refusal([] { parse({"-z"}); }) != "accepted");
  CHECK(refusal([] { parse({"--nodes"}); }) != "accepted");
  CHECK(refusal([] { parse({"--keep=maybe"}); }) == "--keep takes no value");
}

TEST_CASE("values of the wrong kind are refused with the range or the choice") {
  auto number = [](const char* text) {
    return refusal([&] { parse({std::string{"--nodes="} + text}).number("nodes", 1, 9); });
  };
  CHECK(number("x") == "--nodes must be a whole number from 1 to 9, not x");
  CHECK(number("10") != "accepted");
  CHECK(number("3.5") != "accepted");
  CHECK(number("99999999999999999999") != "accepted");
  CHECK(number("") != "accepted");
  CHECK(refusal([] {
          parse({"-o", "jsn"}).one_of("output", {"table", "json"});
        }) == "--output must be table, json, not jsn / did you mean json?");
  CHECK(refusal([] { parse({"--watch=inf"}).seconds("watch"); }) != "accepted");
  variable set("PARTITA_TEST_NODES", "many");
  CHECK(refusal([] { parse({}).number("nodes", 1, 9); }).starts_with("PARTITA_TEST_NODES must"));
}

TEST_CASE("parameters are key=value words") {
  auto given = parse_assignments({"from=1", "text=a=b", "empty="});
  CHECK(given == std::map<std::string, std::string>{{"from", "1"}, {"text", "a=b"}, {"empty", ""}});
  CHECK(refusal([] { parse_assignments({"from"}); }) == "from is not of the form key=value");
  CHECK(refusal([] { parse_assignments({"=1"}); }) != "accepted");
  CHECK(refusal([] { parse_assignments({"a=1", "a=2"}); }) == "parameter a is given twice");
}

TEST_CASE("missing and superfluous words are named") {
  CHECK(refusal([] { require_words({}, {"ID"}, 1); }) == "ID is missing");
  CHECK(refusal([] { require_words({"1", "2"}, {"ID"}, 1); }) == "one word too many: 2");
}

TEST_CASE("unsafe settings are refused with every sentence") {
  auto given = [](const std::vector<std::string>& words) {
    return settings_of(arguments(node_setting_options(), words));
  };
  CHECK(given({}).heartbeat == settings{}.heartbeat);
  CHECK(given({"--fast"}).heartbeat == fast_settings().heartbeat);
  CHECK(given({"--fast", "--poll-ms", "70"}).poll == milliseconds{70});
  auto text = refusal([&] { given({"--heartbeat-ms", "5000", "--deregister-after-ms=100"}); });
  CHECK(text.find("unreachable_after is 4000 ms") != std::string::npos);
  CHECK(text.find("deregister_after is 100 ms") != std::string::npos);
  CHECK(refusal([&] { given({"--poll-ms", "0"}); }).find("poll must be") != std::string::npos);
}

TEST_CASE("settings that were typed travel to child processes in the environment") {
  arguments args(node_setting_options(), {"--fast", "--poll-ms", "70"});
  CHECK(passed_settings(args) ==
        std::map<std::string, std::string>{{"PARTITA_FAST", "true"}, {"PARTITA_POLL_MS", "70"}});
}

TEST_CASE("options of a command may stand before it") {
  using words = std::vector<std::string>;
  auto split = [](const words& typed) {
    auto line = split_command_line(typed);
    return std::pair{line.name, line.others};
  };
  CHECK(split({"jobs", "-o", "json"}) == std::pair{std::string{"jobs"}, words{"-o", "json"}});
  CHECK(
      split({"--db", "sqlite:x", "-o", "json", "job", "7", "--partitions"}) ==
      std::pair{std::string{"job"}, words{"--db", "sqlite:x", "-o", "json", "7", "--partitions"}});
  CHECK(split({"--db=sqlite:x", "-ojson", "--watch", "--no-header", "jobs"}) ==
        std::pair{std::string{"jobs"}, words{"--db=sqlite:x", "-ojson", "--watch", "--no-header"}});
  CHECK(split({"--help", "run"}) == std::pair{std::string{"run"}, words{"--help"}});
  CHECK(split({"--no-such", "jobs"}) == std::pair{std::string{"jobs"}, words{"--no-such"}});
  CHECK(split({"--db"}) == std::pair{std::string{}, words{"--db"}});
  CHECK(split({}).first.empty());
}

TEST_CASE("what many commands take has a value in all of them or in none: it may stand first") {
  const auto shared =
      database_options() + log_options("warn") + listing_options() + general_options();
  for (const auto& one : shared)
    for (const auto& other : command_table())
      for (const auto& each : other.options) {
        INFO(other.name << ": --" << each.name << " and --" << one.name);
        if (each.letter && each.letter == one.letter) CHECK(each.name == one.name);
        if (each.name != one.name) continue;
        CHECK(each.is_flag() == one.is_flag());
        CHECK(each.value_is_optional() == one.value_is_optional());
      }
}

TEST_CASE("every command has examples that can be typed, and says what it does in the imperative") {
  for (const auto& one : command_table()) {
    INFO(one.name);
    CHECK_FALSE(one.examples.empty());
    for (const auto& example : one.examples) {
      INFO(example);
      std::istringstream text{example};
      const std::vector<std::string> words{std::istream_iterator<std::string>{text}, {}};
      CHECK(words.front() == one.name);
      CHECK_NOTHROW(arguments(one.options, {words.begin() + 1, words.end()}));
      CHECK(help_of(one, "partita").find("\n  partita " + example + "\n") != std::string::npos);
    }
    // "run a job", not "runs a job".
    CHECK_FALSE(one.summary.substr(0, one.summary.find(' ')).ends_with("s"));
  }
}

TEST_CASE("the overview has each heading once, and all summaries in one column") {
  std::set<std::string> groups, headings;
  for (const auto& one : command_table()) groups.insert(one.group);
  std::set<std::size_t> columns;
  std::istringstream text{overview("partita")};
  for (std::string line; std::getline(text, line);) {
    if (groups.contains(line)) CHECK(headings.insert(line).second);
    if (line.starts_with("  ")) columns.insert(line.find_first_not_of(' ', line.find(' ', 2)));
  }
  CHECK(headings == groups);
  CHECK(columns.size() == 1);
}

TEST_CASE("every command is explained, and every option of it") {
  for (const auto& one : command_table()) {
    auto text = help_of(one, "partita");
    CHECK(text.starts_with("Usage: partita " + one.name));
    for (const auto& each : one.options) CHECK(text.find("--" + each.name) != std::string::npos);
    CHECK(overview("partita").find("  " + one.name + " ") != std::string::npos);
    CHECK_NOTHROW(arguments(one.options, {}));
  }
  CHECK(refusal([] { find_command("jbos"); }) == "there is no command jbos / did you mean jobs?");
}
