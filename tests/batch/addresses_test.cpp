#include "batch/addresses.hpp"

#include <catch2/catch.hpp>

#include "batch/errors.hpp"

using namespace partita;
using Catch::Contains;

namespace {

/// Until its end these addresses may be reached.
struct allowed_here {
  explicit allowed_here(const std::vector<std::string>& prefixes) { allow_addresses(prefixes); }
  ~allowed_here() { allow_addresses({}); }
};

bool is_allowed(const std::string& address) {
  try {
    require_allowed_address(address);
    return true;
  } catch (const permanent_error&) {
    return false;
  }
}

}  // namespace

TEST_CASE("an address is written in one way") {
  CHECK(plain_address("HTTP://Example.ORG:80/a/./b/../c?d=e") == "http://example.org/a/c?d=e");
  CHECK(plain_address("https://h:443") == "https://h/");
  CHECK(plain_address("https://[::1]:8443/x") == "https://[::1]:8443/x");
}

TEST_CASE("what is no address of http or https is refused") {
  for (const auto* text :
       {"", "x", "/etc/passwd", "file:///etc/passwd", "ftp://h/", "gopher://h/", "http://",
        "http://u:p@h/", "http://u@h/", "http://h/#part", "http://h/%2e%2e/x", "http://h/%2E./x",
        "http://h/a%2Fb", "http://h/a\\b", "http://h/api/..;/x", "http://h:0x50/",
        "http://h:99999/", "http://a b/"}) {
    INFO(text);
    CHECK_THROWS_AS(plain_address(text), permanent_error);
  }
  CHECK_THROWS_WITH(plain_address("ftp://h/"), Contains("is no address of http or https"));
}

TEST_CASE("until addresses are allowed, none is") {
  CHECK_THROWS_WITH(require_allowed_address("http://127.0.0.1/"),
                    Contains("reach no address") && Contains("--allow-url"));
}

TEST_CASE("addresses are allowed below a prefix, at its host and port only") {
  const allowed_here these{{"http://h:8080/api", "https://Other/"}};
  for (const auto* text : {"http://h:8080/api", "http://h:8080/api/", "http://H:8080/api/x/y?z",
                           "http://h:8080/api?x=1", "https://other/", "https://other/any"}) {
    INFO(text);
    CHECK(is_allowed(text));
  }
  for (const auto* text :
       {"http://h:8080/apix", "http://h:8080/", "http://h:8080/api/../x", "http://h/api",
        "https://h:8080/api", "http://h:80801/api", "http://h:8080.evil.org/api", "http://other/",
        "https://other.evil.org/", "https://other:8443/", "http://x@h:8080/api"}) {
    INFO(text);
    CHECK_FALSE(is_allowed(text));
  }
  CHECK_THROWS_WITH(require_allowed_address("http://x/"),
                    Contains("http://x/ lies outside") && Contains("http://h:8080/api"));
}

TEST_CASE("an option that names no address changes nothing") {
  const allowed_here these{{"http://h/"}};
  CHECK_THROWS_AS(allow_addresses({"http://i/", "nonsense"}), permanent_error);
  CHECK(is_allowed("http://h/"));
}
