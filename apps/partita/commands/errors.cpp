#include <algorithm>
#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/run_errors.hpp"

namespace partita::cli {

namespace {

const listing error_kinds{{{"COUNT", "/count", cell::number},
                           {"OUTCOME", "/outcome", cell::state},
                           {"STEPS", "/steps"},
                           {"FIRST", "/first_at", cell::time},
                           {"LAST", "/last_at", cell::time},
                           {"NO", "/example/no"},
                           {"NODE", "/example/node/name", cell::text, true},
                           {"MESSAGE", "/message", cell::sentence}},
                          "/message"};

/// How to look at a partition that failed so. The step is named where a number does not do.
std::string example_command(const invocation& in, run_id run, const document& item,
                            bool several_steps) {
  const auto& example = item["example"];
  auto text = in.program + " job " + std::to_string(run.value) + " " +
              std::to_string(example["no"].get<partition_no>());
  if (several_steps && example["step"].is_string())
    text += " --step " + shell_word(example["step"].get<std::string>());
  return escape_controls(text + db_flag(in.args));
}

void print_errors(const invocation& in, const reader& look, run_id run, std::ostream& out,
                  const style& how) {
  const auto row = look.find_run(run);
  if (!row)
    throw command_error(exit_code::not_found, "not_found",
                        "there is no run " + std::to_string(run.value), "`jobs` lists the runs");
  const auto shown = errors_document(look, run);
  if (how.format == output_format::json) {
    out << dump(shown) << "\n";
    return;
  }
  const auto items = shown["items"].get<std::vector<document>>();
  out << render(error_kinds, items, how) << std::flush;
  if (how.format != output_format::table && how.format != output_format::wide) return;
  if (items.empty()) {
    std::cerr << "no attempt at a partition has failed\n";
    if (!row->error.empty())
      std::cerr << "  the run itself says: " << escape_controls(row->error) << "\n";
    return;
  }
  if (shown["more"].get<bool>())
    std::cerr << "counted are the first " << grouped(shown["looked_at"].get<std::int64_t>())
              << " failures by number: there are more\n";
  const auto steps = look.summarize(run);
  const auto with_partitions = std::count_if(steps.begin(), steps.end(),
                                             [](const auto& step) { return step.row.count > 0; });
  std::cerr << "  " << example_command(in, run, items.front(), with_partitions > 1)
            << " shows one of the first kind, with its tries\n";
}

}  // namespace

exit_code errors_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {"RUN"}, 1);
  const auto run = parse_run_id(in.args.words().front());
  style_of(in.args);
  const reader look{open_existing(database_url(in.args))->connect({})};
  return print(in.args,
               [&](std::ostream& out, const style& how) { print_errors(in, look, run, out, how); });
}

}  // namespace partita::cli
