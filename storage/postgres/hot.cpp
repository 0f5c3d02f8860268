#include <algorithm>
#include <map>
#include <pqxx/except>
#include <set>
#include <tuple>

#include "storage/event_detail.hpp"
#include "storage/postgres/planted.hpp"
#include "storage/postgres/postgres_transaction.hpp"
#include "storage/postgres/result_columns.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements/hot.hpp"
#include "storage/postgres/statements/sharing.hpp"
#include "storage/text.hpp"
#include "storage/verbs/leases.hpp"
#include "storage/verbs/nodes.hpp"

namespace partita::postgres {

namespace {

// --- heartbeats ----------------------------------------------------------------------------------

statement_text renewing(const std::string& statement) {
  const auto revives = PARTITA_BUG(postgres_heartbeat_revives_the_dead);
  return with_bugs(statement,
                   {{revives, "WHERE node_id = $1::bigint AND state = 'ACTIVE' RETURNING",
                     ", state = 'ACTIVE', left_at = NULL WHERE node_id = $1::bigint RETURNING"}});
}

cluster_view view_of(const pqxx::row& row, bool surveyed) {
  cluster_view view;
  view.live_runs = row["live_runs"].as<bool>();
  view.balanced = row["balanced"].as<bool>();
  if (!row["tick_in"].is_null()) view.tick_in = microseconds{row["tick_in"].as<std::int64_t>()};
  if (!surveyed) return view;
  view.nodes = row["nodes"].as<int>();
  view.slots = row["slots"].as<int>();
  view.running = row["running"].as<int>();
  for (const auto& id : elements_of(row["overdue"])) view.overdue.emplace_back(std::stoll(id));
  return view;
}

ready_step ready_of(const pqxx::row& row) {
  return {id_of<step_id>(row["id"]),
          id_of<run_id>(row["run_id"]),
          row["size"].as<std::int64_t>(),
          row["slots"].as<int>(),
          row["number"].as<int>(),
          row["priority"].as<int>(),
          {},
          0,
          row["limited"].as<bool>()};
}

// --- claims --------------------------------------------------------------------------------------

/// The columns of sql::claim, by number: to look up five names in each of thousands of rows takes
/// longer than to read them.
struct granted {
  enum column : pqxx::row::size_type { lease, lo, hi, attempt, no, key, input, seq, position };
};

granted_partition granted_of(const pqxx::row& row) {
  granted_partition p{row[granted::no].as<std::int64_t>(),
                      row[granted::key].c_str(),
                      row[granted::input].c_str(),
                      {}};
  if (!row[granted::seq].is_null())
    p.resume = checkpoint{row[granted::seq].as<std::int64_t>(), row[granted::position].c_str(),
                          counts_of(row)};
  return p;
}

/// One row a partition; each repeats the lease. No rows: no lease.
std::optional<lease_grant> grant_of(const pqxx::result& rows, step_id step) {
  if (rows.empty()) return std::nullopt;
  const auto first = rows.front();
  lease_grant grant;
  grant.lease = id_of<lease_id>(first[granted::lease]);
  grant.step = step;
  grant.span = {first[granted::lo].as<std::int64_t>(), first[granted::hi].as<std::int64_t>()};
  grant.attempt = first[granted::attempt].as<int>();
  grant.partitions.reserve(rows.size());
  for (const auto& row : rows) grant.partitions.push_back(granted_of(row));
  if (static_cast<std::int64_t>(rows.size()) != grant.span.size())
    throw store_error(errc::damaged, "partitions of " + named(step) + " are missing");
  return grant;
}

statement_text claiming(const std::string& statement) {
  const auto leaves = PARTITA_BUG(postgres_claim_leaves_what_it_takes);
  return with_bugs(
      statement, {{PARTITA_BUG(postgres_claim_without_locking_the_node), "FOR KEY SHARE OF n", ""},
                  {leaves, "lo <= cut AND cut < hi)", "false)"},
                  {leaves, "WHERE cut = hi)", "WHERE false)"}});
}

// --- reports -------------------------------------------------------------------------------------

using reports = std::vector<const attempt_report*>;

/// Ascending by lease and number: rows are written, and checkpoints locked, in one order.
reports sorted(std::span<const attempt_report> items) {
  reports order;
  for (const auto& item : items) order.push_back(&item);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return std::tie(a->lease, a->no) < std::tie(b->lease, b->no);
  });
  return order;
}

/// What one report adds to one lease.
struct addition {
  lease_id lease;
  std::vector<partition_no> numbers;  // ascending
  item_counts counts;
};

std::string detail_of(const addition& added) {
  return event::reported_detail({{attempt_outcome::completed, added.numbers}}).dump();
}

std::vector<addition> by_lease(const reports& items) {
  std::vector<addition> added;
  for (const auto* item : items) {
    if (added.empty() || added.back().lease != item->lease) added.push_back({item->lease, {}, {}});
    added.back().numbers.push_back(item->no);
    added.back().counts += item->counts;
  }
  return added;
}

/// The final name of one file of a report.
struct named_file {
  const attempt_report* of;
  std::string name;
};

std::vector<named_file> names_in(const reports& items) {
  std::vector<named_file> names;
  for (const auto* item : items)
    for (auto& name : verbs::final_names(item->files)) names.push_back({item, std::move(name)});
  return names;
}

statement_text report_text(bool with_names) {
  return with_bugs(
      with_names ? sql::report_completed_with_names : sql::report_completed,
      {{PARTITA_BUG(postgres_report_counts_twice), "SET completed = l.completed + span.completed",
        "SET completed = least(l.completed + 2 * span.completed, l.hi - l.lo + 1)"},
       {PARTITA_BUG(postgres_report_without_locking_the_lease), " FOR UPDATE OF l", ""}});
}

}  // namespace

cluster_view postgres_transaction::heartbeat(node_id node, node_load load, bool draining,
                                             const std::optional<liveness_limits>& limits) {
  // As it is nearly always: ACTIVE, and stays so.
  if (!draining) {
    const auto rows =
        limits
            ? query(renewing(sql::renew_and_survey), node.value, load.running, load.stuck,
                    load.doing, limits->unreachable_after.count(), limits->deregister_after.count())
            : query(renewing(sql::renew), node.value, load.running, load.stuck, load.doing);
    if (!rows.empty()) return view_of(rows.front(), limits.has_value());
  }
  begin();
  return verbs::heartbeat(*this, node, load, draining, limits);
}

work_view postgres_transaction::look(node_id node) {
  work_view view;
  std::vector<step_id> limited;
  std::vector<job_and_key> keys;  // of `ready`
  std::vector<waiting_run> waiting;
  std::vector<std::string> programs;  // of those of `waiting` that are CREATED, else ""
  int executors = 0;
  for (const auto& row : query(sql::look, node.value)) {
    const std::string_view what = row["what"].c_str();
    if (what == "READY") {
      view.ready.push_back(ready_of(row));
      keys.emplace_back(row["job"].c_str(), row["fair_key"].c_str());
      executors = row["executors"].as<int>();
      if (view.ready.back().limited) limited.push_back(view.ready.back().step);
    } else if (what == "HELD") {
      view.held.push_back({id_of<lease_id>(row["id"]), state_of<stop_mode>(row["stop"]),
                           row["limited"].as<bool>()});
    } else {
      waiting.push_back({{id_of<run_id>(row["id"]), id_of<term>(row["number"])},
                         row["job"].c_str(),
                         row["fair_key"].c_str(),
                         row["priority"].as<int>()});
      const auto created = std::string_view{row["stop"].c_str()} == "CREATED";
      programs.emplace_back(created ? row["program"].c_str() : "");
    }
  }
  tell_groups(view.ready, keys);
  tell_ahead(waiting);
  if (!limited.empty())
    view.ready = with_room(std::move(view.ready), node, executors, limit_uses(limited));
  view.masterless = in_turns(without_full(std::move(waiting), programs), masterless_shown);
  return view;
}

/// `keys`: of each of these. Where nothing is to choose between, it does not matter.
void postgres_transaction::tell_groups(std::vector<ready_step>& ready,
                                       std::span<const job_and_key> keys) {
  std::map<job_and_key, std::pair<run_id, int>> groups;  // the first run, and what all hold
  for (std::size_t i = 0; i < ready.size(); ++i) {
    if (keys[i].second.empty()) continue;
    auto& first = groups.try_emplace(keys[i], ready[i].run, 0).first->second.first;
    first = std::min(first, ready[i].run);
  }
  if (groups.empty() || ready.size() < 2) return;
  const auto of = [](auto part) {
    return [part](const auto& group) { return std::string_view{group.first.*part}; };
  };
  for (const auto& row :
       query_planned_anew(sql::groups_held, column(groups, of(&job_and_key::first)),
                          column(groups, of(&job_and_key::second))))
    groups.at({row["job"].c_str(), row["fair_key"].c_str()}).second = row["slots"].as<int>();
  for (std::size_t i = 0; i < ready.size(); ++i)
    if (const auto group = groups.find(keys[i]); group != groups.end())
      std::tie(ready[i].group, ready[i].group_held) = group->second;
}

void postgres_transaction::tell_ahead(std::span<waiting_run> waiting) {
  if (waiting.empty()) return;
  std::vector<driven_group> driven;
  for (const auto& row : query_planned_anew(sql::driven_groups))
    driven.push_back({row["job"].c_str(), row["fair_key"].c_str(), row["priority"].as<int>()});
  mark_ahead(waiting, driven);
}

/// Without runs that are not begun yet and whose job has as many RUNNING as it may. `programs`: of
/// each that is not begun; of others "".
std::vector<waiting_run> postgres_transaction::without_full(std::vector<waiting_run> waiting,
                                                            std::span<const std::string> programs) {
  if (std::all_of(programs.begin(), programs.end(), [](const auto& p) { return p.empty(); }))
    return waiting;
  std::set<std::string> full;
  for (const auto& row : query_planned_anew(sql::full_jobs)) full.insert(row["program"].c_str());
  std::vector<waiting_run> left;
  for (std::size_t i = 0; i < waiting.size(); ++i)
    if (!full.contains(programs[i])) left.push_back(std::move(waiting[i]));
  return left;
}

/// After the locks, so that what is read of the leases is final until the end of the transaction.
std::int64_t postgres_transaction::locked_room(node_id node, step_id step) {
  begin();
  const auto locked =
      query(with_bugs(sql::lock_limits, {{PARTITA_BUG(postgres_limits_without_the_lock),
                                          "partita.lock_limits(limits), slots", "slots"}}),
            node.value, step.value);
  if (locked.empty()) return 0;
  return room_for(step, node, locked.front()["slots"].as<int>(), limit_uses({&step, 1}));
}

std::optional<lease_grant> postgres_transaction::claim(node_id node, step_id step,
                                                       std::int64_t width, std::int64_t narrow,
                                                       bool limited) {
  if (limited) width = std::min(width, locked_room(node, step));
  if (width < 1) return std::nullopt;
  const auto cut_off = [&](const std::string& statement) {
    return grant_of(query(claiming(statement), node.value, step.value, width, narrow, limited),
                    step);
  };
  if (auto grant = cut_off(sql::claim)) return grant;
  return cut_off(sql::claim_patiently);
}

std::vector<report_verdict> postgres_transaction::report(node_id node,
                                                         std::span<const attempt_report> items) {
  verbs::require_texts(items);
  if (items.empty()) return {};
  const auto completed = std::all_of(items.begin(), items.end(), [](const auto& item) {
    return item.outcome == attempt_outcome::completed;
  });
  if (completed && report_completed(node, items))
    return std::vector(items.size(), report_verdict::recorded);
  begin();
  return verbs::report(*this, node, items);
}

/// All of it, or nothing (false): see sql::report_completed. REQUIRES: nothing was begun.
bool postgres_transaction::report_completed(node_id node, std::span<const attempt_report> items) {
  const auto order = sorted(items);
  const auto added = by_lease(order);
  const result_columns values{order, [](const attempt_report* r) { return r; }};
  tile_pieces tiles;
  for (const auto* item : order) tiles.add(*item);
  const auto of_tiles = [&](auto of) { return column(tiles.all(), of); };
  try {
    const auto send = [&](const auto&... of_names) {
      return query(report_text(sizeof...(of_names) > 0), node.value,
                   column(added, [](const auto& a) { return a.lease.value; }),
                   column(added, [](const auto& a) { return a.numbers.front(); }),
                   column(added, [](const auto& a) { return a.numbers.back(); }),
                   column(added, [](const auto& a) { return std::int64_t(a.numbers.size()); }),
                   column(added, detail_of),
                   column_unless(order.front()->lease.value, order,
                                 [](const auto* r) { return r->lease.value; }),
                   values.no, values.output, values.read, values.written, values.filtered,
                   values.skipped, values.took, values.files, values.ended,
                   column(added, [](const auto& a) { return a.counts.read; }),
                   column(added, [](const auto& a) { return a.counts.written; }),
                   column(added, [](const auto& a) { return a.counts.filtered; }),
                   column(added, [](const auto& a) { return a.counts.skipped; }),
                   of_tiles([](const auto& t) { return t.lease.value; }),
                   of_tiles([](const auto& t) { return t.ended_ago.count(); }),
                   of_tiles([](const auto& t) { return t.sums.completed; }),
                   of_tiles([](const auto& t) { return t.sums.busy.count(); }),
                   of_tiles([](const auto& t) { return t.sums.slowest.count(); }),
                   of_tiles([](const auto& t) { return t.sums.slowest_no; }), of_names...);
    };
    const auto names = names_in(order);
    const auto told =
        names.empty() ? send()
                      : send(column(names, [](const auto& n) { return n.of->lease.value; }),
                             column(names, [](const auto& n) { return n.of->no; }),
                             column(names, [](const auto& n) { return std::string_view{n.name}; }));
    if (told.front()[0].as<int>() == 0) return false;
    newest_ = {told.front()[1].as<std::int64_t>(), told.front()[2].as<std::int64_t>()};
    return true;
  } catch (const pqxx::unique_violation&) {
    return false;  // some of it is a repeat, or a name is taken
  }
}

void postgres_transaction::commit_checkpoint(lease_id lease, partition_no no, const checkpoint& c) {
  verbs::require_checkpoint(c);
  const auto& statement =
      with_bugs(sql::commit_checkpoint,
                {{PARTITA_BUG(postgres_checkpoint_without_the_fence), " AND ended_at IS NULL", ""},
                 {PARTITA_BUG(postgres_chunk_looks_before_the_lock),
                  "WHERE l.completed + l.failed + l.returned = h.ended", ""}});
  const auto row = query(statement, lease.value, no, c.seq, c.position, c.counts.read,
                         c.counts.written, c.counts.filtered, c.counts.skipped)
                       .front();
  if (row["held"].as<bool>() && !row["fresh"].as<bool>())
    throw lost_race(named(lease) + " changed while its lock was waited for");
  if (!row["open"].as<bool>() && !PARTITA_BUG(lost_checkpoints_are_acknowledged))
    verbs::refuse_checkpoint(lease, no);
}

void postgres_transaction::record_progress(std::span<const progress_report> items) {
  if (items.empty()) return;
  query_planned_anew(sql::record_progress,
                     column(items, [](const auto& p) { return p.lease.value; }),
                     column(items, [](const auto& p) { return p.no; }),
                     column(items, [](const auto& p) { return p.done; }),
                     column(items, [](const auto& p) { return p.total; }));
}

void postgres_transaction::record_log(std::span<const log_line> lines) {
  query_planned_anew(sql::record_log, column(lines, [](const auto& l) { return l.lease.value; }),
                     column(lines, [](const auto& l) { return l.no; }),
                     column(lines, [](const auto& l) { return l.number; }),
                     column(lines, [](const auto& l) { return l.text; }),
                     column(lines, [](const auto& l) { return l.ago.count(); }), log_lines_kept);
}

}  // namespace partita::postgres
