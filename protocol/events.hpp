#pragma once

#include <string_view>

/// The kinds of the append-only event log. Each is written in the transaction of the change it
/// tells of. In brackets: which ids the row carries, and the fields of its JSON detail. Replayed in
/// the order of their ids, they give every state, term, span and count of the tables, and which
/// lease ended which partition how (storage/audit). What changes no state leaves no event: a timely
/// heartbeat, a checkpoint, progress.
namespace partita::event {

inline constexpr std::string_view node_joined = "NODE_JOINED";              // [node] name
inline constexpr std::string_view node_overdue = "NODE_OVERDUE";            // [node] by the sweep
inline constexpr std::string_view node_recovered = "NODE_RECOVERED";        // [node] ACTIVE again
inline constexpr std::string_view node_draining = "NODE_DRAINING";          // [node] by
inline constexpr std::string_view node_condemned = "NODE_CONDEMNED";        // [node] given up
inline constexpr std::string_view node_deregistered = "NODE_DEREGISTERED";  // [node]
inline constexpr std::string_view node_left = "NODE_LEFT";                  // [node]

/// [] timeline, cluster: a process missed what had been acknowledged to it, after a failover to a
/// server that had not received everything
inline constexpr std::string_view history_lost = "HISTORY_LOST";

// `by`: who asked for it, where that was told.
/// [run] job, restart_of, by; priority, where it is not 0; schedule and tick, where these started
/// it
inline constexpr std::string_view run_submitted = "RUN_SUBMITTED";
inline constexpr std::string_view run_adopted = "RUN_ADOPTED";        // [run node] term
inline constexpr std::string_view run_let_go = "RUN_LET_GO";          // [run node] term: no master
inline constexpr std::string_view stop_requested = "STOP_REQUESTED";  // [run] mode, by
inline constexpr std::string_view run_abandoned = "RUN_ABANDONED";    // [run] by
inline constexpr std::string_view run_paused = "RUN_PAUSED";          // [run] note, by
inline constexpr std::string_view run_resumed = "RUN_RESUMED";        // [run] by
inline constexpr std::string_view run_prioritized = "RUN_PRIORITIZED";  // [run] priority, by
inline constexpr std::string_view job_paused = "JOB_PAUSED";            // [] job, note, by
inline constexpr std::string_view job_resumed = "JOB_RESUMED";          // [] job, by
/// [] runs, by: only their rows are left. Their own events go: this one names them in its detail
inline constexpr std::string_view runs_purged = "RUNS_PURGED";
/// [] job ("": all others), keep_ms and keep_last (absent: for ever), by
inline constexpr std::string_view retention_set = "RETENTION_SET";
/// [] limit, slots (absent: any number), by
inline constexpr std::string_view limit_set = "LIMIT_SET";

// [] schedule, name, by
inline constexpr std::string_view schedule_changed = "SCHEDULE_CHANGED";  // job, trigger too
inline constexpr std::string_view schedule_added = "SCHEDULE_ADDED";      // job, trigger too
inline constexpr std::string_view schedule_removed = "SCHEDULE_REMOVED";
inline constexpr std::string_view schedule_paused = "SCHEDULE_PAUSED";  // note too
inline constexpr std::string_view schedule_resumed = "SCHEDULE_RESUMED";
/// [node] schedule, from: the node owns it now; none: nobody does
inline constexpr std::string_view schedule_moved = "SCHEDULE_MOVED";
/// [node] schedule, name, count, first, last, why: overlap, too_late or newer
inline constexpr std::string_view ticks_missed = "TICKS_MISSED";
/// [node] schedule, name, trigger, zone: no trigger that this program knows; it fires no more
inline constexpr std::string_view trigger_unknown = "TRIGGER_UNKNOWN";

// These carry the node that is the master, and its term; neither when `restart` or a cancellation
// of a run that never had a master wrote them.
inline constexpr std::string_view run_ended = "RUN_ENDED";  // [run] state
/// [run step] name, ordinal, kind, streamed; continues: the step that `restart` copied; skipped:
/// without the results of partitions that have skipped items; the last two and after_failure are
/// absent where they are false
inline constexpr std::string_view step_begun = "STEP_BEGUN";
inline constexpr std::string_view split_reset = "SPLIT_RESET";        // [run step]
inline constexpr std::string_view split_appended = "SPLIT_APPENDED";  // [run step] lo hi
inline constexpr std::string_view split_sealed = "SPLIT_SEALED";      // [run step] count
/// [run step] its split has failed: nothing of it is claimed any more
inline constexpr std::string_view step_failing = "STEP_FAILING";
inline constexpr std::string_view step_ended = "STEP_ENDED";  // [run step] state
/// [run step] decision, text: what comes after a COMPLETED step
inline constexpr std::string_view step_decided = "STEP_DECIDED";

/// [run step lease node] lo hi attempt; lost: made for what a lost node had not claimed yet
inline constexpr std::string_view lease_granted = "LEASE_GRANTED";
/// [.. lease node] lo hi: given back
inline constexpr std::string_view lease_shrunk = "LEASE_SHRUNK";
/// [.. lease node] completed, failed, retry, released: lists of [lo,hi]; absent when empty
inline constexpr std::string_view lease_reported = "LEASE_REPORTED";
/// [.. lease node] failed: a first part of what a lost node held of this lease
inline constexpr std::string_view lease_lost = "LEASE_LOST";
/// [.. lease node] state, requeued, failed
inline constexpr std::string_view lease_ended = "LEASE_ENDED";

}  // namespace partita::event
