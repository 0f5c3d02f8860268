#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

/// The matcher of sanctions_screening once more, written from its description and nothing else.
namespace partita::bench::plain {

inline std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text + " ") {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\v' || c == '\f' || c == '\r';
    if (space && !word.empty()) words.push_back(word);
    if (space) word.clear();
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper) word += static_cast<char>(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) word += c;
  }
  return words;
}

inline std::string common(const std::string& one, std::string other, int h) {
  std::string found;
  for (int i = 0; i < static_cast<int>(one.size()); ++i)
    for (int j = std::max(0, i - h); j < std::min(i + h, static_cast<int>(other.size())); ++j)
      if (other[static_cast<std::size_t>(j)] == one[static_cast<std::size_t>(i)]) {
        found += one[static_cast<std::size_t>(i)];
        other[static_cast<std::size_t>(j)] = '\0';
        break;
      }
  return found;
}

inline float jaro(const std::string& one, const std::string& two) {
  const int h = static_cast<int>(std::min(one.size(), two.size())) / 2 + 1;
  const auto common1 = common(one, two, h);
  const auto common2 = common(two, one, h);
  if (common1.empty() || common2.empty() || common1.size() != common2.size()) return 0;
  int mismatches = 0;
  for (std::size_t i = 0; i < common1.size(); ++i)
    if (common1[i] != common2[i]) ++mismatches;
  const int t = mismatches / 2;
  const auto m = static_cast<float>(common1.size());
  const auto l1 = static_cast<float>(one.size());
  const auto l2 = static_cast<float>(two.size());
  return (m / l1 + m / l2 + (m - static_cast<float>(t)) / m) / 3.0F;
}

inline double ratio(const std::vector<std::string>& a, std::vector<std::string> b) {
  double all = 0;
  for (const auto& word : a) all += static_cast<double>(word.size());
  for (const auto& word : b) all += static_cast<double>(word.size());
  double sum = 0;
  for (const auto& word : a) {
    const auto hit = std::find_if(b.begin(), b.end(), [&](const std::string& other) {
      return static_cast<double>(jaro(word, other)) > 0.8333;
    });
    if (hit == b.end()) continue;
    sum += static_cast<double>(word.size() + hit->size());
    b.erase(hit);
  }
  return sum / all;
}

inline bool matches(const std::string& first, const std::string& second) {
  const auto one = words_of(first);
  const auto two = words_of(second);
  if (one.size() == 1 && two.size() == 1) return static_cast<double>(jaro(one[0], two[0])) >= 0.9;
  if (one.size() < two.size()) return ratio(one, two) >= 0.932;
  return ratio(two, one) >= 0.932;
}

}  // namespace partita::bench::plain
