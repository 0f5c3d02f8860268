#pragma once

#include <optional>
#include <string>

#include "apps/partita/options.hpp"

namespace partita::cli {

/// Who collects traces.
struct trace_collector {
  std::string server;  // "http://127.0.0.1:4318"
  std::string path;    // "/v1/traces"

  /// `called`: what gave the address. Throws command_error (usage) for one that is none.
  static trace_collector parse(const std::string& called, const std::string& text);
  std::string text() const { return server + path; }
};

/// --traces, its variable, OTEL_EXPORTER_OTLP_ENDPOINT, a file: where the address comes from, and
/// what it is.
value_source trace_source(const arguments& args);
std::string trace_url(const arguments& args);

/// Nothing: no traces are made. Throws command_error (usage).
std::optional<trace_collector> trace_collector_of(const arguments& args);

}  // namespace partita::cli
