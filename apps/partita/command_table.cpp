#include "apps/partita/command_table.hpp"

#include <algorithm>

#include "apps/partita/bench/benchmarks.hpp"
#include "apps/partita/commands/bulk.hpp"
#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/http/site.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/run_filter.hpp"
#include "apps/partita/schedule_options.hpp"
#include "apps/partita/states.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

namespace {

const option wait_option{"wait", "", "wait for its end; the exit code tells how it ended"};
const option key_option{"key", "KEY", "launch key: the same key again finds the same run"};
const option trace_option{"trace-parent", "TRACEPARENT",
                          "the span that submits it, as in W3C's header traceparent",
                          "TRACEPARENT"};
const option priority_option{"priority", "N", "-1000 to 1000: the highest goes first", "", "0"};
const option version_option{"version", "N",
                            "of the job, for the new run; that of the old one if not given"};

const option keep_last_option{"keep-last", "N", "so many of the last runs of a job stay", "", "0"};

/// What every command that reaches a database takes, after its own options.
option_list with_database(const option_list& own, const std::string& log_level = "warn") {
  return own + database_options() + log_options(log_level) + general_options();
}

/// As those of a node; it listens by default.
option_list serve_options() {
  auto options = http::http_options();
  options.front().fallback = "127.0.0.1:8080";
  return options;
}

std::vector<command> make_table() {
  const std::string work = "Run jobs", look = "Look", operate = "Operate";
  return {
      {"run",
       "JOB [KEY=VALUE…]",
       "run a job on local nodes and wait for it",
       work,
       "Submit the run, start node processes on this machine, show progress, and print the result\n"
       "of the run as JSON. The exit code tells how it ended. `run JOB --help` shows the\n"
       "parameters of the job, `jobs --known` lists the jobs.",
       {"run JOB from=1 to=100 --nodes 3", "run JOB --help"},
       with_database(option_list{{"nodes", "N", "node processes to start", "", "1"},
                                 key_option,
                                 trace_option} +
                     output_options() + node_setting_options()),
       run_command},
      {"submit",
       "JOB [KEY=VALUE…]",
       "hand a run to the nodes of the cluster",
       work,
       "Print the number of the run. The first node that knows the job becomes its master.",
       {"submit JOB from=1 to=100", "submit JOB day=2026-03-01 --key nightly-2026-03-01 --wait"},
       with_database(option_list{wait_option, key_option, trace_option, priority_option} +
                     output_options()),
       submit_command},
      {"wait",
       "ID",
       "wait for a run and print its result",
       work,
       "Ctrl-C detaches: the run goes on.",
       {"wait 17", "wait 17 --timeout 60 -o json"},
       with_database(option_list{{"timeout", "S", "give up after S seconds, with exit code 6"}} +
                     output_options()),
       wait_command},
      {"cancel",
       "ID | --job JOB…",
       "ask a run, or all that a filter finds, to stop",
       work,
       "Partitions end at their next checkpoint; `restart` continues the run later.",
       {"cancel 17", "cancel 17 --now", "cancel --job nightly --since 1d --dry-run"},
       with_database(option_list{{"now", "", "interrupt what runs, without waiting"}} +
                     bulk_options() + output_options()),
       cancel_command},
      {"restart",
       "ID | --failed --job JOB…",
       "continue a FAILED or STOPPED run, or all that a filter finds, as new ones",
       work,
       "Completed partitions keep their results; the others go on from their checkpoints. With a\n"
       "filter, the runs that FAILED and that nobody has continued. --skipped also tries again\n"
       "what policies let go, and continues COMPLETED runs for it.",
       {"restart 17", "restart 17 --wait", "restart 17 --skipped", "restart 17 --version 3",
        "restart --failed --job nightly --since 1d"},
       with_database(
           option_list{wait_option,
                       key_option,
                       version_option,
                       {"failed", "", "those that FAILED"},
                       {"skipped", "", "and try items again that were let go, and no others"}} +
           bulk_options() + output_options()),
       restart_command},
      {"abandon",
       "ID",
       "say that a FAILED or STOPPED run shall not be continued",
       work,
       "It counts as ABANDONED from now on; `submit` begins its work anew.",
       {"abandon 17"},
       with_database(output_options()),
       abandon_command},
      {"jobs",
       "",
       "list runs, newest first",
       look,
       "",
       {"jobs", "jobs --known", "jobs --job nightly --state FAILED --since 2d --param region=eu",
        "jobs --limit 100 --before 17 -o json"},
       with_database(
           option_list{
               {"known", "", "the jobs of this program and of the cluster, and their parameters"},
               {"limit", "N", "at most N runs", "", "20"},
               {"before", "ID", "runs older than this one: the next page"}} +
           run_filter_options() + listing_options()),
       jobs_command},
      {"job",
       "ID [NO]",
       "show one run, or one partition of it",
       look,
       "With NO: that partition, and every lease that held it: node, time, outcome.\n"
       "With --skipped, -o csv and -o jsonl print every item that was let go, however many there\n"
       "are; with --limit N, the first N.",
       {"job 17", "job 17 --state FAILED", "job 17 --sort took --limit 10", "job 17 3",
        "job 17 --step convert -o csv", "job 17 --skipped", "job 17 --skipped -o csv",
        "job 17 --report run17.html"},
       with_database(
           option_list{
               {"partitions", "", "its partitions too"},
               {"skipped", "", "the items that its policies let go too"},
               {"step", "NAME", "partitions, and items, of this step only"},
               {"state", "STATE", "partitions PENDING, CLAIMED, COMPLETED or FAILED only", "", "",
                '\0', names_of_states(partition_state{})},
               {"sort",
                "ORDER",
                "no; or took: those that took longest first",
                "",
                "",
                '\0',
                {"no", "took"}},
               {"limit", "N", "at most N partitions of a step, or items, in a table", "", "100"},
               {"report", "FILE",
                "write all about it as a page, HTML, that needs nothing else; - writes it to "
                "stdout"}} +
           listing_options()),
       job_command},
      {"errors",
       "RUN",
       "tell why partitions of a run failed, by message",
       look,
       "Failed attempts and those that are made again, the most frequent message first; messages\n"
       "that differ in numbers only are one. NO is a partition that failed so: `job RUN NO`.",
       {"errors 17", "errors 17 -o csv", "errors 17 --watch"},
       with_database(listing_options()),
       errors_command},
      {"events",
       "[RUN]",
       "show the log of changes: of all, or of one run",
       look,
       "The newest ones, oldest first. With --follow, those that come, until Ctrl-C or the end of\n"
       "RUN. An event shows when its transaction commits: one that commits late is printed behind\n"
       "others with higher numbers, within 20 s, unless 100,000 came before it.",
       {"events", "events 17 --follow", "events --after 1200 --limit 1000 -o jsonl"},
       with_database(option_list{{"limit", "N", "at most N events", "", "20"},
                                 {"after", "ID", "events after this one: the next page"},
                                 {"follow", "", "go on with those that come"}} +
                     format_options()),
       events_command},
      {"top",
       "",
       "watch the cluster: runs, nodes, what they do and what fails",
       look,
       "On a terminal it is drawn anew every second, until q or Ctrl-C; elsewhere once.",
       {"top", "top --once", "top -o json"},
       with_database(option_list{{"once", "", "once, and end"}} + output_options() +
                     color_option()),
       top_command},
      {"nodes",
       "",
       "list the nodes of the cluster",
       look,
       "",
       {"nodes", "nodes --all -o wide"},
       with_database(option_list{{"all", "", "also those that left or were given up"}} +
                     listing_options()),
       nodes_command},
      {"pause",
       "ID | --job JOB",
       "let nothing more of a run begin, or of all runs of a job",
       operate,
       "What is under way ends; what is leased and has not begun is given back. With --job runs\n"
       "that come later wait, too.",
       {"pause 17 --note \"the mainframe is away\"", "pause --job nightly"},
       with_database({{"job", "JOB", "all runs of this job"}, {"note", "TEXT", "why"}}),
       pause_command},
      {"resume",
       "ID | --job JOB",
       "let a paused run, or a paused job, go on",
       operate,
       "",
       {"resume 17", "resume --job nightly"},
       with_database({{"job", "JOB", "this job"}}),
       resume_command},
      {"priority",
       "ID N",
       "change the priority of a live run",
       operate,
       "Nodes claim from runs of the highest priority first, and evenly from those of the same.\n"
       "N is from -1000 to 1000; 0 is where a run begins.",
       {"priority 17 10"},
       with_database({}),
       priority_command},
      {"limit",
       "list | set NAME N",
       "bound what is in execution at once in the cluster",
       operate,
       "Steps name limits (`limited_by` in the job). N is how many of their partitions may be in\n"
       "execution at once, or `any`. What is under way when N gets less goes to its end.",
       {"limit set sanctions-api 10", "limit set sanctions-api any", "limit list"},
       with_database(listing_options()),
       limit_command,
       {"list", "set"}},
      {"node",
       "",
       "work as a node of the cluster until SIGTERM",
       operate,
       "SIGTERM or Ctrl-C drains: it claims nothing new, finishes or checkpoints what it has, and\n"
       "leaves. The second one gives back at once.",
       {"node", "node --executors 8 --files /shared --db postgresql://partita@db.example/batch"},
       with_database(
           option_list{{"name", "NAME", "name in listings (HOST-PID)", "PARTITA_NODE_NAME"}} +
               node_setting_options() + http::http_options(),
           "info"),
       node_command},
      {"serve",
       "",
       "serve the page and its API without working as a node",
       operate,
       "The page shows runs, nodes and jobs, and changes what a token allows. A node serves it "
       "too\n"
       "with --http. Prints where it is.",
       {"serve", "serve --http 127.0.0.1:9000 --http-tokens /etc/partita/tokens"},
       with_database(serve_options(), "info"),
       serve_command},
      {"healthcheck",
       "[live|ready|startup]",
       "ask a node or a server how it is",
       operate,
       "For containers and scripts: ends with 0 when all is well, with 1 when it is not, with 5 "
       "when\n"
       "nobody answers. Without a word it asks whether it is ready. It asks at --probes where that "
       "is\n"
       "given, unless --http is typed: no token is needed there.",
       {"healthcheck", "healthcheck live --http 127.0.0.1:8080"},
       option_list{{"http", "HOST:PORT", "where it listens", "PARTITA_HTTP", "127.0.0.1:8080"},
                   {"probes", "HOST:PORT", "where it answers probes only", "PARTITA_PROBES"}} +
           general_options(),
       healthcheck_command,
       {"live", "ready", "startup"}},
      {"drain",
       "NODE",
       "ask a node to leave in good order, as SIGTERM does",
       operate,
       "NODE is its number or its name. It claims nothing new from now on, finishes or "
       "checkpoints\n"
       "what it has, and leaves.",
       {"drain 3", "drain host-7"},
       with_database({}),
       drain_command},
      {"schema",
       "migrate|status|verify|roles",
       "create, upgrade or check the tables, or print the roles",
       operate,
       "migrate applies what is missing. status lists the migrations, verify compares them with\n"
       "those this program carries; both end with 7 when the tables do not fit. roles prints SQL\n"
       "that gives nodes, launchers and readers of a PostgreSQL database the rights they need.",
       {"schema migrate", "schema status", "schema roles"},
       with_database(listing_options()),
       schema_command,
       {"migrate", "status", "verify", "roles"}},
      {"schedule",
       "add NAME TRIGGER JOB [key=value...] | list | sync | VERB NAME | test TRIGGER",
       "start jobs by the clock",
       operate,
       "A trigger is one word, so it wants quotes: a cron entry of five fields or @hourly, "
       "@daily,\n"
       "@weekly, @monthly, @yearly; `every 30s` after the end of the last run; `every 30s at "
       "fixed\n"
       "rate`, with `from TIME` behind it for its phase only: it fires before TIME too; or\n"
       "`at TIME`. A time of day fires once a day, also when clocks are set forward or back. An\n"
       "hour field of * or */n is an interval, and goes on through both.\n"
       "TIME is 2026-03-01T10:20, on the clock of the schedule's zone, or with Z or +01:00 behind\n"
       "it. --at, --from and --to also take a date, or 3d for three days ago.\n"
       "Each run gets its moment as the parameter `tick`. VERB is show, pause, resume, run (now,\n"
       "or --at a tick), backfill (--from, --to) or rm. `schedule sync` adds what the jobs of "
       "this\n"
       "program declare, as nodes do when they join.",
       {"schedule add nightly \"30 2 * * MON-FRI\" range_sum from=1 to=20 --zone Europe/Berlin",
        "schedule list", "schedule pause nightly --note \"the mainframe is away\"",
        "schedule test \"30 2 * * MON-FRI\" --zone Europe/Berlin"},
       with_database(schedule_options() + listing_options()),
       schedule_command,
       {"add", "list", "sync", "show", "pause", "resume", "run", "backfill", "rm", "test"}},
      {"retention",
       "list | set DURATION | rm",
       "how long the cluster keeps runs that have ended",
       operate,
       "Nodes purge what is older, in small pieces, by themselves. Without --job it is said of "
       "all\n"
       "jobs for which nothing else is stored. Runs that continue each other are as old as the\n"
       "last one. Where nothing is stored, runs are kept for ever. Output files go with their\n"
       "run where the job says so, as marc_map does.",
       {"retention set 30d", "retention set 2d --job heartbeat_check --keep-last 10",
        "retention rm --job heartbeat_check", "retention list"},
       with_database(option_list{{"job", "JOB", "of this job"}, keep_last_option} +
                     listing_options()),
       retention_command,
       {"list", "set", "rm"}},
      {"purge",
       "--ended-before TIME",
       "remove runs that ended long ago, now",
       operate,
       "Of each only a row is left, which says what it was and how it ended; its partitions,\n"
       "results, logs and events go. A run is purged with those that it continues. Files that\n"
       "partitions published stay, unless their job says that they go: nodes remove these, and\n"
       "then the rows. Print the runs.",
       {"purge --ended-before 30d --dry-run", "purge --ended-before 30d --job nightly",
        "purge --ended-before 7d --state COMPLETED --keep-last 10"},
       with_database(option_list{{"ended-before", "TIME", "30d, 12h, or a time like 2026-03-01"},
                                 {"job", "JOB", "runs of this job only"},
                                 {"state", "STATE", "runs that ended so only: COMPLETED, FAILED, …",
                                  "", "", '\0', shown_run_states()},
                                 keep_last_option,
                                 {"dry-run", "", "only print the runs"}}),
       purge_command},
      {"doctor",
       "",
       "tell what is unsafe or unfit, and what to do about it",
       operate,
       "Look at the schema, the link, the rights and the durability of the database, and at the\n"
       "settings a node would have. End with 1 when something is unsafe or unfit.",
       {"doctor", "doctor --fast --files /shared -o json"},
       with_database(output_options() + node_setting_options()),
       doctor_command},
      {"verify",
       "[RUN]",
       "check a run, or all, against the invariants and the event log",
       operate,
       "Read one consistent snapshot, replay the log, and tell every row that the engine cannot\n"
       "have written. Nodes may go on working. End with 1 when something is wrong.",
       {"verify", "verify 17"},
       with_database(option_list{{"all", "", "every run; the same as no RUN"}} + output_options()),
       verify_command},
      {"bench",
       "BENCHMARK",
       "measure this database, with nodes in this process",
       operate,
       "claim_throughput   partitions a second through claim, executor and recorded result\n"
       "pickup_latency     how long a run waits for a master, and a partition for an executor\n"
       "executor_scaling   CPU-bound partitions against a plain loop over the same work\n"
       "The runs it makes stay in the database: use one that is made for it.",
       {"bench claim_throughput --db sqlite:bench.db"},
       with_database(bench::plan_options() + output_options()),
       bench_command},
      {"config",
       "show [COMMAND]",
       "show the settings, and where each comes from",
       operate,
       "A setting is an option. Its value comes from the command line, else from its variable, "
       "else\n"
       "from the file that the variable with _FILE behind it names, else from partita.toml, else "
       "it\n"
       "is the default. partita.toml is the first of --config, PARTITA_CONFIG, ./partita.toml,\n"
       "$XDG_CONFIG_HOME/partita/config.toml and /etc/partita/partita.toml. Settings of one "
       "command\n"
       "stand in a table that is named after it. Passwords are not shown.",
       {"config show --origin", "config show node --origin -o json"},
       option_list{{"origin", "", "where each value comes from, in tables too"}} +
           format_options() + general_options(),
       config_command,
       {"show"}},
      {"completion",
       "bash|zsh|fish",
       "print what completes commands in a shell",
       operate,
       "Where Partita is installed, shells find it by themselves.",
       {"completion bash"},
       general_options(),
       completion_command,
       {"bash", "zsh", "fish"}},
      {"version",
       "",
       "show the versions of program and schema",
       operate,
       "",
       {"version", "version -o json"},
       output_options() + general_options(),
       version_command},
      {"help",
       "[COMMAND]",
       "explain a command",
       operate,
       "",
       {"help", "help run", "help --man"},
       option_list{{"man", "", "the manual page, for man -l"}} + general_options(),
       help_command},
  };
}

/// `config show` takes every setting that has a variable, to show what typing it does.
std::vector<command> with_config(std::vector<command> commands) {
  option_list settings;
  const auto is_there = [&](const option_list& options, const std::string& name) {
    return std::any_of(options.begin(), options.end(),
                       [&](const option& one) { return one.name == name; });
  };
  const auto config = std::find_if(commands.begin(), commands.end(),
                                   [](const command& one) { return one.name == "config"; });
  for (const auto& one : commands)
    for (const auto& each : one.options)
      if (!each.env.empty() && !is_there(settings, each.name) &&
          !is_there(config->options, each.name))
        settings.push_back(each);
  config->options = settings + config->options;
  return commands;
}

std::vector<command>& table() {
  static auto commands = with_config(make_table());
  return commands;
}

}  // namespace

const std::vector<command>& command_table() { return table(); }

void add_command(command extra) { table().insert(table().begin(), std::move(extra)); }

}  // namespace partita::cli
