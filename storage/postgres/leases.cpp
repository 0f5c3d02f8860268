#include "storage/postgres/postgres_store.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/statements.hpp"
#include "storage/text.hpp"

namespace partita::postgres {

namespace {

/// The columns of sql::claim, by number: to look up five names in each of thousands of rows takes
/// longer than to read them.
enum column : pqxx::row::size_type { lease, lo, hi, attempt, no, key, input, seq, position };

granted_partition granted_of(const pqxx::row& row) {
  granted_partition p{row[no].as<std::int64_t>(), row[key].c_str(), row[input].c_str(), {}};
  if (!row[seq].is_null())
    p.resume = checkpoint{row[seq].as<std::int64_t>(), row[position].c_str(), counts_of(row)};
  return p;
}

/// One row a partition; each repeats the lease. No rows: no lease.
std::optional<lease_grant> grant_of(const pqxx::result& rows, step_id step) {
  if (rows.empty()) return std::nullopt;
  const auto first = rows.front();
  lease_grant grant;
  grant.lease = id_of<lease_id>(first[lease]);
  grant.step = step;
  grant.span = {first[lo].as<std::int64_t>(), first[hi].as<std::int64_t>()};
  grant.attempt = first[attempt].as<int>();
  grant.partitions.reserve(rows.size());
  for (const auto& row : rows) grant.partitions.push_back(granted_of(row));
  if (static_cast<std::int64_t>(rows.size()) != grant.span.size())
    throw store_error(errc::damaged, "partitions of " + named(step) + " are missing");
  return grant;
}

/// The lease keeps lo..from-1; from..hi is ready again. REQUIRES: lo < from <= hi, LIVE.
void shorten(transaction& tx, const locked_lease& lease, partition_no from) {
  const range back{from, lease.span.hi};
  // Whatever of the end was reported would be missing in what is left.
  if (const auto left = unfinished(tx, {&lease, 1}).front();
      left.empty() || left.back().hi != back.hi || left.back().lo > from)
    throw store_error(errc::bad_request, "something at or above partition " + std::to_string(from) +
                                             " of " + named(lease.id) + " has ended");
  planned_once(tx, sql::shrink_lease, lease.id.value, from - 1);
  make_ready(tx, lease.step, back, lease.attempt - 1);
  log(tx, event::lease_shrunk, lease.about(), {{"lo", back.lo}, {"hi", back.hi}});
  if (lease.unended() > back.size()) return;
  planned_once(tx, sql::end_lease, lease.id.value, "DONE", 0);
  log(tx, event::lease_ended, lease.about(), {{"state", "DONE"}});
}

}  // namespace

work_view postgres_store::look(node_id node) {
  return session_.once([&](transaction& tx) {
    work_view view;
    for (const auto& row : planned_once(tx, sql::look, node.value)) {
      const std::string_view what = row["what"].c_str();
      if (what == "READY")
        view.ready.push_back({id_of<step_id>(row["id"]), id_of<run_id>(row["run_id"]),
                              row["size"].as<std::int64_t>(), row["slots"].as<int>(),
                              row["number"].as<int>()});
      else if (what == "HELD")
        view.held.push_back({id_of<lease_id>(row["id"]), state_of<stop_mode>(row["stop"])});
      else
        view.masterless.push_back({id_of<run_id>(row["id"]), id_of<term>(row["number"])});
    }
    return view;
  });
}

std::optional<lease_grant> postgres_store::claim(node_id node, step_id step, std::int64_t width,
                                                 std::int64_t narrow) {
  const auto cut_off = [&](const std::string& statement) {
    return session_.once([&](transaction& tx) {
      return grant_of(
          planned_once(tx, statement, node.value, step.value, width, narrow), step);
    });
  };
  if (auto grant = cut_off(sql::claim)) return grant;
  return cut_off(sql::claim_patiently);
}

int postgres_store::release(node_id node, std::span<const lease_id> leases) {
  return session_.transact([&](transaction& tx) {
    auto live = lock_these_leases(tx, node, leases);
    std::erase_if(live, [](const locked_lease& l) { return l.state != lease_state::live; });
    if (!live.empty()) postgres::release(tx, live);
    return static_cast<int>(live.size());
  });
}

void postgres_store::give_back(node_id node, lease_id lease, partition_no from) {
  session_.transact([&](transaction& tx) {
    const auto found = lock_these_leases(tx, node, {&lease, 1});
    if (found.empty() || found.front().state != lease_state::live ||
        from > found.front().span.hi)
      return;
    if (from <= found.front().span.lo) return postgres::release(tx, found);
    shorten(tx, found.front(), from);
  });
}

}  // namespace partita::postgres
