#include "batch/addresses.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <cctype>
#include <memory>
#include <optional>
#include <string_view>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

// Of the process, as the folders of batch/files.hpp are.
std::vector<std::string> reachable;

[[noreturn]] void refuse_address(const std::string& text, const std::string& why) {
  throw permanent_error(utf8::printable(text) + " is no address of http or https: " + why);
}

/// Read by the parser of the library that asks for it: nobody reads it otherwise.
class parsed_address {
 public:
  explicit parsed_address(const std::string& text) : url_(curl_url(), curl_url_cleanup) {
    const auto code = curl_url_set(url_.get(), CURLUPART_URL, text.c_str(), 0);
    if (code != CURLUE_OK) refuse_address(text, curl_url_strerror(code));
  }

  std::optional<std::string> part(CURLUPart which, unsigned flags = 0) const {
    char* found = nullptr;
    if (curl_url_get(url_.get(), which, &found, flags) != CURLUE_OK) return std::nullopt;
    std::string text{found};
    curl_free(found);
    return text;
  }
  void set(CURLUPart which, const std::string& text) {
    curl_url_set(url_.get(), which, text.c_str(), 0);
  }

 private:
  std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> url_;
};

/// Servers read "%2e%2e" in a path as "..", some "%2f" as '/', and some "..;x" as "..".
bool hides_folders(std::string path) {
  std::transform(path.begin(), path.end(), path.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return path.find("%2e") != std::string::npos || path.find("%2f") != std::string::npos ||
         path.find("%5c") != std::string::npos || path.find('\\') != std::string::npos ||
         path.find("/.;") != std::string::npos || path.find("/..;") != std::string::npos;
}

/// Both as plain_address makes them.
bool is_below(std::string_view prefix, std::string_view address) {
  if (!address.starts_with(prefix)) return false;
  const auto rest = address.substr(prefix.size());
  return rest.empty() || prefix.ends_with('/') || rest.front() == '/' || rest.front() == '?';
}

}  // namespace

std::string plain_address(const std::string& text) {
  parsed_address address{text};
  const auto scheme = address.part(CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") refuse_address(text, "it begins with neither");
  if (address.part(CURLUPART_USER) || address.part(CURLUPART_PASSWORD))
    refuse_address(text, "a user or a password does not belong into it");
  if (address.part(CURLUPART_FRAGMENT)) refuse_address(text, "nothing is asked behind a '#'");
  if (hides_folders(address.part(CURLUPART_PATH).value_or("")))
    refuse_address(text, "its path has '.', '/' or '\\' in disguise");
  auto host = address.part(CURLUPART_HOST).value_or("");
  std::transform(host.begin(), host.end(), host.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  address.set(CURLUPART_HOST, host);
  return address.part(CURLUPART_URL, CURLU_NO_DEFAULT_PORT).value_or("");
}

void allow_addresses(const std::vector<std::string>& prefixes) {
  std::vector<std::string> chosen;
  for (const auto& prefix : prefixes) chosen.push_back(plain_address(prefix));
  reachable = std::move(chosen);
}

std::string require_allowed_address(const std::string& text) {
  auto address = plain_address(text);
  const auto found =
      std::any_of(reachable.begin(), reachable.end(),
                  [&](const std::string& prefix) { return is_below(prefix, address); });
  if (found) return address;
  std::string all;
  for (const auto& prefix : reachable) all += (all.empty() ? "" : " ") + prefix;
  throw permanent_error(address +
                        (all.empty() ? " is not to be reached: jobs of this node reach no address"
                                     : " lies outside what jobs of this node may reach: " + all) +
                        " (an option of the node: --allow-url)");
}

}  // namespace partita
