#pragma once

#include <cstdint>

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "protocol/messages.hpp"

// Which actor takes which messages. All messages inside a process are listed here: read this first.
//
//        renewal, joined, fence            masterless_runs, done
//   heartbeat ------------------> node <-------------------------- claimer
//       |                          |  spawns, drains, interrupts    ^ |  ^
//       | renewal, joined, fence   v                          work /  |  | finished_batch
//       +--> claimer           job_master (one a run)     listener    v  |
//       | suspects                                         partition_executor (one a slot)
//       +--> sweeper
//       | renewal           work
//       +--> scheduler ----------> claimer                          janitor (by itself)
//                                       results, flush, joined, fence
//                            claimer ----------------------------------> reporter
//                                    <----------------------------------
//                                              report_answers

namespace partita {

// One message a line.
// clang-format off

/// The composition root: starts and ends the others. Touches no database, so it never blocks.
using node_actor = caf::typed_actor<
    caf::reacts_to<tick_atom>,        // judges its own trust; interrupts when it expires
    caf::reacts_to<joined>,           // a new incarnation: masters of the old one are gone
    caf::reacts_to<renewal>,          // widens the trust window
    caf::reacts_to<fence_atom>,       // given up by the cluster: interrupt everything
    caf::reacts_to<running_count>,    // goes on to the heartbeat, with how many are stuck
    caf::reacts_to<masterless_runs>,  // starts a master for each, within the limit
    caf::reacts_to<mastership_over>,  // a master has ended
    caf::reacts_to<work_atom>,        // partitions were made here: the claimer looks at once
    caf::reacts_to<done_atom>,        // the claimer holds no lease: the masters look at once
    caf::reacts_to<drain_atom>,       // SIGTERM: end in good order
    caf::reacts_to<interrupt_atom>,   // the drain's grace time is over: interrupt
    caf::reacts_to<drained_atom>,     // the claimer holds nothing any more
    caf::reacts_to<left_atom>,        // the heartbeat left, or could not: the node ends
    caf::reacts_to<release_atom>>;    // second SIGTERM: end now; also the timer of that end

/// Keeps the node alive in the cluster. Own thread, own session.
using heartbeat_actor = caf::typed_actor<
    caf::reacts_to<tick_atom>,   // renews; joins anew when it was given up
    caf::reacts_to<node_load>,   // what the next renewal says of the executors
    caf::reacts_to<drain_atom>,  // renews as DRAINING, at once and from now on
    caf::reacts_to<leave_atom>>; // stops renewing, leaves; answers the node with left

/// Judges others, and hands over what lost ones held. Own thread; a session while it is at work.
using sweeper_actor = caf::typed_actor<
    caf::reacts_to<suspects>,    // these are overdue: the newest list counts
    caf::reacts_to<work_atom>>;  // one transaction of one sweep

/// Fires the ticks of the schedules that its node owns. Own thread; a session while one is near.
using scheduler_actor = caf::typed_actor<
    caf::reacts_to<renewal>,                       // when the next tick comes, and who owns what
    caf::reacts_to<advance_atom, std::uint64_t>>;  // that tick may have come: the latest counts

/// Purges what is past its time. Own thread; a session while it is at work.
using janitor_actor = caf::typed_actor<
    caf::reacts_to<tick_atom>,   // a round: what is past its time is purged
    caf::reacts_to<work_atom>>;  // a piece: removes some files of it, and then some rows

/// Listens for hints of new work, if the database sends them. Own thread, own session.
using listener_actor = caf::typed_actor<
    caf::reacts_to<tick_atom>>;  // listens for a while; after a hint the claimer looks

/// Takes leases, hands partitions out, gives back what it will not do. Own thread, own session.
using claimer_actor = caf::typed_actor<
    caf::reacts_to<tick_atom>,       // the poll: looks for work and for stop requests
    caf::reacts_to<work_atom>,       // the same, between two polls: there is, or may be, work
    caf::reacts_to<joined>,          // claims as this node from now on
    caf::reacts_to<renewal>,         // how large the cluster is, how far leases can be trusted
    caf::reacts_to<fence_atom>,      // all leases are lost
    caf::reacts_to<finished_batch>,  // an executor is free again: the results go to the reporter
    caf::reacts_to<report_answers>,  // they are recorded, or their lease is lost
    caf::reacts_to<overdue_attempt>, // over, though its executor goes on with it
    caf::reacts_to<drain_atom>,      // claims nothing more, gives back what has not started
    caf::reacts_to<interrupt_atom>>; // gives back what executors will not end in time

/// Stores results in bulk, each once. Own thread; a session for many results at a time, few go on
/// that of the claimer.
using reporter_actor = caf::typed_actor<
    caf::reacts_to<result_batch>,  // waits for others, up to a full report or the report delay
    caf::reacts_to<tick_atom>,     // that delay, or the wait after a failure, is over
    caf::reacts_to<flush_atom>,    // nothing more will come soon: reports at once
    caf::reacts_to<joined>,        // reports as this node from now on
    caf::reacts_to<fence_atom>>;   // all leases are lost: forgets all that has no answer

/// Runs the author's code, one partition at a time, in the order of the batches. Own thread.
using executor_actor = caf::typed_actor<
    caf::reacts_to<work_batch>,  // executes it, answers with finished_batch
    caf::reacts_to<tick_atom>>;  // closes the session of its checkpoints when it is idle

/// Drives one run under its term. Own thread; the author's code runs in workers beside it, at most
/// one for each step, so that a master can always react to a stop. Only the `advance` with the
/// latest number counts.
using master_actor = caf::typed_actor<
    caf::reacts_to<advance_atom, std::uint64_t>,  // reads the rows, does what comes next
    caf::reacts_to<done_atom>,                    // perhaps the step is done: looks at once
    caf::reacts_to<worker_outcome>,               // a piece of the author's code ended
    caf::reacts_to<fence_atom>,                   // the term is lost: end without a write
    caf::reacts_to<hold_atom>,                    // trust expired: the author's code is to stop
    caf::reacts_to<resume_atom>,                  // trust is back: decides again from the rows
    caf::reacts_to<drain_atom>,                   // lets go of the run at the next safe point
    caf::reacts_to<interrupt_atom>>;              // asks the author's code to stop

// clang-format on

}  // namespace partita
