#include <fmt/format.h>

#include <charconv>
#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/follow.hpp"
#include "apps/partita/known_jobs.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/repeat.hpp"

namespace partita::cli {

namespace {

const listing limits_listed{
    {{"LIMIT", "/name"}, {"AT ONCE", "/slots", cell::number}, {"IN USE", "/in_use", cell::number}},
    "/name"};

/// Of `ID | --job J`: nothing where --job is given.
std::optional<run_id> run_in(const invocation& in) {
  if (!in.args.has("job")) {
    require_words(in.args.words(), {"ID"}, 1);
    return parse_run_id(in.args.words().front());
  }
  require_words(in.args.words(), {}, 0);
  return std::nullopt;
}

int whole_number(const std::string& word, const std::string& what) {
  int number = 0;
  const auto* end = word.data() + word.size();
  const auto read = std::from_chars(word.data(), end, number);
  if (read.ec == std::errc::result_out_of_range && read.ptr == end)
    throw usage_error(what + " is too " + (word.front() == '-' ? "small" : "large") + ": " + word);
  if (read.ec != std::errc{} || read.ptr != end)
    throw usage_error(what + " is a whole number, not " + word);
  return number;
}

exit_code list_limits(const invocation& in) {
  require_words(in.args.words(), {"list"}, 1);
  style_of(in.args);
  const reader look{connected(in.args)};
  return print(in.args, [&](std::ostream& out, const style& how) {
    std::vector<document> items;
    for (const auto& row : look.list_limits()) items.push_back(limit_document(row));
    if (items.empty() && how.format == output_format::table) std::cerr << "no limits\n";
    out << render(limits_listed, items, how);
  });
}

exit_code set_limit(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"set", "NAME", "N"}, 3);
  std::optional<int> slots;
  if (words[2] != "any") slots = whole_number(words[2], "N");
  const sharing_store cluster{connected(in.args)};
  ask([&] { cluster.set_limit(words[1], slots, operator_name()); });
  std::cerr << (slots ? fmt::format("at most {} of steps that name {} {} in execution at once\n",
                                    counted(*slots, "partition", "partitions"),
                                    escape_controls(words[1]), *slots == 1 ? "is" : "are")
                      : fmt::format("any number of partitions of steps that name {} may be in "
                                    "execution\n",
                                    escape_controls(words[1])));
  return exit_code::ok;
}

}  // namespace

exit_code pause_command(const invocation& in) {
  const auto run = run_in(in);
  const auto note = in.args.text("note");
  const sharing_store cluster{connected(in.args)};
  if (run) {
    ask([&] { return cluster.pause_run(*run, note, operator_name()); });
    std::cerr << fmt::format(
        "run {} is paused: what is under way ends, nothing more begins\n  {} lets it go on\n",
        run->value, suggest(in, "resume", *run));
    return exit_code::ok;
  }
  const auto job = in.args.text("job");
  ask([&] { cluster.pause_job(job, note, operator_name()); });
  std::cerr << fmt::format(
      "job {} is paused, with all its runs: what is under way ends, nothing more begins\n"
      "  {} resume --job {}{} lets them go on\n",
      escape_controls(job), in.program, shell_word(job), db_flag(in.args));
  return exit_code::ok;
}

exit_code resume_command(const invocation& in) {
  const auto run = run_in(in);
  const auto with = connected(in.args);
  const sharing_store cluster{with};
  if (run) {
    const auto after = ask([&] { return cluster.resume_run(*run, operator_name()); });
    std::cerr << fmt::format(
        "run {} goes on{}\n", run->value,
        after.job_paused ? " when its job does: that is paused too (resume --job)" : "");
    return exit_code::ok;
  }
  const auto job = in.args.text("job");
  const auto changed = ask([&] { return cluster.resume_job(job, operator_name()); });
  if (!changed) require_known_job(reader{with}, job);
  std::cerr << fmt::format(
      "job {} {}\n", escape_controls(job),
      changed ? "goes on; runs that were paused by themselves stay so" : "was not paused");
  return exit_code::ok;
}

exit_code priority_command(const invocation& in) {
  require_words(in.args.words(), {"ID", "N"}, 2);
  const auto run = parse_run_id(in.args.words()[0]);
  const auto priority = whole_number(in.args.words()[1], "a priority");
  const sharing_store cluster{connected(in.args)};
  ask([&] { return cluster.set_priority(run, priority, operator_name()); });
  std::cerr << fmt::format("run {} has priority {}: of what waits, the highest goes first\n",
                           run.value, priority);
  return exit_code::ok;
}

exit_code limit_command(const invocation& in) {
  const auto& words = in.args.words();
  if (!words.empty() && words.front() == "list") return list_limits(in);
  if (!words.empty() && words.front() == "set") return set_limit(in);
  throw usage_error("limit needs a word: list, or set NAME N");
}

}  // namespace partita::cli
