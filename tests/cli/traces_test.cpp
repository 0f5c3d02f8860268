#include <httplib.h>

#include <catch2/catch.hpp>
#include <future>

#include "apps/partita/errors.hpp"
#include "apps/partita/traces/span_exporter.hpp"
#include "storage/clock.hpp"

using namespace partita;
using namespace partita::cli;
using namespace partita::traces;

namespace {

trace_span some_span(std::uint64_t number = 2) {
  trace_span s;
  s.self = {{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736}, {number}, true};
  s.name = "words measure";
  s.kind = span_kind::consumer;
  s.when = std::pair{mono_time{milliseconds{5}}, mono_time{milliseconds{7}}};
  return s;
}

/// A collector on this machine: answers with what `answer` says.
class collector {
 public:
  explicit collector(std::function<int(int request)> answer, std::string text = "{}") {
    server_.Post("/v1/traces", [=, this](const httplib::Request& what, httplib::Response& to) {
      CHECK(what.get_header_value("Content-Type") == "application/json");
      const auto got = document::parse(what.body);
      std::lock_guard lock{guard_};
      to.status = answer(++requests_);
      to.set_content(text, "application/json");
      if (to.status != 200) return;
      for (const auto& one : got["resourceSpans"][0]["scopeSpans"][0]["spans"])
        spans_.push_back(one["spanId"]);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::thread{[this] { server_.listen_after_bind(); }};
    while (!server_.is_running()) std::this_thread::yield();  // else it could not be stopped
    while (!server_.is_running()) std::this_thread::yield();  // `stop` does nothing before
  }
  ~collector() {
    server_.stop();
    thread_.join();
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<std::string> spans() {
    std::lock_guard lock{guard_};
    return spans_;
  }
  int requests() {
    std::lock_guard lock{guard_};
    return requests_;
  }

 private:
  httplib::Server server_;
  std::mutex guard_;
  std::vector<std::string> spans_;
  int requests_ = 0;
  int port_ = 0;
  std::thread thread_;
};

export_plan plan_to(const std::string& url) {
  export_plan plan;
  plan.to = trace_collector::parse("--traces", url);
  plan.of = {"0.1.0", "node-1", "host-1"};
  plan.database_clock = [] { return db_time{std::chrono::seconds{1'700'000'000}}; };
  plan.delay = milliseconds{5};
  plan.first_retry = milliseconds{1};
  return plan;
}

constexpr milliseconds long_enough{10'000};

}  // namespace

TEST_CASE("spans are JSON as OTLP has it") {
  auto run = some_span(1);
  run.name = "words";
  run.kind = span_kind::internal;
  run.when = std::pair{db_time{milliseconds{1000}}, db_time{milliseconds{3000}}};
  run.self.sampled = false;
  auto lease = some_span();
  lease.parent = {1};
  lease.links = {{lease.self.trace, {0xf067aa0ba902b7}, true}};
  lease.attributes = {{"partita.job", "words"}, {"partita.lease", std::int64_t{1} << 60}};
  lease.failed = true;
  lease.message = "no \xff disk";
  const std::vector<trace_span> spans{run, lease};
  const auto text = dump(otlp_document(spans, {"0.1.0", "node-1", "host-1"}, microseconds{2000}));
  CHECK(document::parse(text) == document::parse(R"({"resourceSpans": [{
    "resource": {"attributes": [
      {"key": "service.name", "value": {"stringValue": "partita"}},
      {"key": "service.version", "value": {"stringValue": "0.1.0"}},
      {"key": "service.instance.id", "value": {"stringValue": "node-1"}},
      {"key": "host.name", "value": {"stringValue": "host-1"}}]},
    "scopeSpans": [{
      "scope": {"name": "partita", "version": "0.1.0"},
      "spans": [
        {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "0000000000000001", "flags": 0,
         "name": "words", "kind": 1, "startTimeUnixNano": "1000000000",
         "endTimeUnixNano": "3000000000", "attributes": []},
        {"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "0000000000000002",
         "parentSpanId": "0000000000000001", "flags": 769, "name": "words measure", "kind": 5,
         "startTimeUnixNano": "7000000", "endTimeUnixNano": "9000000",
         "attributes": [{"key": "partita.job", "value": {"stringValue": "words"}},
                        {"key": "partita.lease", "value": {"intValue": "1152921504606846976"}}],
         "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b7",
                    "flags": 769}],
         "status": {"code": 2, "message": "no � disk"}}]}]}]})"));
}

TEST_CASE("the operator's attributes count for more than those of the node") {
  const auto shown = [](const std::string& text) {
    resource of{"0.1.0", "node-1", "host-1"};
    of.named = attributes_in(text).value();
    const auto sent = otlp_document({}, of, {});
    std::map<std::string, std::string> all;
    for (const auto& one : sent["resourceSpans"][0]["resource"]["attributes"])
      all[one["key"].get<std::string>()] = one["value"]["stringValue"].get<std::string>();
    return all;
  };
  const std::map<std::string, std::string> ours{{"service.name", "partita"},
                                                {"service.version", "0.1.0"},
                                                {"service.instance.id", "node-1"},
                                                {"host.name", "host-1"}};
  CHECK(shown("") == ours);
  auto named = ours;
  named["service.name"] = "batch, by night";
  named["deployment.environment"] = "";
  CHECK(shown(" service.name = batch%2C%20by%20night ,deployment.environment=,") == named);
  for (const auto* wrong : {"a", "a=b,c", "=b", "a=%", "a=%4", "a=%4x", "a=%+1"})
    CHECK_FALSE(attributes_in(wrong));
}

TEST_CASE("a collector may say that it refused some spans") {
  CHECK(refused_in(R"({"partialSuccess":{"rejectedSpans":"3","errorMessage":"too old"}})") == 3);
  CHECK(refused_in(R"({"partialSuccess":{"rejectedSpans":2}})") == 2);
  for (const auto* none : {"", "{}", "[]", "what", R"({"partialSuccess":null})",
                           R"({"partialSuccess":{"rejectedSpans":-1}})"})
    CHECK(refused_in(none) == 0);
}

TEST_CASE("the address of a collector is that of its server; the path is OTLP's") {
  const auto text = [](const std::string& url) {
    return trace_collector::parse("--traces", url).text();
  };
  CHECK(text("http://127.0.0.1:4318") == "http://127.0.0.1:4318/v1/traces");
  CHECK(text("http://[::1]:4318/") == "http://[::1]:4318/v1/traces");
  CHECK(text("https://otel.example/for/me/") == "https://otel.example/for/me/v1/traces");
  for (const std::string bad :
       {"127.0.0.1:4318", "ftp://host:1", "http://", "http://:4318", "http://host:0",
        "http://host:65536", "http://host:43x", "http://user:secret@host:4318",
        "http://host:4318/?a=b", "http://[::1", "http://a b"}) {
    INFO(bad);
    CHECK_THROWS_AS(text(bad), command_error);
  }
}

TEST_CASE("all spans arrive once, when the exporter is closed") {
  collector to{[](int) { return 200; }};
  auto plan = plan_to(to.url());
  plan.batch = 3;
  plan.delay = long_enough;  // full batches do not wait, nor does the last one
  span_exporter exporter{plan};
  for (std::uint64_t i = 1; i <= 8; ++i) exporter.take(some_span(i));
  exporter.close(long_enough);
  CHECK(to.spans().size() == 8);
  CHECK(to.spans().back() == "0000000000000008");
  CHECK(to.requests() == 3);
  CHECK(exporter.sent.value() == 8);
  CHECK(exporter.dropped.value() == 0);
  exporter.take(some_span());  // too late
  CHECK(exporter.dropped.value() == 1);
}

TEST_CASE("a failure that may pass is tried again, any other one is not") {
  SECTION("503, then 200") {
    collector to{[](int request) { return request == 1 ? 503 : 200; }};
    span_exporter exporter{plan_to(to.url())};
    exporter.take(some_span());
    for (const auto end = boot_now() + long_enough; exporter.sent.value() == 0;) {
      REQUIRE(boot_now() < end);
      std::this_thread::yield();
    }
    CHECK(to.requests() == 2);
    CHECK(exporter.dropped.value() == 0);
  }
  SECTION("500") {
    collector to{[](int) { return 500; }};
    span_exporter exporter{plan_to(to.url())};
    exporter.take(some_span());
    exporter.close(long_enough);
    CHECK(to.requests() == 1);
    CHECK(exporter.dropped.value() == 1);
  }
  SECTION("200, but not all") {
    collector to{[](int) { return 200; }, R"({"partialSuccess":{"rejectedSpans":"1"}})"};
    span_exporter exporter{plan_to(to.url())};
    exporter.take(some_span(1));
    exporter.take(some_span(2));
    exporter.close(long_enough);
    CHECK(exporter.sent.value() + exporter.dropped.value() == 2);
    CHECK(exporter.dropped.value() == to.requests());
  }
}

TEST_CASE("where nobody listens spans are dropped and counted, and nobody waits") {
  std::string url;
  {
    url = collector{[](int) { return 200; }}.url();
  }
  auto plan = plan_to(url);
  plan.most_waiting = 10;
  plan.delay = long_enough;
  span_exporter exporter{plan};
  for (std::uint64_t i = 1; i <= 25; ++i) exporter.take(some_span(i));
  CHECK(exporter.dropped.value() == 15);
  exporter.close(long_enough);
  CHECK(exporter.dropped.value() == 25);
  CHECK(exporter.sent.value() == 0);
}

TEST_CASE("a collector that does not answer holds nobody up for longer than was allowed") {
  std::promise<void> go_on;
  auto held = go_on.get_future().share();
  collector to{[held](int) { return held.wait(), 200; }};
  span_exporter exporter{plan_to(to.url())};
  exporter.take(some_span());
  const auto begun = boot_now();
  exporter.close(milliseconds{50});
  CHECK(boot_now() - begun < std::chrono::seconds{4});  // less than one answer may take
  go_on.set_value();
}
