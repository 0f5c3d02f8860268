#include "apps/partita/command_table.hpp"

#include <algorithm>
#include <iostream>

#include "apps/partita/bench/benchmarks.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/render.hpp"
#include "batch/description.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

namespace {

const option wait_option{"wait", "", "waits for its end; the exit code tells how it ended"};
const option key_option{"key", "KEY", "launch key: the same key again finds the same run"};

/// What every command that reaches a database takes, after its own options.
option_list with_database(const option_list& own, const std::string& log_level = "warn") {
  return own + database_options() + log_options(log_level) + help_option();
}

std::vector<command> make_table() {
  const std::string work = "Run jobs", look = "Look", operate = "Operate";
  return {
      {"run", "JOB [KEY=VALUE…]", "runs a job on local nodes and waits for it", work,
       "Submits the run, starts node processes on this machine, shows progress, and prints the\n"
       "result of the run as JSON. The exit code tells how it ended.",
       with_database(option_list{{"nodes", "N", "node processes to start", "", "1"}, key_option} +
                     output_options() + node_setting_options()),
       run_command},
      {"submit", "JOB [KEY=VALUE…]", "hands a run to the nodes of the cluster", work,
       "Prints the number of the run. The first node that knows the job becomes its master.",
       with_database(option_list{wait_option, key_option} + output_options()), submit_command},
      {"wait", "ID", "waits for a run and prints its result", work,
       "Ctrl-C detaches: the run goes on.",
       with_database(option_list{{"timeout", "S", "gives up after S seconds, with exit code 6"}} +
                     output_options()),
       wait_command},
      {"cancel", "ID", "asks a run to stop", work,
       "Partitions end at their next checkpoint; `restart` continues the run later.",
       with_database(option_list{{"now", "", "interrupts what runs, without waiting"}} +
                     output_options()),
       cancel_command},
      {"restart", "ID", "continues a FAILED or STOPPED run as a new one", work,
       "Completed partitions keep their results; the others go on from their checkpoints.",
       with_database(option_list{wait_option, key_option} + output_options()), restart_command},
      {"jobs", "", "lists runs, newest first", look, "",
       with_database(
           option_list{
               {"known", "", "the jobs of this program and of the cluster, and their parameters"},
               {"limit", "N", "at most N runs", "", "20"},
               {"before", "ID", "runs older than this one: the next page"}} +
           listing_options()),
       jobs_command},
      {"job", "ID", "shows one run", look, "",
       with_database(
           option_list{{"partitions", "", "its partitions too"},
                       {"step", "NAME", "partitions of this step only"},
                       {"limit", "N", "at most N partitions of a step in a table", "", "100"}} +
           listing_options()),
       job_command},
      {"nodes", "", "lists the nodes of the cluster", look, "",
       with_database(option_list{{"all", "", "also those that left or were given up"}} +
                     listing_options()),
       nodes_command},
      {"node", "", "is a node of the cluster until it gets SIGTERM", operate,
       "SIGTERM or Ctrl-C drains: it claims nothing new, finishes or checkpoints what it has, and\n"
       "leaves. The second one gives back at once.",
       with_database(
           option_list{{"name", "NAME", "how listings call it (HOST-PID)", "PARTITA_NODE_NAME"}} +
               node_setting_options(),
           "info"),
       node_command},
      {"schema", "migrate|status|verify|roles", "creates, shows or checks the tables", operate,
       "migrate applies what is missing. status lists the migrations, verify compares them with\n"
       "those this program carries; both end with 7 when the tables do not fit. roles prints SQL\n"
       "that gives nodes, launchers and readers of a PostgreSQL database the rights they need.",
       with_database(listing_options()), schema_command},
      {"doctor", "", "says what is unsafe or unfit, and what to do about it", operate,
       "Looks at the schema, the link, the rights and the durability of the database, and at the\n"
       "settings a node would have. Ends with 1 when something is unsafe or unfit.",
       with_database(output_options() + node_setting_options()), doctor_command},
      {"verify", "[RUN]", "checks a run, or all, against the invariants and the event log", operate,
       "Reads one consistent snapshot, replays the log, and tells every row that the engine\n"
       "cannot have written. Nodes may go on working. Ends with 1 when something is wrong.",
       with_database(option_list{{"all", "", "every run; the same as no RUN"}} + output_options()),
       verify_command},
      {"bench", "BENCHMARK", "measures this database, with nodes in this process", operate,
       "claim_throughput   partitions a second through claim, executor and recorded result\n"
       "pickup_latency     how long a run waits for a master, and a partition for an executor\n"
       "executor_scaling   CPU-bound partitions against a plain loop over the same work\n"
       "The runs it makes stay in the database: use one that is made for it.",
       with_database(bench::plan_options() + output_options()), bench_command},
      {"version", "", "shows the versions of program and schema", operate, "",
       output_options() + help_option(), version_command},
      {"help", "[COMMAND]", "explains a command", operate, "", help_option(), help_command},
  };
}

std::string padded(const std::string& text, std::size_t columns) {
  return text + std::string(columns > text.size() ? columns - text.size() : 1, ' ');
}

std::vector<command>& table() {
  static auto commands = make_table();
  return commands;
}

}  // namespace

const std::vector<command>& command_table() { return table(); }

void add_command(command extra) { table().insert(table().begin(), std::move(extra)); }

const command& find_command(const std::string& name) {
  std::vector<std::string> shown;
  for (const auto& one : command_table()) {
    if (one.name == name) return one;
    shown.push_back(one.name);
  }
  auto close = nearest(name, shown);
  throw usage_error("there is no command " + name,
                    close ? "did you mean " + *close + "?" : "`help` lists the commands");
}

std::string overview(const std::string& program) {
  std::string out =
      "Runs partitioned batch jobs over nodes that share nothing but a database.\n\n"
      "Usage: " +
      program + " COMMAND [OPTIONS]\n";
  std::string group;
  for (const auto& one : command_table()) {
    if (one.group != group) out += "\n" + one.group + "\n";
    group = one.group;
    out += "  " + padded(one.name, 10) + one.summary + "\n";
  }
  return out + "\n`" + program + " help COMMAND` tells more.\n";
}

std::string help_of(const command& what, const std::string& program) {
  auto out = "Usage: " + program + " " + what.name + (what.words.empty() ? "" : " " + what.words) +
             " [OPTIONS]\n\n" + what.summary + "\n";
  if (!what.details.empty()) out += what.details + "\n";
  out += "\nOptions\n";
  for (const auto& one : what.options) {
    auto flag = (one.letter ? std::string{"-"} + one.letter + ", " : "    ") + "--" + one.name;
    if (one.value_is_optional())
      flag += "[=" + one.value.substr(1);
    else if (!one.is_flag())
      flag += " " + one.value;
    out += "  " + padded(flag, 32) + one.help;
    if (!one.fallback.empty()) out += " (" + one.fallback + ")";
    if (!one.env.empty()) out += " [" + one.env + "]";
    out += "\n";
  }
  return out;
}

exit_code dispatch(const std::string& program, const std::vector<std::string>& words,
                   const registry& jobs) {
  if (words.empty()) {
    std::cerr << overview(program);
    return exit_code::usage;
  }
  auto name = words.front();
  if (name == "-h" || name == "--help") name = "help";
  if (name == "-V" || name == "--version") name = "version";
  const auto& wanted = find_command(name);
  arguments args(wanted.options, {words.begin() + 1, words.end()});
  if (args.has("help")) {
    std::cout << help_of(wanted, program);
    const bool takes_job = wanted.words.starts_with("JOB") && !args.words().empty();
    if (const auto* named = takes_job ? jobs.find(args.words().front()) : nullptr)
      std::cout << "\nThe job\n" << describe_job(job_document(named->ref(), describe(*named)));
    return exit_code::ok;
  }
  return wanted.run({program, jobs, args});
}

}  // namespace partita::cli
