#include "apps/partita/trace_collector.hpp"

#include <algorithm>
#include <cstdlib>

#include "apps/partita/errors.hpp"
#include "apps/partita/shared_variable.hpp"

namespace partita::cli {

namespace {

constexpr const char* variable_of_all = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr const char* no_traces = "off";

bool is_port(const std::string& text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; }) &&
         std::stoi(text) >= 1 && std::stoi(text) <= 65535;
}

/// HOST or HOST:PORT, where HOST may be [::1].
bool is_host(const std::string& text) {
  const auto end = text.starts_with('[') ? text.find(']') + 1 : text.find(':');
  const auto host = text.substr(0, end);
  if (host.empty() || host == "[]" || text.find_first_of("@?# \t\"\\") != text.npos) return false;
  return end >= text.size() || (text[end] == ':' && is_port(text.substr(end + 1)));
}

}  // namespace

trace_collector trace_collector::parse(const std::string& called, const std::string& text) {
  const auto scheme = text.find("://");
  const auto start = scheme == text.npos ? text.size() : scheme + 3;
  const auto slash = std::min(text.find('/', start), text.size());
  const auto known = text.starts_with("http://") || text.starts_with("https://");
  auto path = text.substr(slash);
  while (path.ends_with('/')) path.pop_back();
  const auto plain = path.find_first_of("?# \t\r\n") == path.npos;
  if (!known || !plain || !is_host(text.substr(start, slash - start)))
    throw usage_error(
        called + " is " + text + ", which is no address of a collector of traces",
        "it is like http://127.0.0.1:4318; " + std::string{no_traces} + " makes no traces");
  return {text.substr(0, slash), path + "/v1/traces"};
}

value_source trace_source(const arguments& args) {
  return source_beside(variable_of_all, args, "traces");
}

std::string trace_url(const arguments& args) {
  if (trace_source(args).place == variable_of_all) return std::getenv(variable_of_all);
  return args.text("traces");
}

std::optional<trace_collector> trace_collector_of(const arguments& args) {
  const auto url = trace_url(args);
  if (url.empty() || url == no_traces) return std::nullopt;
  return trace_collector::parse(trace_source(args).place, url);
}

}  // namespace partita::cli
