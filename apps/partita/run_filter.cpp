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
          {"state", "STATE", "runs in this state only: CREATED, RUNNING, COMPLETED, …", "", "",
           '\0', shown_run_states()},
          {"since", "TIME", "runs submitted since then: 90s, 10m, 2h, 3d, or 2026-03-01T10:20"},
          {"param", "KEY=VALUE", "runs with this parameter only; may be given again"}};
}

run_filter run_filter_of(const arguments& args, db_time now) {
  run_filter wanted;
  wanted.choice.job = args.text("job");
  if (args.has("state")) {
    auto state = upper_case(args.text("state"));
    if (state != "ABANDONED") state = to_string(state_named<run_state>(state));
    wanted.choice.states = {state};
  }
  if (args.has("since")) {
    wanted.choice.since = parse_since(args.text("since"), now);
    if (!wanted.choice.since)
      throw usage_error("--since must be a time like 10m, 2h, 3d or 2026-03-01T10:20, not " +
                        args.text("since"));
  }
  wanted.parameters = parse_assignments(args.texts("param"));
  return wanted;
}

bool matches(const run_row& run, const run_filter& filter) {
  if (filter.parameters.empty()) return true;
  const auto values = stored_json(run.parameters);
  return std::all_of(filter.parameters.begin(), filter.parameters.end(), [&](const auto& wanted) {
    const auto& [name, value] = wanted;
    if (!values.is_object() || !values.contains(name)) return false;
    const auto typed = typed_text(values[name]);
    return value.ends_with('*') ? typed.starts_with(value.substr(0, value.size() - 1))
                                : typed == value;
  });
}

run_page find_runs(const reader& look, const run_filter& filter, int limit, run_id before) {
  run_page page;
  const auto size = filter.parameters.empty() ? limit + 1 : page_size;
  for (int seen = 0; seen < searched;) {
    const auto rows = look.list_runs(size, before, filter.choice);
    for (const auto& row : rows) {
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

run_count count_runs(const reader& look, const run_filter& filter, int most) {
  if (filter.parameters.empty()) {
    const auto count = look.count_runs(filter.choice, most);
    return {count, count == most};
  }
  const auto page = find_runs(look, filter, most, {});
  return {std::ssize(page.runs), page.next.value != 0};
}

}  // namespace partita::cli
