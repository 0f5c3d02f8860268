#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <iterator>
#include <map>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"
#include "apps/partita/schedule_options.hpp"
#include "apps/partita/schedule_troubles.hpp"
#include "apps/partita/tick_preview.hpp"
#include "storage/clock.hpp"

namespace partita::cli {

namespace {

const listing ticks_listed{{{"TICK", "/tick"}, {"LOCAL", "/local"}}, "/tick"};

const listing schedules_listed{{{"NAME", "/name"},
                                {"JOB", "/job"},
                                {"STATE", "/state", cell::state},
                                {"TRIGGER", "/trigger"},
                                {"ZONE", "/zone"},
                                {"NEXT", "/next_tick"},
                                {"LAST", "/last_tick", cell::time},
                                {"LAST RUN", "/last_run"},
                                {"MISSED", "/missed", cell::number},
                                {"OWNER", "/owner/name"},
                                {"NOTE", "/paused/note"},
                                {"OVERLAP", "/overlap", cell::text, true},
                                {"PARAMETERS", "/parameters", cell::text, true},
                                {"CREATED", "/created_at", cell::time, true}},
                               "/name"};

const std::string& name_in(const invocation& in) {
  require_words(in.args.words(), {in.args.words().front(), "NAME"}, 2);
  return in.args.words()[1];
}

bool shows_table(const style& how) {
  return how.format == output_format::table || how.format == output_format::wide;
}

/// As a table shows it; other formats print times as they are.
document listed_schedule(const schedule_row& row, const node_names& names, const style& how) {
  auto item = schedule_document(row, names);
  if (shows_table(how) && how.relative_time && !item["next_tick"].is_null())
    item["next_tick"] = when_text(*row.next_tick, how.now);
  return item;
}

exit_code list(const invocation& in) {
  require_words(in.args.words(), {"list"}, 1);
  style_of(in.args);
  const reader look{connected(in.args)};
  return print(in.args, [&](std::ostream& out, const style& how) {
    const auto names = names_of(look.list_nodes(false));
    std::vector<document> items;
    for (const auto& row : all_schedules(look)) items.push_back(listed_schedule(row, names, how));
    if (items.empty() && how.format == output_format::table) std::cerr << "no schedules\n";
    auto shown = schedules_listed;
    const auto any_note = std::any_of(
        items.begin(), items.end(), [](const document& item) { return !item["paused"].is_null(); });
    if (!any_note)
      std::erase_if(shown.columns, [](const column& c) { return c.heading == "NOTE"; });
    out << render(shown, items, how);
  });
}

schedule_row found(const reader& look, const std::string& name) {
  if (const auto row = look.find_schedule(name)) return *row;
  std::vector<std::string> names;
  for (const auto& row : all_schedules(look)) names.push_back(row.what.name);
  const auto close = nearest(name, names);
  throw command_error(exit_code::not_found, "not_found", "there is no schedule " + name,
                      close ? "did you mean " + *close + "?" : "`schedule list` shows all");
}

exit_code show(const invocation& in) {
  const auto& name = name_in(in);
  const reader look{connected(in.args)};
  const auto how = style_of(in.args);
  const auto row = found(look, name);
  const auto nodes = look.list_nodes(false);
  const auto ticks = coming_ticks(row, in.args.number("count", 1, 10'000), clock_of(nodes));
  auto item = listed_schedule(row, names_of(nodes), how);
  item["next_ticks"] = ticks;
  if (how.format == output_format::json) {
    std::cout << dump(item) << "\n";
    return exit_code::ok;
  }
  if (!shows_table(how)) {
    std::cout << render(schedules_listed, {item}, how);
    return exit_code::ok;
  }
  std::vector<std::pair<std::string, std::string>> fields;
  const auto field = [&](const char* heading, const char* pointer, cell kind = cell::text) {
    fields.emplace_back(heading, cell_text({heading, pointer, kind}, item, how));
  };
  field("name", "/name");
  field("job", "/job");
  field("parameters", "/parameters");
  field("state", "/state", cell::state);
  if (row.paused) {
    field("since", "/paused/since", cell::time);
    field("by", "/paused/by");
    field("note", "/paused/note");
  }
  field("trigger", "/trigger");
  field("zone", "/zone");
  field("overlap", "/overlap");
  fields.emplace_back("catches up", duration_text(fires_within(row.what)));
  field("owner", "/owner/name");
  field("next tick", "/next_tick");
  field("last tick", "/last_tick", cell::time);
  field("last run", "/last_run");
  field("missed", "/missed", cell::number);
  std::cout << render_fields(fields);
  if (!ticks.empty())
    std::cout << (row.paused ? "\nresumed now, it fires at\n" : "\n")
              << render(ticks_listed, ticks, how);
  return exit_code::ok;
}

/// "every 30s", "once at 2026-03-01T10:20:00", "by 30 2 * * 1-5"
std::string when_words(const std::string& trigger) {
  if (trigger.starts_with("every ")) return trigger;
  return (trigger.starts_with("at ") ? "once " : "by ") + trigger;
}

exit_code add(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"add", "NAME", "TRIGGER"}, words.size());
  const auto preview = next_ticks(words[2], in.args.text("zone"), 1, wall_now());
  if (preview.ticks.empty())
    throw usage_error("the trigger " + preview.trigger + " never comes",
                      "`schedule test` prints the next ticks of a trigger");
  auto wanted = schedule_of(in.jobs, {words.begin() + 3, words.end()});
  wanted.name = words[1];
  wanted.trigger = preview.trigger;
  wanted.zone = preview.zone;
  wanted.overlap = overlap_of(in.args);
  wanted.catch_up = catch_up_of(in.args);
  start_log(in.args);
  const auto db = open_to_submit(database_url(in.args));
  const schedule_store schedules{db->connect({})};
  const auto row =
      ask([&] { return schedules.add_schedule(wanted, in.args.has("paused"), operator_name()); });
  if (in.args.has("paused") && in.args.has("note"))
    ask([&] { schedules.pause_schedule(wanted.name, in.args.text("note"), operator_name()); });
  std::cerr << fmt::format("schedule {} starts {} {}, on the clock of {}{}\n",
                           escape_controls(row.what.name), row.what.job,
                           when_words(row.what.trigger), row.what.zone,
                           row.paused      ? ": it is paused"
                           : row.next_tick ? ", next at " + iso_time(*row.next_tick)
                                           : ", which never comes");
  return exit_code::ok;
}

/// For clusters whose nodes may not do it themselves.
exit_code sync(const invocation& in) {
  require_words(in.args.words(), {"sync"}, 1);
  start_log(in.args);
  const auto declared = in.jobs.schedules();
  const auto db = open_to_submit(database_url(in.args));
  const schedule_store schedules{db->connect({})};
  const auto changed = ask([&] { return schedules.declare_schedules(declared); });
  std::cerr << fmt::format("the jobs of this program declare {}: {} changed\n",
                           counted(std::ssize(declared), "schedule", "schedules"), changed);
  return exit_code::ok;
}

exit_code remove(const invocation& in) {
  const auto& name = name_in(in);
  const schedule_store schedules{connected(in.args)};
  ask([&] { schedules.remove_schedule(name, operator_name()); });
  std::cerr << fmt::format("schedule {} is gone; its runs stay\n", escape_controls(name));
  return exit_code::ok;
}

exit_code pause(const invocation& in) {
  const auto& name = name_in(in);
  const schedule_store schedules{connected(in.args)};
  ask([&] { schedules.pause_schedule(name, in.args.text("note"), operator_name()); });
  std::cerr << fmt::format("schedule {} is paused; `schedule resume {}` lets it go on\n",
                           escape_controls(name), shell_word(name));
  return exit_code::ok;
}

exit_code resume(const invocation& in) {
  const auto& name = name_in(in);
  const schedule_store schedules{connected(in.args)};
  const auto row = ask([&] { return schedules.resume_schedule(name, operator_name()); });
  std::cerr << fmt::format("schedule {} goes on{}\n", escape_controls(name),
                           row.next_tick ? ", next at " + iso_time(*row.next_tick) : "");
  return exit_code::ok;
}

/// Of the job, as nodes have told; else as this program knows it.
int newest_version(const invocation& in, const reader& look, const std::string& job) {
  int version = 0;
  for (const auto& known : look.list_known_jobs())
    if (known.latest.job.name == job) version = std::max(version, known.latest.job.version);
  return version > 0 ? version : find_job(in.jobs, job).version();
}

void tell_runs(const std::vector<run_row>& runs) {
  for (const auto& run : runs) std::cout << run.id.value << "\n";
}

exit_code run_now(const invocation& in) {
  const auto& name = name_in(in);
  const auto session = connected(in.args);
  const auto row = found(reader{session}, name);
  std::optional<db_time> tick;
  if (in.args.has("at")) {
    tick = moment_of(in.args, "at", row.what.zone);
    require_tick(row.what, *tick);
  }
  const auto version = newest_version(in, reader{session}, row.what.job);
  const auto run = ask(
      [&] { return schedule_store{session}.run_schedule(name, tick, version, operator_name()); });
  tell_runs({run});
  std::cerr << fmt::format("run {} of {} is that of the tick {}\n", run.id.value, run.job.name,
                           iso_time(*run.tick));
  return exit_code::ok;
}

exit_code backfill(const invocation& in) {
  const auto& name = name_in(in);
  const auto session = connected(in.args);
  const auto row = found(reader{session}, name);
  const auto from = moment_of(in.args, "from", row.what.zone);
  const auto now = clock_of(reader{session}.list_nodes(false));
  const auto to = in.args.has("to") ? moment_of(in.args, "to", row.what.zone) : now;
  const auto ticks = past_ticks(row.what, from, to, now);
  const auto version = newest_version(in, reader{session}, row.what.job);
  std::vector<run_row> runs;
  for (const auto tick : ticks)
    runs.push_back(ask([&] {
      return schedule_store{session}.run_schedule(name, tick, version, operator_name());
    }));
  tell_runs(runs);
  std::cerr << fmt::format("{} from {} to {}, and a run for each\n",
                           counted(std::ssize(runs), "tick", "ticks"), iso_time(from),
                           iso_time(to));
  return exit_code::ok;
}

/// Needs no database: the ticks of a trigger depend on nothing else.
exit_code test(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"test", "TRIGGER"}, words.size());
  const auto shown =
      next_ticks(words[1], in.args.text("zone"), in.args.number("count", 1, 10'000), wall_now());
  require_words(words, {}, 2);
  const auto how = style_of(in.args);
  if (shows_table(how))
    std::cerr << shown.trigger << ", on the clock of " << shown.zone
              << (shown.ticks.empty() ? ": never\n" : "\n");
  std::cout << render(ticks_listed, shown.ticks, how);
  return exit_code::ok;
}

}  // namespace

exit_code schedule_command(const invocation& in) {
  static const std::map<std::string, exit_code (*)(const invocation&)> verbs{
      {"add", add},       {"list", list},   {"show", show},         {"pause", pause},
      {"resume", resume}, {"run", run_now}, {"backfill", backfill}, {"rm", remove},
      {"sync", sync},     {"test", test}};
  const auto& words = in.args.words();
  std::vector<std::string> known;
  for (const auto& [word, verb] : verbs) known.push_back(word);
  if (words.empty()) throw usage_error("schedule needs a word: " + join(known, ", "));
  const auto verb = verbs.find(words.front());
  if (verb == verbs.end())
    throw usage_error("schedule " + words.front() + " is not known",
                      "it is one of " + join(known, ", "));
  require_options_of(verb->first, in.args);
  return verb->second(in);
}

}  // namespace partita::cli
