#include "storage/postgres/asked_settings.hpp"

#include <algorithm>
#include <cctype>

namespace partita::postgres {

namespace {

/// Words are separated by blanks; a backslash makes the next character part of the word.
std::vector<std::string> words_of(const std::string& options) {
  std::vector<std::string> words;
  bool inside = false;
  for (std::size_t i = 0; i < options.size(); ++i) {
    const bool escaped = options[i] == '\\' && i + 1 < options.size();
    if (!escaped && std::isspace(static_cast<unsigned char>(options[i])) != 0) {
      inside = false;
      continue;
    }
    if (!inside) words.emplace_back();
    inside = true;
    words.back() += escaped ? options[++i] : options[i];
  }
  return words;
}

bool has_unit(const std::string& value) {
  return !value.empty() && std::isdigit(static_cast<unsigned char>(value.front())) != 0 &&
         std::isdigit(static_cast<unsigned char>(value.back())) == 0;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

std::vector<server_setting> parse_options(const std::string& options) {
  std::vector<server_setting> all;
  const auto add = [&](const std::string& text) {
    const auto equals = text.find('=');
    if (equals != std::string::npos)
      all.push_back({text.substr(0, equals), text.substr(equals + 1)});
  };
  const auto words = words_of(options);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "-c" && i + 1 < words.size())
      add(words[++i]);
    else if (words[i].starts_with("--") || words[i].starts_with("-c"))
      add(words[i].substr(2));
  }
  return all;
}

std::vector<std::string> not_in_effect(const std::vector<server_setting>& asked,
                                       const std::vector<session_setting>& found) {
  std::vector<std::string> names;
  for (const auto& a : asked) {
    const auto is_a = [&](const auto& s) { return lower(s.name) == lower(a.name); };
    if (has_unit(a.value) || std::count_if(asked.begin(), asked.end(), is_a) > 1) continue;
    const auto now = std::find_if(found.begin(), found.end(), is_a);
    if (now != found.end() && lower(now->raw) != lower(a.value) &&
        lower(now->shown) != lower(a.value))
      names.push_back(now->name);
  }
  return names;
}

}  // namespace partita::postgres
