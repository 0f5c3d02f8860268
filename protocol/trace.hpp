#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/values.hpp"

// Traces: which spans there are, and what they are called. Every id follows from the rows of a run,
// so all nodes agree on it without a word between them, and a span that is sent twice is the same.
namespace partita {

/// 128 bits, as W3C Trace Context has it. All zero: none.
struct trace_id {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(const trace_id&, const trace_id&) = default;
};

/// 64 bits. Zero: none.
struct span_id {
  std::uint64_t value = 0;
  friend bool operator==(const span_id&, const span_id&) = default;
};

/// In lower case, as OTLP in JSON and `traceparent` have it.
std::string hex(trace_id id);
std::string hex(span_id id);

/// A span somewhere in the world, and whether its trace is recorded.
struct span_context {
  trace_id trace;
  span_id span;
  bool sampled = true;
  friend bool operator==(const span_context&, const span_context&) = default;
};

/// What a `traceparent` says, by the rules of W3C Trace Context (level 1). Nothing: it says nothing
/// that counts, and whoever got it goes on as if there were none. Of versions to come it reads what
/// version 00 has.
std::optional<span_context> parse_trace_parent(std::string_view text);

/// As `traceparent` of version 00.
std::string trace_parent_of(const span_context& from);

/// The text as it is kept with a run: in version 00; "" when it says nothing.
std::string kept_trace_parent(std::string_view text);

/// The spans of a run. A run that was submitted with a parent belongs to the trace of that; the
/// parent is the submit. Any other one has a trace of its own, whose root is the submit.
struct run_trace {
  span_context submit;
  span_id run;
  bool has_parent = false;  // the submit is somebody else's span
  span_context run_context() const { return {submit.trace, run, submit.sampled}; }
};
run_trace trace_of(const run_row& run);

/// The span of a lease of this run.
span_id span_of(const run_trace& of, lease_id lease);

}  // namespace partita
