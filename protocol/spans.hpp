#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "protocol/lease_origin.hpp"
#include "protocol/trace.hpp"

namespace partita {

/// By the numbers of OpenTelemetry.
enum class span_kind { internal = 1, producer = 4, consumer = 5 };

/// From, to. What rows tell is by the clock of the database; what a node measures by its own, and
/// becomes a time of the database when it is sent.
using span_time = std::variant<std::pair<db_time, db_time>, std::pair<mono_time, mono_time>>;

struct span_attribute {
  std::string name;
  std::variant<std::int64_t, std::string> value;
  friend bool operator==(const span_attribute&, const span_attribute&) = default;
};

/// A piece of work that has ended, as it is sent to who collects traces.
struct trace_span {
  span_context self;
  span_id parent;  // none: the root of its trace
  std::vector<span_context> links{};
  std::string name;
  span_kind kind = span_kind::internal;
  span_time when;
  std::vector<span_attribute> attributes{};
  bool failed = false;
  std::string message{};  // why it failed
};

/// Of an error, a span has at most so many bytes.
inline constexpr std::size_t longest_span_message = 500;

/// What the attempts add up to that were reported of a lease.
struct lease_tally {
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t retried = 0;   // failed, and are tried again
  std::int64_t released = 0;  // given back
  std::int64_t refused = 0;   // the lease was lost
  item_counts items;
  std::string error{};  // of the first attempt that failed
  mono_time ended{};    // the last one

  void add(const attempt_report& attempt, report_verdict verdict);
  lease_tally& operator+=(lease_tally more);
  bool empty() const { return completed + failed + retried + released + refused == 0; }
};

/// A lease that this node executes, and what its span will tell.
struct traced_lease {
  lease_origin from;
  run_trace of;
  range partitions;  // less what was given back
  mono_time granted{};
  lease_tally tally{};
};

/// COMPLETED: all that was executed; FAILED, RETRY: a partition, for good or for now; RELEASED:
/// some were given back; LOST: the cluster has taken the lease away.
std::string_view outcome_of(const lease_tally& tally);

/// A child of the run, with a link to the submit. `now`, where no attempt told when it ended.
trace_span span_of(const traced_lease& lease, mono_time now);

/// Those of a run that has ended: itself, and its submit where that is nobody else's span.
/// `continues`: the run before it, if any.
std::vector<trace_span> spans_of(const run_row& run, const std::optional<run_row>& continues);

}  // namespace partita
