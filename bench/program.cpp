#include "bench/program.hpp"

#include <iostream>

#include "actors/node_process.hpp"
#include "apps/partita/command_table.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/errors.hpp"
#include "bench/cost_meter.hpp"

namespace partita::bench {

int run_program(int argc, char** argv, const program& what) {
  try {
    const auto options = what.options + cli::log_options("error") + cli::general_options();
    const cli::arguments args(options, {argv + 1, argv + argc});
    if (args.has("help")) {
      const cli::command shown{what.name, "", what.summary, "", "", {}, options, nullptr};
      std::cout << cli::help_of(shown, "bench/");
      end_process(0);
    }
    cli::require_words(args.words(), {}, 0);
    cli::start_log(args);
    what.run(args);
    end_process(0);
  } catch (...) {
    const auto error = cli::describe(std::current_exception());
    std::cerr << cli::render(error, what.name, false);
    end_process(static_cast<int>(error.exit));
  }
}

option_list database_option() {
  return {{"db", "URL", "sqlite:PATH or postgresql://…, made for this: tables are left behind"}};
}

std::string database_of(const cli::arguments& args) {
  auto url = args.text("db");
  if (url.empty()) throw cli::usage_error("--db is missing");
  return url;
}

std::string database_kind(const std::string& url) {
  return url.starts_with("sqlite:") ? "sqlite" : "postgresql";
}

void print(const document& line) { std::cout << cli::dump(line) << std::endl; }

int run_benchmark(int argc, char** argv, const std::string& name) {
  const auto& what = find_benchmark(name);
  run_program(
      argc, argv,
      {name, what.summary, database_option() + plan_options(), [&](const cli::arguments& args) {
         const auto url = database_of(args);
         const auto p = plan_of(what, args, url);
         cost_meter costs(url);
         auto line = measure(what, p, costs);
         line.update(costs.figures(static_cast<double>(p.partitions), "partition"));
         print(line);
       }});
}

}  // namespace partita::bench
