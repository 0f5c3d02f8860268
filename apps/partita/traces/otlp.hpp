#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/partita/text.hpp"
#include "protocol/spans.hpp"

namespace partita::traces {

/// Who made the spans.
struct resource {
  std::string version;
  std::string node;
  std::string host;
  std::vector<span_attribute> named{};  // by the operator: they count for more than ours
};

/// What OTEL_RESOURCE_ATTRIBUTES says: NAME=VALUE with ',' between them, bytes as %XX. Nothing: it
/// is malformed, and then all of it counts for nothing.
std::optional<std::vector<span_attribute>> attributes_in(std::string_view text);

/// An ExportTraceServiceRequest of OTLP in JSON. `to_database`: what makes a time of this machine's
/// boot-time clock one of the database.
cli::document otlp_document(std::span<const trace_span> spans, const resource& of,
                            microseconds to_database);

/// How many spans the collector says it has refused, of an answer that says that it took them.
std::int64_t refused_in(const std::string& answer);

}  // namespace partita::traces
