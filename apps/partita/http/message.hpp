#pragma once

#include <cctype>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "apps/partita/http/gzip.hpp"

namespace partita::http {

/// For names that HTTP compares without case: of headers, hosts, schemes, types.
inline std::string lower(std::string text) {
  for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

struct request {
  std::string method;
  std::string path;  // decoded, begins with '/'
  std::multimap<std::string, std::string> query;
  std::map<std::string, std::string> headers;  // names in lower case; the first of several
  std::string body;

  /// "" when there is none.
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
  bool takes_gzip() const { return is_gzip_accepted(lower(header("accept-encoding"))); }
  std::string parameter(const std::string& name, const std::string& otherwise = "") const {
    const auto found = query.find(name);
    return found == query.end() ? otherwise : found->second;
  }
};

struct response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string packed{};  // the body as gzip; "": whoever sends it makes it
};

/// Called by several threads at once. What it throws is answered with 500.
using handler = std::function<response(const request&)>;

}  // namespace partita::http
