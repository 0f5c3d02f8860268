#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "apps/partita/options.hpp"
#include "storage/store.hpp"

namespace partita::cli {

/// Which runs are asked for; what is empty asks for all.
struct run_filter {
  run_choice choice;  // the database finds those
  /// With these values, as they would be typed; one that ends in '*' stands for all that begin so.
  std::map<std::string, std::string> parameters;

  bool empty() const { return choice == run_choice{} && parameters.empty(); }
};

/// --job, --state, --since, --param
option_list run_filter_options();
/// --state, of options that have it; none: any. Throws command_error (usage).
std::vector<std::string> states_of(const arguments& args);
/// Throws command_error (usage).
run_filter run_filter_of(const arguments& args, db_time now);

/// Whether these parameters, as they are stored, are those of the filter.
bool matches(const json_text& stored, const run_filter& filter);

struct run_page {
  std::vector<run_row> runs;
  run_id next;  // where the next page begins: below this run; none: this was the last
};

/// Newest first, below `before` (none: from the newest), at most `limit`. Of the runs that are
/// there at most `searched` are looked at, so that a page never takes long; then `next` goes on.
constexpr int searched = 100'000;
run_page find_runs(const reader& look, const run_filter& filter, int limit, run_id before);

struct run_count {
  std::int64_t count = 0;
  bool capped = false;  // there may be more
};
/// How many there are; it stops counting at `most`.
run_count count_runs(const reader& look, const run_filter& filter, int most);

}  // namespace partita::cli
