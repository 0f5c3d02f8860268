#pragma once

#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/atom.hpp>

#include "protocol/lease_book.hpp"
#include "protocol/liveness.hpp"
#include "protocol/values.hpp"

// What actors tell each other. Messages never leave the process, so they need no serialization:
// each type is allowed as "unsafe" for exactly that reason.

namespace partita {

// --- signals -------------------------------------------------------------------------------------
using tick_atom = caf::atom_constant<caf::atom("tick")>;        // a loop's own timer
using work_atom = caf::atom_constant<caf::atom("work")>;        // look for work now
using done_atom = caf::atom_constant<caf::atom("done")>;        // all that was held is reported
using flush_atom = caf::atom_constant<caf::atom("flush")>;      // report what is due
using advance_atom = caf::atom_constant<caf::atom("advance")>;  // decide what comes next
using fence_atom = caf::atom_constant<caf::atom("fence")>;      // drop everything, write nothing
using drain_atom = caf::atom_constant<caf::atom("drain")>;      // end in good order
using interrupt_atom = caf::atom_constant<caf::atom("interrupt")>;  // the grace time is over
using drained_atom = caf::atom_constant<caf::atom("drained")>;      // nothing is held any more
using leave_atom = caf::atom_constant<caf::atom("leave")>;          // say good-bye to the cluster
using left_atom = caf::atom_constant<caf::atom("left")>;            // it was said, or could not be
using release_atom = caf::atom_constant<caf::atom("release")>;      // end now

// --- heartbeat -> node, claimer ------------------------------------------------------------------

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

/// How many partitions are under execution here.
struct running_count {
  int partitions = 0;
};

// --- claimer <-> partition_executor --------------------------------------------------------------

/// Partitions of one lease for one executor, one after the other.
struct work_batch {
  lease_id lease;
  step_id step;
  run_id run;
  job_ref job;
  std::string step_name;
  json_text parameters;
  retry_policy retry;
  bool transferable = true;
  int attempt = 1;
  std::vector<granted_partition> partitions;
};

struct finished_batch {
  int executor = 0;
  lease_id lease;
  std::vector<finished_attempt> attempts;
};

// --- job_master and its worker, job_master -> node -----------------------------------------------

/// How a piece of the author's code on the master ended.
struct worker_outcome {
  enum class kind { done, failed, stopped, term_lost, unavailable };
  kind how = kind::done;
  std::string error;
  bool has_result = false;
  json_text result;
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
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::work_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::finished_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::worker_outcome)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(partita::mastership_over)
