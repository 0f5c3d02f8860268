#include <iostream>

#include "apps/partita/bench/benchmarks.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/render.hpp"

namespace partita::cli {

exit_code bench_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {"BENCHMARK"}, 1);
  const auto json = wants_json(in.args);
  const auto& what = bench::find_benchmark(in.args.words().front());
  const auto plan = bench::plan_of(what, in.args, database_url(in.args));
  bench::meter nothing;
  const auto line = bench::measure(what, plan, nothing);
  if (json) {
    std::cout << dump(line) << "\n";
    return exit_code::ok;
  }
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& [name, value] : line.items())
    fields.emplace_back(name, value.is_string() ? value.get<std::string>() : dump(value));
  std::cout << render_fields(fields);
  return exit_code::ok;
}

}  // namespace partita::cli
