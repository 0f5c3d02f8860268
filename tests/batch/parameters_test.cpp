#include "batch/parameters.hpp"

#include <catch2/catch.hpp>

using namespace partita;
namespace fs = std::filesystem;

namespace {

template <class T, class... Properties>
parameter_spec spec_of(const std::string& name, const Properties&... properties) {
  parameter_spec spec;
  spec.name = name;
  spec.type = parameter_type_of<T>();
  (spec.apply(properties), ...);
  return spec;
}

const std::vector<parameter_spec> specs{
    spec_of<fs::path>("input", required), spec_of<std::int64_t>("rows", default_value{7}),
    spec_of<double>("rate"), spec_of<bool>("fast", non_identifying), spec_of<std::string>("note")};

std::vector<std::string> problems_of(const std::map<std::string, std::string>& given) {
  return check_parameters(specs, given).problems;
}

using sentences = std::vector<std::string>;

}  // namespace

TEST_CASE("given values are typed and defaults filled in") {
  const auto checked = check_parameters(
      specs, {{"input", "/x/../y"}, {"rate", "0.5"}, {"fast", "yes"}, {"note", "a=b"}});
  REQUIRE(checked.problems.empty());
  const parameters given{checked.values};
  CHECK(given.get<fs::path>("input") == "/y");
  CHECK(given.get<std::int64_t>("rows") == 7);
  CHECK(given.get<double>("rate") == 0.5);
  CHECK(given.get<bool>("fast"));
  CHECK(given.get<std::string>("note") == "a=b");
}

TEST_CASE("a relative path is made absolute, for other nodes run elsewhere") {
  const auto checked = check_parameters(specs, {{"input", "data/in.csv"}});
  CHECK(checked.values["input"] == (fs::current_path() / "data/in.csv").string());
}

TEST_CASE("each problem of the parameters is a sentence") {
  CHECK(problems_of({}) == sentences{"parameter input is missing: give input=path"});
  CHECK(problems_of({{"input", "/a"}, {"rows", "1x"}}) ==
        sentences{"parameter rows=1x is not an integer"});
  CHECK(problems_of({{"input", "/a"}, {"rows", "9223372036854775808"}}) ==
        sentences{"parameter rows=9223372036854775808 is not an integer"});
  CHECK(problems_of({{"input", "/a"}, {"rate", "nan"}}) ==
        sentences{"parameter rate=nan is not a number"});
  CHECK(problems_of({{"input", "/a"}, {"fast", "maybe"}}) ==
        sentences{"parameter fast=maybe is not a boolean"});
  CHECK(problems_of({{"input", ""}}) == sentences{"parameter input= is not a path"});
  CHECK(problems_of({{"input", "/a"}, {"row", "1"}}) ==
        sentences{"there is no parameter row; did you mean rows?"});
  CHECK(problems_of({{"input", "/a"}, {"quite_else", "1"}}) ==
        sentences{"there is no parameter quite_else"});
}

TEST_CASE("the identity is the identifying parameters, whatever their order") {
  const json one{{"input", "/a"}, {"rows", 7}, {"fast", true}};
  const json other{{"fast", false}, {"rows", 7}, {"input", "/a"}};
  CHECK(identity_of(specs, one) == identity_of(specs, other));
  CHECK(identity_of(specs, one) == R"({"input":"/a","rows":7})");
}

TEST_CASE("reading a parameter that was not declared, or as another type, is the author's error") {
  const parameters given{json{{"rows", 7}, {"none", nullptr}}};
  CHECK_THROWS_WITH(given.get<int>("row"), "parameter row is read but was not given");
  CHECK_THROWS_WITH(given.get<std::string>("rows"),
                    "parameter rows is read as another type than it has");
  CHECK(given.find<int>("rows") == 7);
  CHECK_FALSE(given.find<int>("row"));
  CHECK_FALSE(given.find<int>("none"));
}

TEST_CASE("what is no text is refused with a sentence that can be shown anywhere") {
  const std::vector<parameter_spec> only_name = std::vector{spec_of<std::string>("name")};
  for (const std::string& bytes :
       {std::string{"a\xC3"}, std::string{"a\0b", 3}, std::string{"\xFF"}}) {
    auto checked = check_parameters(only_name, {{"name", bytes}});
    REQUIRE(checked.problems.size() == 1);
    CHECK_THAT(checked.problems[0], Catch::Contains("is not UTF-8 text"));
    CHECK(checked.problems[0].find(bytes) == std::string::npos);
    CHECK(check_parameters(only_name, {{bytes, "x"}}).problems.size() == 1);
  }
  CHECK(check_parameters(only_name, {{"name", "Łódź"}}).problems.empty());
}
