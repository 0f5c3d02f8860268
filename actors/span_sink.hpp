#pragma once

#include "actors/counters.hpp"
#include "protocol/spans.hpp"

namespace partita {

/// Where spans go. Any thread. It never waits: what it cannot take is dropped, and counted.
class span_sink {
 public:
  span_sink() = default;
  virtual ~span_sink() = default;
  span_sink(const span_sink&) = delete;
  span_sink& operator=(const span_sink&) = delete;

  virtual void take(trace_span one) = 0;

  counter sent;     // the collector has taken them
  counter dropped;  // nobody will ever see them
};

}  // namespace partita
