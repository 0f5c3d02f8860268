#include "apps/partita/bench/benchmarks.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "apps/partita/database_url.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/traces/span_exporter.hpp"

namespace partita::bench {

int plan::slots() const {
  const auto cores = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  return nodes * (settings.executors > 0 ? settings.executors : cores);
}

const std::vector<benchmark>& benchmarks() {
  static const std::vector<benchmark> all{
      {"claim_throughput", "partitions a second through claim, executor and recorded result",
       100'000, 0, claim_throughput},
      {"pickup_latency", "how long a run waits for a master, and a partition for an executor", 1, 0,
       pickup_latency},
      {"executor_scaling", "CPU-bound partitions against a plain loop over the same work", 2'000,
       5'000, executor_scaling},
  };
  return all;
}

const benchmark& find_benchmark(const std::string& name) {
  std::vector<std::string> names;
  for (const auto& one : benchmarks()) {
    if (one.name == name) return one;
    names.push_back(one.name);
  }
  throw cli::usage_error("there is no benchmark " + name, "there are " + cli::join(names, ", "));
}

cli::option_list plan_options() {
  return cli::option_list{
             {"nodes", "N", "nodes, all in this process", "", "1"},
             {"partitions", "N", "partitions of the run (its own number for each benchmark)"},
             {"body-us", "US", "CPU time of a partition on average (likewise)"},
             {"streamed", "", "claim_throughput: the split yields one partition after the other"},
             {"limited", "", "claim_throughput: under limits that never hold it back"},
             {"shape", "SHAPE", "executor_scaling: uniform, zipf or giant costs", "", "uniform"},
             {"rounds", "N", "pickup_latency: runs, one after the other", "", "40"}} +
         cli::node_setting_options();
}

plan plan_of(const benchmark& what, const cli::arguments& args, const std::string& url) {
  plan p;
  p.settings = cli::settings_of(args);
  p.nodes = static_cast<int>(args.number("nodes", 1, 1024));
  p.partitions =
      args.maybe_number("partitions", 1, p.settings.max_partitions).value_or(what.partitions);
  p.body = microseconds{args.maybe_number("body-us", 0, 3'600'000'000).value_or(what.body_us)};
  p.streamed = args.has("streamed");
  p.limited = args.has("limited");
  p.shape = args.one_of("shape", {"uniform", "zipf", "giant"});
  p.rounds = static_cast<int>(args.number("rounds", 1, 1'000'000));
  p.db = cli::open_or_create(url);
  p.traces = traces::exporter_of(args, p.db, "bench");
  return p;
}

cli::document measure(const benchmark& what, const plan& p, meter& m) {
  cli::document line{{"bench", what.name},
                     {"database", p.db->shared_over_network() ? "postgresql" : "sqlite"},
                     {"nodes", p.nodes},
                     {"executors", p.slots() / p.nodes},
                     {"partitions", p.partitions},
                     {"body_us", p.body.count()},
                     {"max_lease_width", p.settings.max_lease_width}};
  line.update(what.run(p, m));
  if (p.traces) line["traces"] = true;
  return line;
}

double rounded(double value) {
  constexpr int digits = 4;  // that mean something
  if (value == 0) return 0;
  const auto before_point = static_cast<int>(std::floor(std::log10(std::abs(value)))) + 1;
  const auto scale = std::pow(10.0, std::max(0, digits - before_point));
  return std::round(value * scale) / scale;
}

cli::document spread(std::vector<double> values) {
  if (values.empty()) return nullptr;
  std::sort(values.begin(), values.end());
  const auto last = static_cast<double>(values.size() - 1);
  auto at = [&](double share) { return rounded(values[static_cast<std::size_t>(share * last)]); };
  return {{"p50", at(0.5)}, {"p99", at(0.99)}, {"max", at(1)}, {"n", values.size()}};
}

}  // namespace partita::bench
