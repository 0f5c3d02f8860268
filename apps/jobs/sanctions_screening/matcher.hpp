#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Fuzzy matching of names and addresses. Only A-Z, a-z, 0-9 and white space count, and upper case
/// is lower case.
namespace partita::screening {

/// How alike two words are: 0 (not at all, or one is empty) to 1 (equal). Jaro's measure as
/// SimMetrics 1.6.2 has it. A letter of one word looks for the same letter of the other in a window
/// of h = min(length) / 2 + 1 places: from i - h up to, and without, i + h; each letter is found
/// once. m letters are found, half of those that stand in another order are t (rounded down):
/// (m / l1 + m / l2 + (m - t) / m) / 3 with 32-bit floats, from left to right. It is 0 where the
/// two directions find different numbers of letters. Bytes are compared as they are.
float jaro(std::string_view first, std::string_view second);

/// A text, ready to be matched many times.
class name {
 public:
  struct word {
    std::uint64_t letters = 0;  // which letters it has once, and which twice
    std::uint32_t begin = 0;    // in text()
    std::uint32_t length = 0;
  };

  name() = default;

  const std::vector<word>& words() const { return words_; }
  /// All words without anything between them.
  const std::string& text() const { return text_; }
  std::string_view text_of(const word& one) const { return {text_.data() + one.begin, one.length}; }
  std::uint32_t letters() const { return letters_; }
  /// Of the words. None: all 0.
  const word& longest() const { return longest_; }
  std::uint32_t shortest() const { return shortest_; }

  friend name prepare(std::string_view text);

 private:
  // What is needed to refuse most pairs stands together.
  std::vector<word> words_;
  word longest_;
  std::uint32_t letters_ = 0;
  std::uint32_t shortest_ = 0;
  std::string text_;
};

/// Throws std::length_error for a text of 4 GiB or more.
name prepare(std::string_view text);

/// Whether two texts may mean the same. Two single words: jaro >= 0.9. Else the words of the text
/// with fewer of them, of the second one if they have equally many, each take the first word of the
/// other that is free and has jaro > 0.8333; the letters of words that found each other must be at
/// least 0.932 of all letters of both. A text without words matches nothing. Allocates nothing
/// unless a text has a word of more than 64 letters, or more than 64 words.
bool matches(const name& first, const name& second);

}  // namespace partita::screening
