#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <fstream>

#include "apps/partita/errors.hpp"
#include "apps/partita/http/access.hpp"
#include "apps/partita/http/errors.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::http;

namespace {

const std::string anna = "0123456789abcdef-anna";
const std::string bob = "0123456789abcdef-bob";

std::string file_of(const test::temp_dir& dir, const std::string& text, int mode = 0600) {
  auto path = (dir.path() / "tokens").string();
  std::ofstream{path} << text;
  ::chmod(path.c_str(), static_cast<mode_t>(mode));
  return path;
}

tokens two_tokens() {
  const test::temp_dir dir;
  return tokens::from_file(
      file_of(dir, "# who may what\n\nanna operate " + anna + "\nbob read " + bob + "\n"));
}

request post(const std::string& token = anna) {
  request what{"POST", "/api/v1/runs", {}, {}, "{}"};
  what.headers = {{"host", "127.0.0.1:8080"}, {"content-type", "application/json"}};
  if (!token.empty()) what.headers["authorization"] = "Bearer " + token;
  return what;
}

/// The status that says why not; 0: allowed.
int refusal(const access_rules& rules, const request& what) {
  try {
    rules.allow_changing(what);
    return 0;
  } catch (const http_error& e) {
    return e.status();
  }
}

}  // namespace

TEST_CASE("an address is HOST:PORT") {
  CHECK(address::parse("http", "127.0.0.1:8080").text() == "127.0.0.1:8080");
  CHECK(address::parse("http", "[::1]:0").host == "::1");
  CHECK(address::parse("http", "[::1]:80").text() == "[::1]:80");
  for (const auto* wrong : {"", "8080", ":8080", "localhost", "localhost:", "localhost:x",
                            "localhost:-1", "localhost:70000", "::1:80", "localhost:80x"})
    CHECK_THROWS_AS(address::parse("http", wrong), cli::command_error);
  for (const auto* own : {"127.0.0.1:1", "127.8.8.8:1", "localhost:1", "[::1]:1"})
    CHECK(address::parse("http", own).is_loopback());
  for (const auto* open : {"0.0.0.0:1", "[::]:1", "10.0.0.1:1", "example.org:1"})
    CHECK_FALSE(address::parse("http", open).is_loopback());
}

TEST_CASE("a file of tokens tells who may what, and is nobody else's") {
  const auto known = two_tokens();
  REQUIRE(known.holder_of(anna));
  CHECK(known.holder_of(anna)->name == "anna");
  CHECK(known.holder_of(anna)->role == token_role::operate);
  CHECK(known.holder_of(bob)->role == token_role::read);
  CHECK_FALSE(known.holder_of(""));
  CHECK_FALSE(known.holder_of(anna + "x"));
  CHECK_FALSE(known.holder_of(anna.substr(1)));
  CHECK(known.may_operate());
  const test::temp_dir dir;
  for (const auto& wrong :
       {std::string{}, std::string{"anna operate short"}, "anna own " + anna, "anna " + anna,
        std::string{"anna operate 0123456789%2fabcdef"}, "anna operate " + anna + " more",
        "a read " + anna + "\nb read " + anna, "a read " + anna + "\na operate " + bob})
    CHECK_THROWS_AS(tokens::from_file(file_of(dir, wrong)), cli::command_error);
  CHECK_NOTHROW(tokens::from_file(file_of(dir, "a read " + anna + "\na read " + bob)));
  CHECK_THROWS_AS(tokens::from_file(file_of(dir, "anna read " + anna, 0644)), cli::command_error);
  CHECK_THROWS_AS(tokens::from_file((dir.path() / "none").string()), cli::command_error);
}

TEST_CASE("an address that others reach takes tokens, for reading too") {
  CHECK_THROWS_AS(access_rules({"0.0.0.0", 80}, {}, {}), cli::command_error);
  const access_rules open{{"0.0.0.0", 80}, two_tokens(), {}};
  auto look = post("");
  look.method = "GET";
  CHECK_THROWS_AS(open.allow_reading(look), http_error);
  look.headers["authorization"] = "Bearer " + bob;
  CHECK_NOTHROW(open.allow_reading(look));
  const access_rules own{{"127.0.0.1", 80}, {}, {}};
  look.headers.erase("authorization");
  CHECK_NOTHROW(own.allow_reading(look));
}

TEST_CASE("to change something takes the right token, JSON, and no other site") {
  const access_rules rules{{"127.0.0.1", 8080}, two_tokens(), {"ops.example"}};
  CHECK(refusal(rules, post()) == 0);
  CHECK(refusal(rules, post("")) == 401);
  CHECK(refusal(rules, post("nobody-has-this-token")) == 401);
  CHECK(refusal(rules, post(bob)) == 403);
  const auto with = [](const std::string& name, const std::string& value) {
    auto what = post();
    what.headers[name] = value;
    return what;
  };
  CHECK(refusal(rules, with("authorization", anna)) == 401);
  CHECK(refusal(rules, with("content-type", "text/plain")) == 415);
  CHECK(refusal(rules, with("content-type", "application/jsonx")) == 415);
  CHECK(refusal(rules, with("content-type", "application/json; charset=utf-8")) == 0);
  CHECK(refusal(rules, with("origin", "http://127.0.0.1:8080")) == 0);
  for (const auto* other : {"http://evil.example", "null", "http://127.0.0.1:9", "x"})
    CHECK(refusal(rules, with("origin", other)) == 403);
  CHECK(refusal(rules, with("sec-fetch-site", "same-origin")) == 0);
  CHECK(refusal(rules, with("sec-fetch-site", "none")) == 0);
  CHECK(refusal(rules, with("sec-fetch-site", "cross-site")) == 403);
  CHECK(refusal(rules, with("sec-fetch-site", "same-site")) == 403);
  CHECK(refusal(rules, with("host", "evil.example")) == 403);
  CHECK(refusal(rules, with("host", "")) == 403);
  CHECK(refusal(rules, with("host", "ops.example:80")) == 0);
  CHECK(refusal(rules, with("host", "[::1]:8080")) == 0);
  CHECK(refusal(rules, with("host", "[::1")) == 403);
}

TEST_CASE("case does not count in names of hosts, schemes and types") {
  const access_rules rules{{"127.0.0.1", 8080}, two_tokens(), {"Ops.Example"}};
  auto what = post();
  what.headers["host"] = "OPS.example.:80";
  what.headers["origin"] = "HTTPS://ops.EXAMPLE.:80";
  what.headers["content-type"] = "Application/JSON; Charset=UTF-8";
  what.headers["authorization"] = "bEARER " + anna;
  CHECK(refusal(rules, what) == 0);
  what.headers["authorization"] = "Bearer " + lower(anna) + "X";
  CHECK(refusal(rules, what) == 401);
  what.headers["host"] = "ops.example..";
  CHECK(refusal(rules, what) == 403);
}

TEST_CASE("an answer is compressed for who takes it so") {
  const auto takes = [](const std::string& header) {
    return request{"GET", "/", {}, {{"accept-encoding", header}}, ""}.takes_gzip();
  };
  for (const auto* yes :
       {"gzip", "GZip", "br, gzip", "gzip;q=0.5, br", "deflate, gzip ; q=1.0", "gzip;level=9"})
    CHECK(takes(yes));
  for (const auto* no : {"", "br", "gzip;q=0", "gzip;q=0.000, br", "identity, gzip; Q=0", "xgzip",
                         "gzip;q=", "gzip;q=x", "*"})
    CHECK_FALSE(takes(no));
}
