#pragma once

#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include "protocol/lease_book.hpp"
#include "protocol/lease_origin.hpp"
#include "protocol/liveness.hpp"
#include "protocol/spans.hpp"
#include "protocol/values.hpp"

// The messages between actors. They never leave the process, so they need no serialization: each
// type is allowed as "unsafe" for exactly that reason.

namespace partita {

// --- signals -------------------------------------------------------------------------------------
using tick_atom = caf::atom_constant<caf::atom("tick")>;        // a loop's own timer
using work_atom = caf::atom_constant<caf::atom("work")>;        // look for work now
using done_atom = caf::atom_constant<caf::atom("done")>;        // all that was held is reported
using flush_atom = caf::atom_constant<caf::atom("flush")>;      // report now
using advance_atom = caf::atom_constant<caf::atom("advance")>;  // decide what comes next
using fence_atom = caf::atom_constant<caf::atom("fence")>;      // drop everything, write nothing
using drain_atom = caf::atom_constant<caf::atom("drain")>;      // end in good order
using interrupt_atom = caf::atom_constant<caf::atom("interrupt")>;  // the grace time is over
using drained_atom = caf::atom_constant<caf::atom("drained")>;      // nothing is held any more
using leave_atom = caf::atom_constant<caf::atom("leave")>;          // leave the cluster
using left_atom = caf::atom_constant<caf::atom("left")>;            // the node left, or could not
using release_atom = caf::atom_constant<caf::atom("release")>;      // end now
using hold_atom = caf::atom_constant<caf::atom("hold")>;            // trust has expired
using resume_atom = caf::atom_constant<caf::atom("resume")>;        // trust is back

// --- heartbeat -> node, claimer, scheduler -------------------------------------------------------

/// This process is a new incarnation from now on.
struct joined {
  node_id node;
};

/// A renewal succeeded.
struct renewal {
  node_id node;
  mono_time sent;  // when the request was sent, not when it was answered
  cluster_view cluster;
};

// --- heartbeat -> sweeper ------------------------------------------------------------------------

/// Nodes that are overdue, as `observer` saw them with a renewal that was sent then.
struct suspects {
  node_id observer;
  mono_time sent;
  std::vector<node_id> nodes;
};

// --- claimer -> node, heartbeat ------------------------------------------------------------------

/// Runs that wait for a master.
struct masterless_runs {
  std::vector<masterless_run> runs;
};

/// How many executors are busy with partitions here.
struct running_count {
  int partitions = 0;
};

// --- node -> heartbeat: node_load of values.hpp --------------------------------------------------

// --- node -> claimer -----------------------------------------------------------------------------

/// The body of this partition went on after its timeout, and did not stop when asked to.
struct overdue_attempt {
  int executor = 0;
  lease_id lease;
  partition_no no = 0;
  std::string why;
};

// --- claimer <-> partition_executor --------------------------------------------------------------

/// Partitions of one lease for one executor, one after the other.
struct work_batch {
  lease_origin from;
  step_id step;
  job_ref job;
  json_text parameters;
  retry_policy retry;
  bool transferable = true;
  bool isolated = false;  // in a process of its own, where there can be one
  std::vector<granted_partition> partitions;
  run_id first_run{};  // of the runs that continue each other
};

struct finished_batch {
  int executor = 0;
  lease_origin from;
  std::vector<finished_attempt> attempts;
};

// --- claimer <-> reporter ------------------------------------------------------------------------

/// Attempts of one lease that have ended.
struct result_batch {
  lease_origin from;
  std::vector<attempt_report> to_report;
  std::vector<attempt_report> late;  // must not be reported any more: their files are discarded
  bool more_soon = false;            // executors have work: other results come within moments
};

/// What the database answered. A lease may have several lines.
struct report_answers {
  struct of_lease {
    lease_id lease;
    int recorded = 0;
    int refused = 0;      // the lease is lost
    lease_tally tally{};  // where traces are made
  };
  std::vector<of_lease> leases;
};

// --- job_master and its worker, job_master -> node -----------------------------------------------

/// How a piece of the author's code on the master ended.
struct worker_outcome {
  enum class kind { done, failed, stopped, term_lost, unavailable };
  kind how = kind::done;
  std::string error;
  bool has_result = false;
  json_text result;
  bool may_retry = false;             // failed in a way that another try may mend
  std::optional<decision> decided{};  // of a decider
  step_id step{};                     // whose code it was; none: that of the run
};

/// A master has let go of its run, or the run has ended.
struct mastership_over {
  run_id run;
};

}  // namespace partita

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::joined)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::renewal)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::suspects)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::masterless_runs)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::running_count)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::node_load)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::overdue_attempt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::work_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::finished_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::result_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::report_answers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::worker_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::mastership_over)
