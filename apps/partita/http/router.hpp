#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "apps/partita/http/message.hpp"

namespace partita::http {

/// A request, and what its path gave for the names in braces.
struct call {
  const request& what;
  std::map<std::string, std::string> names;

  const std::string& operator[](const std::string& name) const { return names.at(name); }
};

struct route {
  std::string method;
  std::string path;  // "/api/v1/runs/{id}/cancel"
  std::function<response(const call&)> answer;
};

/// The one table of what is answered. A path that is there under another method only is 405, an
/// unknown one 404; HEAD is GET.
class router {
 public:
  explicit router(std::vector<route> routes);

  response operator()(const request& what) const;

 private:
  struct entry {
    route to;
    std::vector<std::string> parts;
  };
  std::vector<entry> entries_;
};

}  // namespace partita::http
