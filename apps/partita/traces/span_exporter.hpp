#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "actors/span_sink.hpp"
#include "apps/partita/trace_collector.hpp"
#include "apps/partita/traces/otlp.hpp"
#include "storage/database.hpp"

namespace partita::traces {

struct export_plan {
  cli::trace_collector to;
  resource of;
  std::function<db_time()> database_clock;  // may throw: then the last answer counts
  std::size_t most_waiting = 8192;          // more are dropped
  std::size_t batch = 512;                  // in one request
  milliseconds delay{1000};                 // a span waits for others
  milliseconds connect_limit{1000};
  milliseconds answer_limit{5000};
  milliseconds first_retry{250};  // after a failure that may pass; doubles
  int tries = 4;                  // then the spans of the request are dropped
};

/// Sends spans to a collector as OTLP/HTTP in JSON, on a thread of its own. Whatever the collector
/// does, nobody waits for it.
class span_exporter final : public span_sink {
 public:
  explicit span_exporter(export_plan plan);
  /// Drops what was not sent.
  ~span_exporter() override;

  void take(trace_span one) override;

  /// Sends what waits; what is not sent after `limit` is dropped. Nothing is taken afterwards.
  void close(milliseconds limit);

 private:
  class connection;

  void work();
  std::vector<trace_span> next_batch();
  void send(connection& to, const std::vector<trace_span>& batch);
  bool rest(milliseconds time);
  void look_at_clocks();
  void drop(std::size_t count, const std::string& why);
  void tell_of_dropped(bool now);

  const export_plan plan_;
  std::mutex guard_;
  std::condition_variable changed_;
  std::vector<trace_span> waiting_;
  std::string why_;  // spans were dropped last
  std::int64_t told_ = 0;
  mono_time told_at_{};
  bool closing_ = false;
  bool over_ = false;
  std::function<void()> cut_off_;  // ends the request that is under way

  // Of the thread.
  std::optional<microseconds> to_database_;
  mono_time looked_{};
  std::thread thread_;
};

/// For a node of this name, by --traces; null: it makes no traces. Throws command_error (usage).
std::shared_ptr<span_exporter> exporter_of(const cli::arguments& args,
                                           const std::shared_ptr<database>& db,
                                           const std::string& node);

}  // namespace partita::traces
