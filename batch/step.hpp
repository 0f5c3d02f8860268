#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "batch/aggregate.hpp"
#include "batch/chunk_loop.hpp"
#include "batch/partition_context.hpp"
#include "batch/scaling.hpp"
#include "batch/split_context.hpp"
#include "protocol/assignment.hpp"
#include "protocol/values.hpp"

namespace partita {

/// How often a partition, a tasklet, an item or a chunk is tried in all: 1 or more.
struct attempts {
  int count;
};
/// How long that waits between two tries: first, first * factor, first * factor^2, …, never more
/// than `most`. None of them may be negative, and the factor must be a number.
struct backoff_of {
  milliseconds first{1000};
  double factor = 2.0;
  milliseconds most{60'000};
};

/// What a body may use that runs in a process of its own.
struct isolation {
  std::size_t memory_bytes = 0;  // beyond what the process has before the body; 0: no limit
};

/// A step that is split on the master, executed everywhere and aggregated on the master.
class partitioned {
 public:
  explicit partitioned(std::string name) : name_(std::move(name)) {}

  partitioned& split(split_function f) { return split_ = std::move(f), *this; }
  partitioned& stream(stream_function f) { return stream_ = std::move(f), *this; }
  partitioned& assign(assignment a) { return assign_ = a, *this; }
  /// false: a partition is started at most once; if its node is lost or it throws, it is FAILED.
  partitioned& transferable(bool yes) { return transferable_ = yes, *this; }
  /// Counts failed tries and tries lost with their node. Default: 3. The split and the aggregation
  /// are tried as often when they throw, unless it is a permanent_error; a node that takes the run
  /// over counts anew.
  partitioned& retry(attempts n, backoff_of rest = {}) {
    retry_ = {n.count, rest.first, rest.factor, rest.most};
    return *this;
  }
  /// An attempt that lasts longer has failed: its body is asked to stop, and what it brings after
  /// that is dropped. One that does not stop keeps its executor, unless it is isolated: then its
  /// process is killed. Default: none.
  partitioned& timeout(milliseconds most) { return timeout_ = most, *this; }
  /// At most so many partitions of it are in execution at once in the whole cluster. Default: any
  /// number.
  partitioned& at_most(int partitions) { return at_most_ = partitions, *this; }
  /// A named limit of the cluster holds for it too: `partita limit set NAME N`. May be given
  /// several times. Until somebody sets one, it allows any number.
  partitioned& limited_by(std::string limit) { return limits_.push_back(std::move(limit)), *this; }
  /// Only nodes with this tag (`partita node --tag gpu`) execute its partitions. May be given
  /// several times: then a node has them all.
  partitioned& requires_tag(std::string tag) { return tags_.push_back(std::move(tag)), *this; }
  /// Bodies run in child processes of the node: one that crashes, hangs past its timeout or uses
  /// too much memory loses its attempt, and nothing else. Tries after the first are isolated
  /// anyway. A body sees no variable of another attempt. Only in programs that `partita::main`
  /// runs.
  partitioned& isolated(isolation how = {}) { return isolated_ = how, *this; }
  partitioned& each(partition_function f) { return body_ = std::move(f), *this; }
  /// `chunked<T>(500)…` (batch/chunk.hpp).
  partitioned& each(chunked_body b) {
    body_ = b.run;
    chunked_ = std::move(b);
    return *this;
  }
  /// How its items are spread (batch/scaling.hpp): a step with a split for slices, a chunked body
  /// for chunks. A split makes as many partitions as `slices()` tells it; one slice may do without
  /// a split.
  partitioned& scale(scaling how) {
    return scale([how](const parameters&) { return how; });
  }
  partitioned& scale(scaling_function chooses) { return scale_ = std::move(chooses), *this; }
  partitioned& aggregate(aggregate_function f) { return aggregate_ = std::move(f), *this; }

  const std::string& name() const { return name_; }
  const split_function& splitter() const { return split_; }
  const stream_function& streamer() const { return stream_; }
  const assignment& assigned() const { return assign_; }
  bool is_transferable() const { return transferable_; }
  const retry_policy& retries() const { return retry_; }
  milliseconds time_limit() const { return timeout_; }
  int most_at_once() const { return at_most_; }  // 0: any number
  const std::vector<std::string>& limits() const { return limits_; }
  const std::vector<std::string>& tags() const { return tags_; }
  const std::optional<isolation>& isolated_how() const { return isolated_; }
  /// How many items the whole step may let go; null: any number.
  const skip_limit_function& skip_limit() const { return chunked_.skip_limit; }
  const partition_function& body() const { return body_; }
  /// Of a chunked body; else empty.
  const item_processor& processor() const { return chunked_.processor; }
  const aggregate_function& aggregator() const { return aggregate_; }
  bool is_scaled() const { return bool(scale_); }

  // --- for the engine, in a run with these parameters
  /// Throws definition_error for a scaling that the step cannot have.
  std::optional<scaling> scaled(const parameters& given) const;
  /// Whether partitions are claimed before the last of them is made.
  bool streams(const parameters& given) const;
  /// All partitions of a step that is not streamed; one that packs its items: what is read.
  std::vector<partition> slices(split_context& context) const;
  /// Reads the items of one of these on the master, into partitions. REQUIRES: remote_chunking.
  void pack(partition_context& reading, const take_partition& yield) const;
  /// Items that a process of its own may have in hand at once; 0: no policy lets an item go that
  /// crashes it.
  std::int64_t crash_suspects(const parameters& given) const;
  /// Executes one partition.
  void run(partition_context& p) const;

 private:
  std::string name_;
  split_function split_;
  stream_function stream_;
  assignment assign_ = shared{};
  bool transferable_ = true;
  retry_policy retry_;
  milliseconds timeout_{0};  // 0: none
  int at_most_ = 0;
  std::vector<std::string> limits_;
  std::vector<std::string> tags_;
  std::optional<isolation> isolated_;
  partition_function body_;
  chunked_body chunked_;  // empty where the body is a function
  scaling_function scale_;
  aggregate_function aggregate_;
};

/// How many slices a split is to make; 0: as many as it likes.
int slices_of(const std::optional<scaling>& how);

/// A step that is one function, executed on the master. After a takeover it is executed again, and
/// so it is when it throws, unless it is a permanent_error.
class tasklet {
 public:
  tasklet(std::string name, tasklet_function f) : name_(std::move(name)), body_(std::move(f)) {}

  /// Counts failed tries on one node. Default: 3.
  tasklet& retry(attempts n, backoff_of rest = {}) {
    retry_ = {n.count, rest.first, rest.factor, rest.most};
    return *this;
  }

  const std::string& name() const { return name_; }
  const retry_policy& retries() const { return retry_; }
  const tasklet_function& body() const { return body_; }

 private:
  std::string name_;
  retry_policy retry_;
  tasklet_function body_;
};

using job_step = std::variant<partitioned, tasklet>;

/// The name of a step of either kind.
inline const std::string& name_of(const job_step& s) {
  return std::visit([](const auto& one) -> const std::string& { return one.name(); }, s);
}

}  // namespace partita
