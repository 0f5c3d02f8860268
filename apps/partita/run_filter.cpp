#include "apps/partita/run_filter.hpp"

#include <algorithm>

#include "apps/partita/documents.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/states.hpp"

namespace partita::cli {

namespace {

// Runs that are read at once: most are found among the newest.
constexpr int first_page = 500;
constexpr int next_page = 2'000;

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

std::vector<std::string> states_of(const arguments& args) {
  if (!args.has("state")) return {};
  auto state = upper_case(args.text("state"));
  if (state != "ABANDONED") state = to_string(state_named<run_state>(state));
  return {state};
}

run_filter run_filter_of(const arguments& args, db_time now) {
  run_filter wanted;
  wanted.choice.job = args.text("job");
  wanted.choice.states = states_of(args);
  if (args.has("since")) {
    wanted.choice.since = parse_since(args.text("since"), now);
    if (!wanted.choice.since)
      throw usage_error("--since must be a time like 10m, 2h, 3d or 2026-03-01T10:20, not " +
                        args.text("since"));
  }
  wanted.parameters = parse_assignments(args.texts("param"));
  return wanted;
}

namespace {

/// Whether stored parameters may have this one: quick, and never wrong where it says no. What can
/// be written in several ways may: escapes, numbers with a fraction, white space in lists.
bool may_hold(const json_text& stored, const std::string& name, const std::string& value) {
  if (stored.find('\\') != stored.npos) return true;
  if (stored.find('"' + name + '"') == stored.npos) return false;
  const bool is_prefix = value.ends_with('*');
  const auto text = is_prefix ? value.substr(0, value.size() - 1) : value;
  const bool may_be_list = text.starts_with('[') || text.starts_with('{');
  const bool may_be_number = text.find_first_not_of("+-.0123456789Ee") == text.npos;
  const bool is_integer = !is_prefix && text.find_first_not_of("-0123456789") == text.npos;
  return may_be_list || (may_be_number && !is_integer) || stored.find(text) != stored.npos;
}

}  // namespace

bool matches(const json_text& stored, const run_filter& filter) {
  const auto& wanted = filter.parameters;
  if (!std::all_of(wanted.begin(), wanted.end(),
                   [&](const auto& one) { return may_hold(stored, one.first, one.second); }))
    return false;
  if (wanted.empty()) return true;
  const auto values = stored_json(stored);
  return std::all_of(wanted.begin(), wanted.end(), [&](const auto& one) {
    const auto& [name, value] = one;
    if (!values.is_object() || !values.contains(name)) return false;
    const auto typed = typed_text(values[name]);
    return value.ends_with('*') ? typed.starts_with(value.substr(0, value.size() - 1))
                                : typed == value;
  });
}

namespace {

struct page_of_ids {
  std::vector<run_id> runs;
  run_id next;
};

/// By their parameters, so that only what is found is read as a whole.
page_of_ids find_ids(const reader& look, const run_filter& filter, int limit, run_id before) {
  page_of_ids page;
  auto size = first_page;
  for (int seen = 0; seen < searched; size = std::min(next_page, searched - seen)) {
    const auto rows = look.list_parameters(size, before, filter.choice);
    for (const auto& row : rows) {
      if (!matches(row.parameters, filter)) continue;
      if (std::ssize(page.runs) == limit) {
        page.next = page.runs.back();
        return page;
      }
      page.runs.push_back(row.run);
    }
    if (std::ssize(rows) < size) return page;
    before = rows.back().run;
    seen += size;
  }
  page.next = before;
  return page;
}

}  // namespace

run_page find_runs(const reader& look, const run_filter& filter, int limit, run_id before) {
  if (!filter.parameters.empty()) {
    const auto found = find_ids(look, filter, limit, before);
    return {look.find_runs(found.runs), found.next};
  }
  run_page page{look.list_runs(limit + 1, before, filter.choice), {}};
  if (std::ssize(page.runs) > limit) {
    page.runs.pop_back();
    page.next = page.runs.back().id;
  }
  return page;
}

run_count count_runs(const reader& look, const run_filter& filter, int most) {
  if (filter.parameters.empty()) {
    const auto count = look.count_runs(filter.choice, most);
    return {count, count == most};
  }
  const auto page = find_ids(look, filter, most, {});
  return {std::ssize(page.runs), page.next.value != 0};
}

}  // namespace partita::cli
