#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/tick_preview.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

const listing ticks_listed{{{"TICK", "/tick"}, {"LOCAL", "/local"}}, "/tick"};

}  // namespace

/// Needs no database: the ticks of a trigger depend on nothing else.
exit_code schedule_command(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"test", "TRIGGER"}, 2);
  if (words.front() != "test")
    throw usage_error("schedule " + words.front() + " is not known", "`schedule test` is");
  const auto shown =
      next_ticks(words[1], in.args.text("zone"), in.args.number("count", 1, 10'000), wall_now());
  const auto how = style_of(in.args);
  if (how.format == output_format::table || how.format == output_format::wide)
    std::cerr << shown.trigger << ", on the clock of " << shown.zone
              << (shown.ticks.empty() ? ": never\n" : "\n");
  std::cout << render(ticks_listed, shown.ticks, how);
  return exit_code::ok;
}

}  // namespace partita::cli
