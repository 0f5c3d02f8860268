#include "apps/partita/http/assets.hpp"

#include "apps/partita/http/answers.hpp"

namespace partita::http {

namespace {

std::string type_of(std::string_view path) {
  if (path.ends_with(".html")) return "text/html; charset=utf-8";
  if (path.ends_with(".css")) return "text/css; charset=utf-8";
  if (path.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (path.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

route route_to(const std::string& path, const asset& file) {
  const std::string content{file.content};
  return {"GET", path,
          [content, type = type_of(file.path), etag = etag_of(content)](const call& c) {
            response answer{200, type, content, {{"ETag", etag}, {"Cache-Control", "no-cache"}}};
            if (has_version(c.what, etag)) {
              answer.status = 304;
              answer.body.clear();
            }
            return answer;
          }};
}

}  // namespace

std::vector<route> page_routes() {
  std::vector<route> routes;
  for (const auto& file : assets()) {
    routes.push_back(route_to("/" + std::string{file.path}, file));
    if (file.path == "index.html") routes.push_back(route_to("/", file));
  }
  return routes;
}

}  // namespace partita::http
