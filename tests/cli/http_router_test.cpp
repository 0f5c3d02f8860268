#include <catch2/catch.hpp>

#include <nlohmann/json.hpp>
#include <set>

#include "apps/partita/http/answers.hpp"
#include "apps/partita/http/api.hpp"
#include "apps/partita/http/assets.hpp"
#include "apps/partita/http/changes.hpp"
#include "apps/partita/http/errors.hpp"
#include "apps/partita/http/metrics.hpp"
#include "apps/partita/http/openapi.hpp"
#include "apps/partita/http/probes.hpp"
#include "apps/partita/http/query.hpp"
#include "apps/partita/http/schemas.hpp"
#include "apps/partita/text.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using namespace partita::http;
using namespace std::chrono_literals;

namespace {

request get(const std::string& path, std::multimap<std::string, std::string> query = {}) {
  return {"GET", path, std::move(query), {}, ""};
}

route told(const std::string& method, const std::string& path) {
  return {method, path, [path](const call& c) {
            auto text = path;
            for (const auto& [name, value] : c.names) text += " " + name + "=" + value;
            return response{200, "text/plain", text};
          }};
}

int status_of(const std::function<void()>& what) {
  try {
    what();
    return 0;
  } catch (const http_error& e) {
    return e.status();
  }
}

}  // namespace

TEST_CASE("a path finds its route, and its names") {
  const router to{{told("GET", "/a/count"), told("GET", "/a/{id}"), told("POST", "/a/{id}/stop"),
                   told("GET", "/")}};
  CHECK(to(get("/")).body == "/");
  CHECK(to(get("/a/count")).body == "/a/count");
  CHECK(to(get("/a/7")).body == "/a/{id} id=7");
  CHECK(to(get("//a//7/")).body == "/a/{id} id=7");
  CHECK(to({"HEAD", "/a/7", {}, {}, ""}).status == 200);
  CHECK(to(get("/a")).status == 404);
  CHECK(to(get("/a/7/stop/x")).status == 404);
  const auto refused = to(get("/a/7/stop"));
  CHECK(refused.status == 405);
  CHECK(refused.headers.front() == std::pair<std::string, std::string>{"Allow", "POST"});
}

TEST_CASE("the description names every route of the API, and no other") {
  const auto db = open_database("sqlite:none.db");
  api_state state{db};
  const access_rules access{{"127.0.0.1", 1}, {}, {}};
  std::set<std::string> routes, described;
  for (const auto& r : reading_routes(state, access)) routes.insert(r.method + " " + r.path);
  const auto jobs = std::make_shared<const registry>(registry{});
  for (const auto& r : changing_routes(db, state.readers, access, jobs))
    routes.insert(r.method + " " + r.path);
  const auto all = nlohmann::json::parse(openapi_text());
  for (const auto& [path, methods] : all["paths"].items())
    for (const auto& [method, operation] : methods.items())
      described.insert((method == "get" ? "GET " : "POST ") + path);
  CHECK(routes == described);
}

TEST_CASE("a type in short is a schema") {
  const auto is = [](const std::string& type, const std::string& schema) {
    CHECK(schema_of(type) == cli::document::parse(schema));
  };
  is("text?", R"({"type":["string","null"]})");
  is("[id]", R"({"type":"array","items":{"type":"string","pattern":"^[0-9]+$"}})");
  is("-1000..1000", R"({"type":"integer","minimum":-1000,"maximum":1000})");
  is("1..?", R"({"type":["integer","null"],"minimum":1})");
  is("A|B?", R"({"type":["string","null"],"enum":["A","B",null]})");
  is("{run}", R"({"type":"object","additionalProperties":{"$ref":"#/components/schemas/run"}})");
  is("run?", R"({"anyOf":[{"$ref":"#/components/schemas/run"},{"type":"null"}]})");
  is("any", "{}");
}

TEST_CASE("a database that is gone is down for the metrics, too") {
  api_state state{open_database("sqlite:none.db")};
  const auto path = get("/metrics");
  const auto text = metrics_route(nullptr, state).answer({path, {}}).body;
  CHECK(text.find("partita_database_up 0\n") != std::string::npos);
  CHECK(text.find("partita_cluster_scraped 0\n") != std::string::npos);
}

TEST_CASE("who asks the same within the time gets the same answer, made once") {
  answers shared{1h};
  int made = 0;
  const auto make = [&] { return response{200, "text/plain", std::to_string(++made)}; };
  CHECK(shared.get(get("/a"), make).body == "1");
  CHECK(shared.get(get("/a"), make).body == "1");
  CHECK(shared.get(get("/a", {{"x", "1"}}), make).body == "2");
  auto again = get("/a");
  again.headers["if-none-match"] = etag_of("1");
  CHECK(shared.get(again, make).status == 304);
  again.headers["if-none-match"] = etag_of("7");
  CHECK(shared.get(again, make).body == "1");
  answers fleeting{0ms};
  CHECK(fleeting.get(get("/a"), make).body == "3");
  // What goes wrong is an answer too.
  const auto fails = [&]() -> response {
    throw http_error(503, "away", "it is away " + std::to_string(++made));
  };
  const auto first = shared.get(get("/b"), fails);
  CHECK(first.status == 503);
  CHECK(shared.get(get("/b"), fails).body == first.body);
}

TEST_CASE("a server has begun when it listens; only who may read learns where its database is") {
  const test::temp_dir dir;
  api_state state{open_database("sqlite:" + (dir / "none.db").string())};
  const auto asked = [&](audience by, const std::string& path) {
    return router{probe_routes(nullptr, state, by)}(get(path));
  };
  CHECK(asked(audience::everybody, "/startupz").status == 200);
  const auto brief = asked(audience::everybody, "/readyz");
  CHECK(brief.status == 503);
  CHECK(brief.body.find("[-] database: ") == 0);
  CHECK(brief.body.find("none.db") == std::string::npos);
  CHECK(asked(audience::readers, "/readyz").body.find("none.db") != std::string::npos);
}

TEST_CASE("a node that was not renewed says whether others have given it up") {
  settings limits;
  limits.unreachable_after = 4s;
  limits.deregister_after = 8s;
  CHECK(trouble_of_renewal(4s, limits).empty());
  CHECK(trouble_of_renewal(7s, limits) == "its heartbeat is 7.0 s old, others give it up soon");
  CHECK(trouble_of_renewal(14s, limits) == "its heartbeat is 14.0 s old, others have given it up");
}

TEST_CASE("parameters are checked, with a sentence") {
  const auto now = cli::parse_iso_time("2026-03-01T10:20:30.000Z");
  CHECK(number_in(get("/", {{"n", "7"}}), "n", 1, 9, 3) == 7);
  CHECK(number_in(get("/"), "n", 1, 9, 3) == 3);
  for (const auto* wrong : {"0", "10", "x", "7x", "-", "99999999999999999999"})
    CHECK(status_of([&] { number_in(get("/", {{"n", wrong}}), "n", 1, 9, 3); }) == 400);
  const auto at = [&](const std::string& text) {
    return time_in(get("/", {{"t", text}}), "t", now);
  };
  CHECK(at("2026-03-01T10:20:30.123Z") == now + 123ms);
  CHECK(at("2026-03-01T10:20") == now - 30s);
  CHECK(at("-2h") == now - 2h);
  CHECK(at("2h") == now - 2h);
  CHECK_FALSE(time_in(get("/"), "t", now));
  CHECK(at("2026-03-01T10:20:30") == now);
  CHECK(at("2026-03-01T10:20:30Z") == now);
  CHECK(at("2026-03-01T10:20:30.5") == now + 500ms);
  CHECK(at("-90000d") == now - 90'000 * 24h);
  for (const auto* wrong :
       {"x", "-", "yesterday", "2026-03-01T10:20:99Z", "2026-03-01T10:20:xxZ",
        "2026-03-01T10:20garbage", "2026-03-01T10:20:30garbage", "2026-03-01T10:20:30.1x",
        "2026-03-01T10:20:30.", "2026-03-01T10:20:30.1Zx", "2026-03-01T10:20:nan", "10.5h",
        // Before the first time that every database knows.
        "-100000000d", "-800000d", "0000-12-31"})
    CHECK(status_of([&] { at(wrong); }) == 400);
  const auto of_partition = [&](const std::string& text) {
    return partition_state_in(get("/", {{"state", text}}), "state");
  };
  CHECK(of_partition("failed") == partition_state::failed);
  CHECK_FALSE(of_partition(""));
  CHECK(status_of([&] { of_partition("odd"); }) == 400);
  const auto filter = run_filter_in(
      get("/", {{"job", "j"}, {"state", "failed,running"}, {"param.in", "/x*"}}), now);
  CHECK(filter.choice.states == std::vector<std::string>{"FAILED", "RUNNING"});
  CHECK(filter.parameters.at("in") == "/x*");
  CHECK(status_of([&] { run_filter_in(get("/", {{"state", "FAILED,"}}), now); }) == 400);
  CHECK(status_of([&] { allow_only(get("/", {{"param.", "x"}}), {"param."}); }) == 400);
  CHECK(status_of([&] { allow_only(get("/", {{"param.a", "x"}}), {"param."}); }) == 0);
  CHECK(status_of([&] { allow_only(get("/", {{"n", "1"}, {"n", "2"}}), {"n"}); }) == 400);
  CHECK(yes_or_no_in(get("/", {{"all", "true"}}), "all"));
  CHECK_FALSE(yes_or_no_in(get("/", {{"all", "false"}}), "all"));
  CHECK_FALSE(yes_or_no_in(get("/"), "all"));
  for (const auto* wrong : {"", "1", "yes", "TRUE"})
    CHECK(status_of([&] { yes_or_no_in(get("/", {{"all", wrong}}), "all"); }) == 400);
}

TEST_CASE("the page is there, and small") {
  std::size_t bytes = 0;
  std::set<std::string_view> paths;
  for (const auto& file : assets()) {
    bytes += file.content.size();
    paths.insert(file.path);
    CHECK_FALSE(file.content.empty());
  }
  CHECK(paths.contains("index.html"));
  CHECK(bytes > 1'000);
  CHECK(bytes < 600'000);
}
