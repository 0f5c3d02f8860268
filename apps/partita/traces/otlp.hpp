#pragma once

#include <span>
#include <string>

#include "apps/partita/text.hpp"
#include "protocol/spans.hpp"

namespace partita::traces {

/// Who made the spans.
struct resource {
  std::string version;
  std::string node;
  std::string host;
};

/// An ExportTraceServiceRequest of OTLP in JSON. `to_database`: what makes a time of this machine's
/// boot-time clock one of the database.
cli::document otlp_document(std::span<const trace_span> spans, const resource& of,
                            microseconds to_database);

/// How many spans the collector says it has refused, of an answer that says that it took them.
std::int64_t refused_in(const std::string& answer);

}  // namespace partita::traces
