#include "apps/partita/http/site.hpp"

#include "actors/log_event.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/http/assets.hpp"
#include "apps/partita/http/changes.hpp"
#include "apps/partita/http/metrics.hpp"

namespace partita::http {

namespace {

// More threads than there are answers that ask the database: /livez never waits for those.
constexpr server_limits limits_of_probes{.threads = 8,
                                         .waiting = 16,
                                         .head_bytes = 8'192,
                                         .body_bytes = 1'024,
                                         .request = milliseconds{3'000},
                                         .answer = milliseconds{5'000},
                                         .idle = milliseconds{1'000},
                                         .requests = 100};

std::vector<std::string> names_in(const std::string& text) {
  std::vector<std::string> names;
  for (std::size_t from = 0; from < text.size();) {
    const auto end = std::min(text.find(',', from), text.size());
    if (end > from) names.push_back(text.substr(from, end - from));
    from = end + 1;
  }
  return names;
}

/// Who may change something, by default as who looks.
std::shared_ptr<database> operator_database(const cli::arguments& args,
                                            const std::shared_ptr<database>& otherwise) {
  const auto url = args.text("operator-db");
  if (url.empty()) return otherwise;
  if (args.typed("operator-db"))
    cli::require_no_password("operator-db", "PARTITA_OPERATOR_DB", url);
  return open_database(url);
}

void append(std::vector<route>& to, std::vector<route> more) {
  for (auto& one : more) to.push_back(std::move(one));
}

/// Routes that tell something only to those who may read; that a process is alive, and has begun,
/// is no secret.
std::vector<route> for_readers(std::vector<route> routes, const access_rules& access) {
  for (auto& one : routes)
    if (one.path != "/livez" && one.path != "/startupz")
      one.answer = [&access, answer = std::move(one.answer)](const call& c) {
        access.allow_reading(c.what);
        return answer(c);
      };
  return routes;
}

}  // namespace

cli::option_list http_options() {
  return {
      {"http", "HOST:PORT", "serve the page, its API, probes and metrics there", "PARTITA_HTTP"},
      {"probes", "HOST:PORT", "serve probes and metrics there too, beside all viewers",
       "PARTITA_PROBES"},
      {"http-tokens", "FILE", "who may change something: lines of NAME read|operate TOKEN",
       "PARTITA_HTTP_TOKENS_FILE"},
      {"http-names", "NAMES", "host names that lead to --http, with ',' between them",
       "PARTITA_HTTP_NAMES"},
      {"operator-db", "URL", "the login that changes what is asked for by HTTP (that of --db)",
       "PARTITA_OPERATOR_DB"}};
}

bool asks_for_site(const cli::arguments& args) {
  return !args.text("http").empty() || !args.text("probes").empty();
}

struct site::parts {
  explicit parts(const std::shared_ptr<database>& db) : state(db), of_probes(db) {}

  api_state state;
  api_state of_probes;  // viewers do not make them wait
  std::shared_ptr<database> operators;
  std::shared_ptr<const registry> jobs;
  std::unique_ptr<access_rules> access;
  std::unique_ptr<server> page, probes;
  std::string page_address, probes_address;
};

site::site(const cli::arguments& args, const std::shared_ptr<database>& db,
           std::shared_ptr<const registry> jobs)
    : parts_(std::make_unique<parts>(db)) {
  auto& p = *parts_;
  p.jobs = std::move(jobs);
  if (const auto text = args.text("http"); !text.empty()) {
    auto at = address::parse("http", text);
    const auto file = args.text("http-tokens");
    p.access = std::make_unique<access_rules>(at, file.empty() ? tokens{} : tokens::from_file(file),
                                              names_in(args.text("http-names")));
    p.operators = operator_database(args, db);
    p.page = std::make_unique<server>(at);
    at.port = p.page->port();
    p.page_address = "http://" + at.text() + "/";
  }
  if (const auto text = args.text("probes"); !text.empty()) {
    auto at = address::parse("probes", text);
    p.probes = std::make_unique<server>(at, limits_of_probes);
    at.port = p.probes->port();
    p.probes_address = at.text();
  }
}

void site::begin(const std::shared_ptr<const vital_signs>& own) {
  auto& p = *parts_;
  const auto probes_for = [&](audience to) {
    auto routes = probe_routes(own, p.of_probes, to);
    routes.push_back(metrics_route(own, p.of_probes));
    return routes;
  };
  if (p.page) {
    auto routes = page_routes();
    append(routes, reading_routes(p.state, *p.access));
    append(routes, changing_routes(p.operators, p.state.readers, *p.access, p.jobs));
    append(routes, for_readers(probes_for(audience::readers), *p.access));
    p.page->begin(router{std::move(routes)});
    log::info("http_listens", {}, {{"at", p.page_address}});
  }
  if (p.probes) {
    p.probes->begin(router{probes_for(audience::everybody)});
    log::info("probes_listen", {}, {{"at", p.probes_address}});
  }
}

site::~site() = default;

std::string site::page_address() const { return parts_->page_address; }

}  // namespace partita::http
