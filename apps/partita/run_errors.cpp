#include "apps/partita/run_errors.hpp"

#include <algorithm>
#include <cctype>
#include <set>

namespace partita::cli {

namespace {

constexpr int failures_looked_at = 1'000;  // of a step

/// "line 17 of /in/3.csv" and "line 9 of /in/4.csv" are one kind of error.
std::string without_numbers(const std::string& message) {
  std::string out;
  for (const char c : message) {
    if (!std::isdigit(static_cast<unsigned char>(c)))
      out += c;
    else if (out.empty() || out.back() != '#')
      out += '#';
  }
  return out;
}

struct error_group {
  std::int64_t count = 0;
  std::set<std::string> steps;
  db_time first, last;
  failure_row example;
  bool one_message = true;
};

}  // namespace

std::vector<document> group_failures(const std::vector<failure_row>& failures,
                                     const std::vector<step_summary>& steps,
                                     const node_names& names) {
  std::map<std::pair<std::string, attempt_outcome>, error_group> groups;
  for (const auto& row : failures) {
    auto& group = groups[{without_numbers(row.error), row.outcome}];
    if (group.count++ == 0) {
      group.first = group.last = row.at;
      group.example = row;
    }
    group.first = std::min(group.first, row.at);
    group.last = std::max(group.last, row.at);
    group.one_message = group.one_message && row.error == group.example.error;
    for (const auto& step : steps)
      if (step.row.id == row.step) group.steps.insert(step.row.spec.name);
  }
  std::vector<document> items;
  for (const auto& [kind, group] : groups)
    items.push_back({{"message", group.one_message ? group.example.error : kind.first},
                     {"count", group.count},
                     {"outcome", to_string(kind.second)},
                     {"steps", group.steps},
                     {"first_at", iso_time(group.first)},
                     {"last_at", iso_time(group.last)},
                     {"example", failure_document(group.example, steps, names)}});
  std::stable_sort(items.begin(), items.end(), [](const document& a, const document& b) {
    return a["count"].get<std::int64_t>() > b["count"].get<std::int64_t>();
  });
  return items;
}

document errors_document(const reader& look, run_id run) {
  auto failures = look.sample_failures(run, failures_looked_at + 1);
  std::map<step_id, int> of_step;
  // Whatever is one too many tells that there are more.
  const auto more = std::erase_if(failures, [&](const failure_row& row) {
                      return ++of_step[row.step] > failures_looked_at;
                    }) > 0;
  return {{"items", group_failures(failures, look.summarize(run), names_of(look.list_nodes(true)))},
          {"next", nullptr},
          {"looked_at", failures.size()},
          {"more", more}};
}

}  // namespace partita::cli
