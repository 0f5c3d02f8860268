#include "apps/jobs/sanctions_screening/matcher.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <stdexcept>

namespace partita::screening {

namespace {

// A float is compared as the double that it is.
constexpr bool alike_alone(float measure) { return measure >= 0.9; }
constexpr bool alike_in_bag(float measure) { return measure > 0.8333; }

/// Words of up to 63 letters can be refused before jaro is computed.
constexpr std::size_t table_size = 64;

/// For each pair of lengths: how many letters of the first word may be missing from the second; -1:
/// even none is too many.
///
/// With lengths given, no jaro is above that of as many found letters in the right order: division
/// and addition round monotonically. So the least m for which that one passes is needed.
using spare_table = std::array<std::array<std::int8_t, table_size>, table_size>;

constexpr spare_table spare_letters(bool alike(float)) {
  spare_table table{};
  for (std::size_t first = 0; first < table_size; ++first)
    for (std::size_t second = 0; second < table_size; ++second) {
      auto m = std::min(first, second);
      for (; m > 0; --m) {
        const auto found = static_cast<float>(m);
        const auto most = (found / static_cast<float>(first) + found / static_cast<float>(second) +
                           found / found) /
                          3.0F;
        if (!alike(most)) break;
      }
      const auto missing = static_cast<int>(first) - static_cast<int>(m + 1);
      table[first][second] = static_cast<std::int8_t>(m == std::min(first, second) ? -1 : missing);
    }
  return table;
}

constexpr auto spare_alone = spare_letters(alike_alone);
constexpr auto spare_in_bag = spare_letters(alike_in_bag);

/// Adds the bits up in pairs, fours, eights, and all. Not every processor that this is built for
/// can count them, and a loop that may end early is slower: nobody can tell when.
[[gnu::always_inline]] inline int count_bits(std::uint64_t bits) {
  bits -= bits >> 1 & 0x5555555555555555;
  bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
  bits = (bits + (bits >> 4)) & 0x0F0F0F0F0F0F0F0F;
  return static_cast<int>(bits * 0x0101010101010101 >> 56);
}

/// Whether two words can be alike. Each bit that `a` has and `b` has not is a letter of `a` that
/// finds nothing. (The letters of `b` tell the same, but for the lengths.)
[[gnu::always_inline]] inline bool may_be_alike(const name::word& a, const name::word& b,
                                                const spare_table& spare) {
  if ((a.length | b.length) >= table_size) return true;
  return count_bits(a.letters & ~b.letters) <= spare[a.length][b.length];
}

[[gnu::always_inline]] inline bool may_be_in(const name::word& one, const name& other) {
  for (const auto& word : other.words())
    if (may_be_alike(one, word, spare_in_bag)) return true;
  return false;
}

/// The letters that may stay alone, of so many. matched / all >= 0.932 as doubles is the same as
/// 1000 * matched >= 932 * all: up to 2^33 letters no other quotient is as near to 0.932 as the
/// doubles around it are.
std::uint64_t letters_to_spare(std::uint64_t all) { return all * 17 / 250; }

class few_words_taken {
 public:
  explicit few_words_taken(std::size_t) {}
  bool operator[](std::size_t at) const { return (bits_ >> at & 1) != 0; }
  void take(std::size_t at) { bits_ |= std::uint64_t{1} << at; }

 private:
  std::uint64_t bits_ = 0;
};

class many_words_taken {
 public:
  explicit many_words_taken(std::size_t words) : taken_(words) {}
  bool operator[](std::size_t at) const { return taken_[at]; }
  void take(std::size_t at) { taken_[at] = true; }

 private:
  std::vector<bool> taken_;
};

/// Whether at most `spare` letters stay alone when the words of `a` take those of `b` in order.
template <class Taken>
[[gnu::noinline]] bool bags_match(const name& a, const name& b, std::uint64_t spare) {
  Taken taken{b.words().size()};
  auto alone = std::uint64_t{a.letters()} + b.letters();
  std::uint64_t passed = 0;  // letters of `a` that found nothing: they stay alone
  for (const auto& one : a.words()) {
    std::size_t at = 0;
    for (; at < b.words().size(); ++at) {
      const auto& other = b.words()[at];
      if (taken[at] || !may_be_alike(one, other, spare_in_bag)) continue;
      if (alike_in_bag(jaro(a.text_of(one), b.text_of(other)))) break;
    }
    if (at == b.words().size()) {
      passed += one.length;
      if (passed > spare) return false;
      continue;
    }
    taken.take(at);
    alone -= one.length + b.words()[at].length;
  }
  return alone <= spare;
}

/// a-z are 0 to 25, the digits 26 to 35; -1: no letter.
int index_of(unsigned char c) {
  if (c >= 'a' && c <= 'z') return c - 'a';
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= '0' && c <= '9') return c - '0' + 26;
  return -1;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// Adds a letter: one bit says that it is there, and of the first 28 another that it is there
/// twice.
std::uint64_t with_letter(std::uint64_t letters, int index) {
  const auto once = std::uint64_t{1} << index;
  if ((letters & once) == 0) return letters | once;
  return index < 28 ? letters | once << 36 : letters;
}

}  // namespace

name prepare(std::string_view text) {
  if (text.size() > std::numeric_limits<std::uint32_t>::max())
    throw std::length_error("a text of 4 GiB or more cannot be matched");
  name made;
  name::word word;
  const auto end_word = [&] {
    if (word.length == 0) return;
    const bool first = made.words_.empty();
    made.shortest_ = first ? word.length : std::min(made.shortest_, word.length);
    if (word.length > made.longest_.length) made.longest_ = word;
    made.words_.push_back(word);
    word = {.begin = static_cast<std::uint32_t>(made.text_.size())};
  };
  for (const char c : text) {
    if (is_space(c)) end_word();
    const auto index = index_of(static_cast<unsigned char>(c));
    if (index < 0) continue;
    made.text_ += "abcdefghijklmnopqrstuvwxyz0123456789"[index];
    word.letters = with_letter(word.letters, index);
    ++word.length;
  }
  end_word();
  made.letters_ = static_cast<std::uint32_t>(made.text_.size());
  made.text_.shrink_to_fit();
  made.words_.shrink_to_fit();
  return made;
}

bool matches(const name& first, const name& second) {
  const auto first_words = first.words().size();
  const auto second_words = second.words().size();
  if (first_words == 0 || second_words == 0) return false;
  if (first_words == 1 && second_words == 1)
    return may_be_alike(first.longest(), second.longest(), spare_alone) &&
           alike_alone(jaro(first.text(), second.text()));

  const auto& a = first_words < second_words ? first : second;
  const auto& b = first_words < second_words ? second : first;
  const auto spare = letters_to_spare(std::uint64_t{a.letters()} + b.letters());
  // Each word of `a` takes one of `b`: the others stay alone, and none is shorter than the
  // shortest.
  if ((b.words().size() - a.words().size()) * b.shortest() > spare) return false;
  // A word that is like none of the other text stays alone, whatever the order.
  if (a.longest().length > spare && !may_be_in(a.longest(), b)) return false;
  if (b.longest().length > spare && !may_be_in(b.longest(), a)) return false;
  if (b.words().size() <= 64) return bags_match<few_words_taken>(a, b, spare);
  return bags_match<many_words_taken>(a, b, spare);
}

}  // namespace partita::screening
