#include "protocol/errors.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace partita;

TEST_CASE("every error has a name of its own and a sentence") {
  std::set<std::string_view> names, sentences;
  const auto last = static_cast<int>(errc::damaged);
  for (int code = 0; code <= last; ++code) {
    names.insert(to_string(static_cast<errc>(code)));
    sentences.insert(explain(static_cast<errc>(code)));
  }
  CHECK(names.size() == static_cast<std::size_t>(last) + 1);
  CHECK(sentences.size() == names.size());
  CHECK_FALSE(names.contains("?"));
}

TEST_CASE("a store error keeps its code and its sentence") {
  const store_error e{errc::not_found, "there is no run 7"};
  CHECK(e.code() == errc::not_found);
  CHECK(std::string{e.what()} == "there is no run 7");
}
