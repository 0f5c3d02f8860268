#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/errors.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/text.hpp"
#include "protocol/trigger.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

const listing ticks_listed{{{"TICK", "/tick"}, {"LOCAL", "/local"}}, "/tick"};

/// What the clock of a zone shows, as "2026-03-29 03:00:00".
std::string shown_there(const time_zone& zone, db_time at) {
  const auto shown = zone.local(at).time_since_epoch();
  auto text = iso_time(db_time{std::chrono::duration_cast<microseconds>(shown)}).substr(0, 19);
  text.replace(10, 1, " ");
  return text;
}

}  // namespace

/// Needs no database: the ticks of a trigger depend on nothing else.
exit_code schedule_command(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"test", "TRIGGER"}, 2);
  if (words.front() != "test")
    throw usage_error("schedule " + words.front() + " is not known", "`schedule test` is");
  const auto parsed = parse_trigger(words[1], in.args.text("zone"));
  if (!parsed.value)
    throw usage_error(parsed.flaw, "such as \"30 2 * * MON-FRI\", \"every 10m\", \"@daily\"");
  const auto& when = *parsed.value;
  std::vector<document> items;
  auto at = wall_now();
  for (auto left = in.args.number("count", 1, 10'000); left > 0; --left) {
    const auto next = next_tick(when, at);
    if (!next) break;
    at = *next;
    items.push_back({{"tick", iso_time(at)}, {"local", shown_there(when.zone, at)}});
  }
  const auto how = style_of(in.args);
  if (how.format == output_format::table || how.format == output_format::wide)
    std::cerr << to_text(when) << ", on the clock of " << when.zone.name()
              << (items.empty() ? ": never\n" : "\n");
  std::cout << render(ticks_listed, items, how);
  return exit_code::ok;
}

}  // namespace partita::cli
