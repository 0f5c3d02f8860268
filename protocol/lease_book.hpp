#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "protocol/lease_width.hpp"
#include "protocol/settings.hpp"
#include "protocol/trace.hpp"
#include "protocol/values.hpp"

namespace partita {

/// What is fixed about a step that is executed here, and how long its partitions take.
struct step_facts {
  run_id run;
  job_ref job;
  json_text parameters;
  step_spec spec;
  double mean_us = 0;       // of a partition on this node, moving average; 0: not measured
  bool one_by_one = false;  // a body may be given up: no other partition waits behind it
  run_id first_run{};       // of the runs that continue each other; none: the run itself
  run_trace trace{};        // where traces are made
};

/// How one attempt came back from its executor.
struct finished_attempt {
  attempt_report report;
  bool begun = false;  // the author's code ran
};

/// Partitions of one lease for one executor, one after the other.
struct handout {
  int executor = 0;
  lease_id lease;
  step_id step;
  std::vector<granted_partition> partitions;
};

/// What a batch brought.
struct returned_batch {
  std::vector<attempt_report> to_report;
  std::vector<attempt_report> late;  // the lease is not held any more, or counts as given back
};

/// The leases that a node holds, and everything its claimer decides about them: who gets what, when
/// to claim more, what to give back. Knows no clock, no database and no actor.
///
/// A partition of a lease goes through: not handed out, with an executor, unsettled (back from its
/// executor, not reported yet), settled. A lease is over when all of its partitions are settled.
class lease_book {
 public:
  lease_book(int executors, const settings& limits);

  // --- steps
  bool knows(step_id step) const { return steps_.contains(step); }
  /// When it knows a thousand steps, it forgets those of which no lease is held.
  void learn(step_id step, step_facts facts);
  /// REQUIRES: knows(step).
  const step_facts& facts_of(step_id step) const { return steps_.at(step); }

  // --- leases
  /// REQUIRES: the step is known.
  void granted(lease_grant grant);
  bool holds(lease_id lease) const { return leases_.contains(lease); }
  bool empty() const { return leases_.empty(); }
  std::vector<lease_id> held() const;
  /// Whether a held lease is not the first try of its partitions.
  bool holds_retried() const;
  /// REQUIRES: it is held.
  const lease_grant& grant_of(lease_id lease) const { return leases_.at(lease).grant; }
  /// The cluster has taken all leases away. What executors bring of them is late, and answers to
  /// reports of them do not count.
  void lost_all() { leases_.clear(); }
  void forget_what_is_over();

  // --- executors
  /// All that executors should have now, in the order of the executors.
  std::vector<handout> hand_out();
  /// An executor is through with a batch that it was handed.
  returned_batch finished(int executor, lease_id lease, std::vector<finished_attempt> attempts);

  /// The body of the first batch is given up, though its executor goes on with it: what the
  /// executor was handed of held leases counts as released. Nothing if it is not busy with this
  /// partition.
  std::vector<attempt_report> give_up(int executor, lease_id lease, partition_no no);

  // --- results
  /// Attempts of held leases that are to be reported and are not answered yet.
  std::int64_t unsettled() const;
  /// So many attempts of this lease are recorded.
  void settled(lease_id lease, int attempts);
  /// An attempt of this lease was refused: the cluster has taken the lease away.
  void lost(lease_id lease) { leases_.erase(lease); }

  // --- giving back
  /// The first partition that was not handed out: from it on the lease is to be given back. Nothing
  /// if all were handed out. From now on no more of the lease is handed out, even if the answer to
  /// giving back is lost.
  std::optional<partition_no> offer_back(lease_id lease);
  /// The offer was taken.
  void given_back(lease_id lease);
  /// Leases whose offer has no answer: to be offered again.
  std::vector<lease_id> offered_back() const;
  /// The run is asked to stop. With stop_mode::now nothing is waited for: what executors hold
  /// counts as given back, and is returned as reports.
  std::vector<attempt_report> stop(lease_id lease, stop_mode mode);

  // --- when to claim, and how much
  int executors() const { return static_cast<int>(batches_.size()); }
  int free_executors() const;
  /// Partitions that can still be handed out.
  std::int64_t unhanded() const;
  /// One full report is under way, and more than another one waits: the database does not keep up.
  bool overloaded() const;
  /// Whether to claim more. Never while the book is overloaded. Always while an executor would
  /// idle. Else only to hold short partitions in advance: work for a tenth of the hold time, at
  /// most as much as the widest lease, and not if `nothing_ahead` (no more is known to be ready).
  /// Long partitions are never held in advance.
  bool wants_more(bool nothing_ahead) const;
  /// REQUIRES: the step is known.
  width_input width_in(const ready_step& next, int cluster_slots) const;
  /// About how many nodes of the cluster look at each poll; the nodes take turns. All nodes, where
  /// a node may find work or waits for the answer to a report. Few, while no run is live: each node
  /// learns of a new run from its next heartbeat at the latest. A limited number of nodes that have
  /// all the work they can do: these look for requests to stop only.
  int watchers(const cluster_view& cluster) const;

 private:
  struct held_lease {
    lease_grant grant;
    std::size_t next = 0;        // index of the first partition not handed out
    std::set<partition_no> out;  // with an executor
    int unsettled = 0;
    bool stopping = false;      // its run is asked to stop
    bool offered_back = false;  // what is not handed out is given back
    std::int64_t unhanded() const {
      return static_cast<std::int64_t>(grant.partitions.size() - next);
    }
    bool may_hand_out() const { return !stopping && !offered_back && unhanded() > 0; }
    bool is_over() const { return unhanded() == 0 && out.empty() && unsettled == 0; }
  };

  struct handed_batch {
    lease_id lease;
    std::vector<partition_no> partitions;
  };

  std::int64_t batch_size(const held_lease& held, const step_facts& facts) const;
  std::optional<handout> hand_to(std::size_t executor, std::size_t waiting_batches);
  void measure(const held_lease& held, const std::vector<finished_attempt>& attempts);
  void judge_interruption(const held_lease& held, finished_attempt& attempt) const;

  settings limits_;
  /// Of each executor: the batches in its mailbox, or under execution.
  std::vector<std::deque<handed_batch>> batches_;
  std::unordered_map<step_id, step_facts> steps_;
  std::map<lease_id, held_lease> leases_;  // by id: the oldest is handed out first
};

}  // namespace partita
