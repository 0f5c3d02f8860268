#include "apps/jobs/sanctions_screening/matcher.hpp"

#include <catch2/catch.hpp>

#include <random>

#include "bench/plain_matcher.hpp"

using namespace partita;
using screening::jaro;
using screening::matches;
using screening::prepare;

namespace {

bool match(const std::string& first, const std::string& second) {
  const bool found = matches(prepare(first), prepare(second));
  INFO(first << " | " << second);
  CHECK(found == bench::plain::matches(first, second));
  return found;
}

std::vector<std::string> words_of(const screening::name& name) {
  std::vector<std::string> words;
  for (const auto& word : name.words()) words.emplace_back(name.text_of(word));
  return words;
}

#ifdef __SANITIZE_ADDRESS__
constexpr int pairs = 200'000;  // as many as take a few seconds
#else
constexpr int pairs = 1'000'000;
#endif

/// Texts that are often nearly the same.
class texts {
 public:
  explicit texts(unsigned seed) : random_(seed) {}

  std::size_t below(std::size_t end) { return random_() % end; }

  std::string word() {
    // Few letters: near matches are frequent. Some words are long, a few longer than 64.
    const auto alphabet = 2 + below(5);
    auto length = 1 + below(9);
    if (below(20) == 0) length = 10 + below(60);
    if (below(200) == 0) length = 60 + below(12);
    std::string made;
    while (made.size() < length) made += static_cast<char>('a' + below(alphabet));
    return made;
  }

  std::string real_word() {
    static const std::vector<std::string> some{
        "Marek",   "Mareks",   "Martha",     "Marhta", "Tomasz", "Thomas",      "Banco",
        "Banka",   "Shipping", "Shiping",    "Co.",    "Ltd.",   "LIMITED",     "Trading",
        "Traders", "de",       "la",         "S.A.",   "O'Hara", "Al-Rashidov", "Rashidova",
        "Street",  "Strasse",  "12",         "121b",   "Panama", "Pannama",     "Holdings",
        "Holding", "General",  "Industries", "&",      "Export", "import"};
    return some[below(some.size())];
  }

  std::string text(bool real) {
    std::string made;
    const auto count = below(15) == 0 ? below(9) : 1 + below(4);
    for (std::size_t i = 0; i < count; ++i)
      made += (i > 0 ? " " : "") + (real ? real_word() : word());
    return made;
  }

  /// The same text with some things changed.
  std::string changed(std::string text) {
    for (auto changes = below(4); changes > 0; --changes) {
      const auto at = below(text.size() + 1);
      switch (below(6)) {
        case 0:
          text.insert(at, 1, static_cast<char>('a' + below(5)));
          break;
        case 1:
          text.insert(at, 1, " \t-,.A9\xC3"[below(8)]);
          break;
        case 2:
        case 3:
          if (at < text.size()) text.erase(at, 1);
          break;
        case 4:
          if (at + 1 < text.size()) std::swap(text[at], text[at + 1]);
          break;
        default: {
          const auto space = text.find(' ', at);
          if (space != text.npos) text = text.substr(space + 1) + " " + text.substr(0, space);
        }
      }
    }
    return text;
  }

 private:
  std::mt19937 random_;
};

}  // namespace

TEST_CASE("Jaro's measure is that of SimMetrics to the last bit") {
  struct known {
    std::string first;
    std::string second;
    float measure;
  };
  const std::vector<known> vectors{{"martha", "marhta", .9444444F},
                                   {"dixon", "dicksonx", .76666665F},
                                   {"gun", "gunn", .9166667F},
                                   {"bomb", "bombb", .93333334F},
                                   {"bomb", "bombai", .8888889F},
                                   {"jovn", "john", .8333333F},
                                   {"rampo", "rambo", .8666666F},
                                   {"taliban", "talisman", .86904764F},
                                   {"nuclear", "uncle", .83809525F},
                                   {"uranium", "uranus", .8492064F},
                                   {"ab", "ba", .8333333F},
                                   {"th", "the", .8888889F},
                                   {"gun", "gunner", .8333333F},
                                   {"same", "same", 1},
                                   {"", "", 0},
                                   {"", "a", 0},
                                   {"a", "", 0},
                                   {"a", "b", 0}};
  for (const auto& [first, second, measure] : vectors) {
    INFO(first << " " << second);
    CHECK(jaro(first, second) == measure);
    CHECK(bench::plain::jaro(first, second) == measure);
  }
}

TEST_CASE("a text becomes words of lower-case letters and digits") {
  using words = std::vector<std::string>;
  CHECK(words_of(prepare("  O'Hara,\tSHIPPING \r\n\v\fCo. 12-B & ")) ==
        words{"ohara", "shipping", "co", "12b"});
  CHECK(words_of(prepare("Zo\xC3\xAB \xC2\xA0x\x1Fy")) == words{"zo", "xy"});
  CHECK(words_of(prepare("")).empty());
  CHECK(words_of(prepare(" - & \t")).empty());
  const auto name = prepare("ab Abcd x");
  CHECK(name.letters() == 7);
  CHECK(name.text_of(name.longest()) == "abcd");
  CHECK(name.shortest() == 1);
}

TEST_CASE("single words match from 0.9 on") {
  CHECK(match("martha", "MARHTA"));
  CHECK(match("gun", "gunn"));
  CHECK_FALSE(match("th", "the"));
  CHECK_FALSE(match("taliban", "talisman"));
  // Three of ten letters out of order: 0.9 by paper, and a little more with 32-bit floats.
  CHECK(jaro("abcdefghij", "bcaefdghij") == 0.90000004F);
  CHECK(match("abcdefghij", "bcaefdghij"));
}

TEST_CASE("bags of words match by the letters of words that find each other") {
  CHECK(match("KOWALSKI, Jan", "jan kowalski"));
  CHECK(match("gun shop", "gunner shop"));  // 0.8333333 is more than 0.8333
  CHECK_FALSE(match("gun shop", "shop"));
  CHECK_FALSE(match("one two", "one three"));
  // 233 of 250 letters are just enough, in both orders.
  const std::string same(116, 'x');
  CHECK(match(same + " " + std::string(1, 'y'), same + "x"));
  CHECK(match(std::string(116, 'x') + " " + std::string(17, 'y'), std::string(117, 'x')));
  CHECK_FALSE(match(std::string(116, 'x') + " " + std::string(18, 'y'), std::string(117, 'x')));
  // The longest word may stay alone as long as it is short enough.
  std::string many;
  for (int word = 0; word < 32; ++word) many += "abcd ";
  CHECK(match(many, many + std::string(18, 'z')));
  CHECK_FALSE(match(many, many + std::string(19, 'z')));
}

// The measure is the same in both directions, and of two bags with equally many words either may
// choose first: each takes the first free one, so the first word that has any like it gets the
// first of these either way, and so on with the rest.
TEST_CASE("the order of two texts does not matter") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  texts random{seed};
  int different = 0;
  for (int i = 0; i < pairs / 5; ++i) {
    const auto one = random.text(i % 2 == 0);
    const auto other = random.changed(one);
    if (matches(prepare(one), prepare(other)) != matches(prepare(other), prepare(one))) ++different;
  }
  CHECK(different == 0);
}

TEST_CASE("what has no words matches nothing") {
  CHECK_FALSE(match("", ""));
  CHECK_FALSE(match("-", "&"));
  CHECK_FALSE(match("", "a"));
  CHECK_FALSE(match("a b", ""));
}

TEST_CASE("long words and many words match, too") {
  const std::string half = "abcdefghijklmnopqrstuvwxyz012345";
  for (const auto length : {62U, 63U, 64U, 65U, 66U, 200U}) {
    std::string word;
    while (word.size() < length) word += half;
    word.resize(length);
    CHECK(match(word, word));
    CHECK(match(word + " b", word.substr(0, length - 1) + " b"));
    CHECK_FALSE(match(word + " b", std::string(length, 'z') + " b"));
    CHECK(jaro(word, word) == 1);
    CHECK(jaro(word, word.substr(1)) == bench::plain::jaro(word, word.substr(1)));
  }
  for (const auto count : {63, 64, 65, 66, 130}) {
    std::string text;
    for (int i = 0; i < count; ++i) text += "w" + std::to_string(i * 7919) + " ";
    CHECK(match(text, text));
    CHECK(match(text + "x", text));
    CHECK_FALSE(match(text + text, text));
  }
}

TEST_CASE("a second implementation agrees on a million pairs") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  texts random{seed};
  int matched = 0;
  int different = 0;
  std::string example;
  for (int i = 0; i < pairs; ++i) {
    const bool real = i % 2 == 0;
    const auto one = random.text(real);
    const auto other = random.below(3) == 0 ? random.text(real) : random.changed(one);
    const bool found = matches(prepare(one), prepare(other));
    if (found) ++matched;
    if (found == bench::plain::matches(one, other)) continue;
    ++different;
    example = one + " | " + other;
  }
  INFO(example);
  CHECK(different == 0);
  CHECK(matched > pairs / 10);
  CHECK(matched < pairs / 10 * 9);
}

TEST_CASE("no word is refused without a look at it that would be alike") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  texts random{seed};
  int different = 0;
  int alike = 0;
  for (int i = 0; i < pairs / 2; ++i) {
    const auto one = random.word();
    const auto other = random.below(4) == 0 ? random.word() : random.changed(one);
    if (other.find_first_not_of("abcdefghi") != other.npos || other.empty()) continue;
    const auto measure = bench::plain::jaro(one, other);
    if (jaro(one, other) != measure) ++different;
    if (measure >= 0.9) ++alike;
    if (matches(prepare(one), prepare(other)) != (static_cast<double>(measure) >= 0.9)) ++different;
    // With an equal short word beside them, the rule for bags decides about them.
    const bool in_bag = matches(prepare(one + " q"), prepare("q " + other));
    const auto all = static_cast<double>(one.size() + other.size());
    const bool enough = 2 / (2 + all) >= 0.932 || measure > 0.8333;
    if (in_bag != enough) ++different;
  }
  CHECK(different == 0);
  CHECK(alike > pairs / 20);
}
