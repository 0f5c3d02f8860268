#include "apps/partita/passwords.hpp"

#include <string>

namespace partita::cli {

namespace {

/// libpq takes everything before an '@' that comes before the first '/' for USER:PASSWORD.
bool user_part_has_password(std::string_view after_scheme) {
  auto at = after_scheme.substr(0, after_scheme.find('/')).find('@');
  if (at == std::string_view::npos) return false;
  auto user = after_scheme.substr(0, at);
  auto colon = user.find(':');
  return colon != std::string_view::npos && colon + 1 < user.size();
}

/// `password=x`, `password = 'x'`, `?password=x`, `&sslpassword=x`.
bool names_password(std::string_view text) {
  constexpr std::string_view word = "password";
  for (auto at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    auto rest = text.substr(at + word.size());
    auto next = rest.find_first_not_of(" \t\n");
    if (next != std::string_view::npos && rest[next] == '=') return true;
  }
  return false;
}

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// libpq decodes %61 everywhere in a URL, in keywords too.
std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool coded = text[i] == '%' && i + 2 < text.size() && digit_of(text[i + 1]) >= 0 &&
                       digit_of(text[i + 2]) >= 0;
    plain +=
        coded ? static_cast<char>(digit_of(text[i + 1]) * 16 + digit_of(text[i + 2])) : text[i];
    if (coded) i += 2;
  }
  return plain;
}

}  // namespace

bool holds_password(std::string_view url) {
  if (url.starts_with("sqlite:")) return false;
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    return names_password(url);
  auto after_scheme = url.substr(url.find("://") + 3);
  auto query = after_scheme.find('?');
  return user_part_has_password(after_scheme) ||
         (query != std::string_view::npos && names_password(decoded(after_scheme.substr(query))));
}

}  // namespace partita::cli
