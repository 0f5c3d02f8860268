#pragma once

#include <catch2/catch.hpp>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "batch/errors.hpp"
#include "batch/json.hpp"

// What tests of readers share: a reader seen as the outcomes of its calls.

namespace partita::test {

/// "REFUSED reason" for a data_error.
template <class Reader, class F>
std::vector<std::string> read_all(Reader& reader, F text_of) {
  std::vector<std::string> all;
  for (;;) {
    try {
      auto item = reader.next();
      if (!item) return all;
      all.push_back(text_of(*item));
    } catch (const data_error& e) {
      all.push_back(std::string{"REFUSED "} + e.what());
    } catch (const permanent_error& e) {
      all.push_back(std::string{"ENDED "} + e.what());
      return all;
    }
  }
}

/// A reader goes on at each of its positions as if it had never stopped, also behind what it
/// refuses; `make` makes a new reader of the same source.
template <class Make, class F>
void require_it_goes_on(Make make, F text_of) {
  auto first = make();
  const auto expected = read_all(first, text_of);
  auto walker = make();
  for (std::size_t i = 0; i <= expected.size(); ++i) {
    const json position = json::parse(walker.position().dump());
    CHECK(position.dump().size() < 120);
    auto other = make();
    other.seek(position);
    CHECK(other.position() == position);
    REQUIRE(read_all(other, text_of) ==
            std::vector<std::string>(expected.begin() + static_cast<std::ptrdiff_t>(i),
                                     expected.end()));
    if (i < expected.size() && expected[i].starts_with("ENDED")) return;
    try {
      walker.next();
    } catch (const data_error&) {
      continue;
    }
  }
}

/// The dice of a randomized test. Prints its seed.
class dice {
 public:
  dice()
      : seed_(Catch::rngSeed() != 0 ? Catch::rngSeed() : std::random_device{}()), random_(seed_) {
    WARN("seed " << seed_ << " (replay with --rng-seed " << seed_ << ")");
  }
  std::size_t below(std::size_t n) { return random_() % n; }
  template <class T>
  const T& one_of(const std::vector<T>& all) {
    return all[below(all.size())];
  }

 private:
  std::uint32_t seed_;
  std::mt19937 random_;
};

}  // namespace partita::test
