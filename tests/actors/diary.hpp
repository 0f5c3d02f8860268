#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

// Steps that tell what they do, for tests of the order in which things happen.
namespace partita::test {

using words = std::vector<std::string>;

/// What happened, in order, told by the code of a job.
struct diary {
  std::shared_ptr<words> lines = std::make_shared<words>();
  void operator()(const std::string& line) const { lines->push_back(line); }
  int count(const std::string& line) const {
    return static_cast<int>(std::count(lines->begin(), lines->end(), line));
  }
  bool has(const std::string& line) const { return count(line) > 0; }
  std::ptrdiff_t place(const std::string& line) const {
    return std::find(lines->begin(), lines->end(), line) - lines->begin();
  }
};

inline tasklet writes(const std::string& name, const diary& d) {
  return {name, [name, d](run_context&) { d(name); }};
}

inline std::vector<partition> two(split_context&) { return std::vector<partition>(2); }

inline partitioned counts(const std::string& name, const diary& d) {
  return partitioned{name}
      .split(two)
      .each([name, d](partition_context& p) {
        d(name + " " + std::to_string(p.no()));
        ++p.counts().written;
      })
      .aggregate([](const results& all, run_context& run) { run.result(all.sum_written()); });
}

inline words begun(sim_cluster& cluster, run_id run) {
  words names;
  for (const auto& s : cluster.client().list_steps(run)) names.push_back(s.spec.name);
  return names;
}

}  // namespace partita::test
