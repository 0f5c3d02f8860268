#include "apps/partita/run_filter.hpp"

#include <algorithm>

#include "apps/partita/documents.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/states.hpp"

namespace partita::cli {

namespace {

constexpr int page_size = 500;

/// A value as it would be typed.
std::string typed_text(const document& value) {
  return value.is_string() ? value.get<std::string>() : dump(value);
}

}  // namespace

option_list run_filter_options() {
  return {{"job", "NAME", "runs of this job only"},
          {"state", "STATE", "runs in this state only: CREATED, RUNNING, COMPLETED, …"},
          {"since", "TIME", "runs submitted since then: 90s, 10m, 2h, 3d, or 2026-03-01T10:20"},
          {"param", "KEY=VALUE", "runs with this parameter only; may be given again"}};
}

run_filter run_filter_of(const arguments& args, db_time now) {
  run_filter wanted;
  wanted.job = args.text("job");
  if (args.has("state")) wanted.state = state_named<run_state>(args.text("state"));
  if (args.has("since")) {
    wanted.since = parse_since(args.text("since"), now);
    if (!wanted.since)
      throw usage_error("--since must be a time like 10m, 2h, 3d or 2026-03-01T10:20, not " +
                        args.text("since"));
  }
  wanted.parameters = parse_assignments(args.texts("param"));
  return wanted;
}

bool matches(const run_row& run, const run_filter& filter) {
  if (!filter.job.empty() && run.job.name != filter.job) return false;
  if (filter.state && run.state != *filter.state) return false;
  if (filter.since && run.created_at < *filter.since) return false;
  if (filter.parameters.empty()) return true;
  const auto values = stored_json(run.parameters);
  return std::all_of(filter.parameters.begin(), filter.parameters.end(), [&](const auto& wanted) {
    return values.is_object() && values.contains(wanted.first) &&
           typed_text(values[wanted.first]) == wanted.second;
  });
}

run_page find_runs(const reader& look, const run_filter& filter, int limit, run_id before) {
  run_page page;
  const auto size = filter.empty() ? limit + 1 : page_size;
  for (int seen = 0; seen < searched;) {
    const auto rows = look.list_runs(size, before);
    for (const auto& row : rows) {
      if (filter.since && row.created_at < *filter.since) return page;  // and so is what follows
      if (!matches(row, filter)) continue;
      if (page.runs.size() == static_cast<std::size_t>(limit)) {
        page.next = page.runs.back().id;
        return page;
      }
      page.runs.push_back(row);
    }
    if (rows.size() < static_cast<std::size_t>(size)) return page;
    before = rows.back().id;
    seen += size;
  }
  page.next = before;
  return page;
}

}  // namespace partita::cli
