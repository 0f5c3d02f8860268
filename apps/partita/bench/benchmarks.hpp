#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/span_sink.hpp"
#include "apps/partita/options.hpp"
#include "apps/partita/text.hpp"
#include "protocol/settings.hpp"
#include "storage/database.hpp"

/// The measurements that `partita bench` and the programs of bench/ share. They run on any
/// database, start nodes of their own in this process, and leave their runs behind.
namespace partita::bench {

/// Measures other things than the time: `begin` is called when the measured part begins, `end` when
/// it is over.
class meter {
 public:
  virtual ~meter() = default;
  virtual void begin() {}
  virtual void end() {}
};

struct plan {
  std::shared_ptr<database> db;
  partita::settings settings;  // of every node
  int nodes = 1;
  std::int64_t partitions = 0;
  microseconds body{0};  // of CPU, each partition on average
  bool streamed = false;
  bool limited = false;
  std::string shape;
  int rounds = 0;
  std::shared_ptr<span_sink> traces{};  // of all nodes
  int slots() const;                    // executors of all nodes
};

struct benchmark {
  std::string name;
  std::string summary;
  std::int64_t partitions;  // unless asked for otherwise
  std::int64_t body_us;
  /// The figures, without what the plan says.
  cli::document (*run)(const plan& p, meter& m);
};

/// claim_throughput, pickup_latency, executor_scaling.
const std::vector<benchmark>& benchmarks();
/// Throws command_error (usage) when there is none of that name.
const benchmark& find_benchmark(const std::string& name);

/// Those of a plan, with the settings of the nodes.
cli::option_list plan_options();
/// Creates the tables when there are none. Throws command_error (usage).
plan plan_of(const benchmark& what, const cli::arguments& args, const std::string& url);

/// One line of results: what was measured on what, then the figures.
cli::document measure(const benchmark& what, const plan& p, meter& m);

/// p50, p99 and max, in the unit they are given in.
cli::document spread(std::vector<double> values);
double rounded(double value);

cli::document claim_throughput(const plan& p, meter& m);
cli::document pickup_latency(const plan& p, meter& m);
cli::document executor_scaling(const plan& p, meter& m);

}  // namespace partita::bench
