#include <algorithm>
#include <array>
#include <cstddef>

#include "apps/jobs/sanctions_screening/matcher.hpp"

namespace partita::screening {

namespace {

constexpr std::size_t small_word = 64;

/// What one direction finds: the places of the other word that are taken, and the letters in the
/// order of its own word. For an other word of at most 64 letters.
class small_findings {
 public:
  explicit small_findings(std::size_t) {}
  bool is_taken(std::size_t place) const { return (taken_ >> place & 1) != 0; }
  void take(std::size_t place, char letter) {
    taken_ |= std::uint64_t{1} << place;
    letters_[size_++] = letter;
  }
  std::size_t size() const { return size_; }
  char operator[](std::size_t i) const { return letters_[i]; }

 private:
  std::uint64_t taken_ = 0;
  std::array<char, small_word> letters_;
  std::size_t size_ = 0;
};

class large_findings {
 public:
  explicit large_findings(std::size_t places) : taken_(places) {}
  bool is_taken(std::size_t place) const { return taken_[place]; }
  void take(std::size_t place, char letter) {
    taken_[place] = true;
    letters_ += letter;
  }
  std::size_t size() const { return letters_.size(); }
  char operator[](std::size_t i) const { return letters_[i]; }

 private:
  std::vector<bool> taken_;
  std::string letters_;
};

template <class Findings>
Findings find_letters(std::string_view of, std::string_view in, std::size_t window) {
  Findings found{in.size()};
  for (std::size_t i = 0; i < of.size(); ++i) {
    const auto end = std::min(i + window, in.size());
    for (auto j = i > window ? i - window : 0; j < end; ++j) {
      if (in[j] != of[i] || found.is_taken(j)) continue;
      found.take(j, of[i]);
      break;
    }
  }
  return found;
}

template <class Findings>
float measure(std::string_view first, std::string_view second) {
  const auto window = std::min(first.size(), second.size()) / 2 + 1;
  const auto of_first = find_letters<Findings>(first, second, window);
  const auto of_second = find_letters<Findings>(second, first, window);
  const auto m = of_first.size();
  if (m == 0 || m != of_second.size()) return 0;
  std::size_t mismatches = 0;
  for (std::size_t i = 0; i < m; ++i)
    if (of_first[i] != of_second[i]) ++mismatches;
  const auto transpositions = mismatches / 2;  // rounded down
  const auto found = static_cast<float>(m);
  const auto in_order = static_cast<float>(m - transpositions);
  return (found / static_cast<float>(first.size()) + found / static_cast<float>(second.size()) +
          in_order / found) /
         3.0F;
}

}  // namespace

float jaro(std::string_view first, std::string_view second) {
  if (std::max(first.size(), second.size()) <= small_word)
    return measure<small_findings>(first, second);
  return measure<large_findings>(first, second);
}

}  // namespace partita::screening
