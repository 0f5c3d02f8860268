// Simulates whole clusters in virtual time, one a seed, and checks every promise after every
// commit.
//
//   simulate [--seeds N] [--first S] [--store memory|sqlite|postgres|both] [--jobs J] [--json]
//   simulate --seed S [--store …] [--faults A,B,…]     one seed, in detail
//   simulate --repeat --seeds N                        plays each seed twice: the traces are equal
//   simulate --mutants[=NAME] [--seeds N]              how soon each planted bug is found
//
// Exit code 0 when every promise held, 1 when one was broken: the seed, the command that replays it
// and the shortest list of faults found that still breaks it are printed.

#include <cxxopts.hpp>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "actors/log_event.hpp"
#include "storage/clock.hpp"
#include "tests/sim/child.hpp"
#include "tests/sim/mutants.hpp"
#include "tests/sim/postgres_backing.hpp"
#include "tests/sim/scenario.hpp"

using namespace partita;
using namespace partita::sim;

namespace {

using nlohmann::json;

constexpr int skipped = 77;  // what ctest takes for it

std::string joined(const std::set<std::string>& names) {
  std::string all;
  for (const auto& n : names) all += (all.empty() ? "" : ",") + n;
  return all;
}

std::set<std::string> parted(const std::string& names) {
  std::set<std::string> all;
  std::istringstream in{names};
  for (std::string one; std::getline(in, one, ',');) all.insert(one);
  return all;
}

void print(const outcome& o) {
  constexpr std::size_t most = 5;
  for (std::size_t i = 0; i < std::min(most, o.violations.size()); ++i)
    std::cout << "  violation: " << o.violations[i] << "\n";
  if (o.violations.size() > most) std::cout << "  and " << o.violations.size() - most << " more\n";
}

/// What many seeds came to.
struct sums {
  json value = json::object();
  void add(const std::string& key, std::int64_t n) {
    value[key] = value.value(key, std::int64_t{0}) + n;
  }
  void most(const std::string& key, std::int64_t n) {
    value[key] = std::max(value.value(key, std::int64_t{0}), n);
  }
  void add(const outcome& o) {
    add("seeds", 1);
    add("simulated_ms", o.simulated.count());
    add("verbs", o.facts.verbs);
    add("messages", o.facts.messages);
    add("invariant_checks", o.facts.checks);
    add("late_writes_rejected", o.facts.late_writes);
    add("zombie_chunks_refused", o.facts.zombie_chunks);
    add("calls_in_doubt", o.facts.in_doubt);
    add("runs", o.runs);
    add("takeovers", o.takeovers);
    add("nodes_deregistered", o.deregistered);
    add("leases_revoked", o.revoked);
    add("steps_with_skipped_items_again", o.repeats);
    most("max_recovery_ms", o.recovery.count());
    for (const auto& [state, n] : o.ended) add("run_" + state, n);
    for (const auto& [kind, n] : o.fault_count) add("fault_" + kind, n);
    add("failed_seeds", o.violations.empty() ? 0 : 1);
  }
  void merge(const json& other) {
    for (const auto& [key, n] : other.items())
      key == "max_recovery_ms" ? most(key, n.get<std::int64_t>()) : add(key, n.get<std::int64_t>());
  }
};

void report_failure(const std::string& program, std::uint64_t seed, backing kind,
                    const outcome& o) {
  std::cout << "seed " << seed << " over " << to_string(kind) << " breaks a promise:\n";
  print(o);
  auto faults = shorten(seed, kind, o.faults);
  std::cout << "  replay: " << program << " --seed " << seed << " --store " << to_string(kind)
            << " --faults '" << joined(faults) << "'\n"
            << std::flush;
}

/// Every J-th seed, as one process of J.
sums play_share(const std::string& program, std::uint64_t first, std::uint64_t seeds,
                const std::vector<backing>& kinds, std::uint64_t share, std::uint64_t shares) {
  sums total;
  int reported = 0;
  for (auto seed = first + share; seed < first + seeds; seed += shares) {
    auto kind = kinds[seed % kinds.size()];
    auto o = play(seed, kind);
    total.add(o);
    if (!o.violations.empty() && ++reported <= 3) report_failure(program, seed, kind, o);
  }
  return total;
}

json play_all(const std::string& program, std::uint64_t first, std::uint64_t seeds,
              const std::vector<backing>& kinds, std::uint64_t shares) {
  std::vector<std::unique_ptr<child>> children;
  for (std::uint64_t share = 0; share < shares; ++share)
    children.push_back(std::make_unique<child>([&, share] {
      auto text = play_share(program, first, seeds, kinds, share, shares).value.dump();
      std::cout.flush();
      return text;
    }));
  sums total;
  for (auto& c : children) total.merge(json::parse(c->wait()));
  return total.value;
}

int repeat(std::uint64_t seeds, const std::vector<backing>& kinds) {
  std::set<std::uint64_t> traces;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    auto kind = kinds[seed % kinds.size()];
    auto trace = play(seed, kind).facts.trace;
    traces.insert(trace);
    if (play(seed, kind).facts.trace == trace) continue;
    std::cout << "seed " << seed << " over " << to_string(kind) << " gives two traces\n";
    return 1;
  }
  std::cout << seeds << " seeds played twice, " << traces.size() << " different traces\n";
  return traces.size() == seeds ? 0 : 1;
}

int run(int argc, char** argv) {
  cxxopts::Options options{"simulate"};
  auto add = options.add_options();
  add("seeds", "", cxxopts::value<std::uint64_t>()->default_value("2000"));
  add("first", "", cxxopts::value<std::uint64_t>()->default_value("1"));
  add("seed", "", cxxopts::value<std::uint64_t>());
  add("store", "", cxxopts::value<std::string>()->default_value("both"));
  add("faults", "", cxxopts::value<std::string>());
  add("jobs", "", cxxopts::value<std::uint64_t>()->default_value("2"));
  add("mutants", "", cxxopts::value<std::string>()->implicit_value(""));
  for (const char* flag : {"json", "verbose", "repeat"}) add(flag, "");
  auto args = options.parse(argc, argv);
  if (args.count("verbose"))
    log::send_to(log::level::debug,
                 [](const log::event& e) { std::cout << log::text_of(e) << "\n"; });
  auto store = args["store"].as<std::string>();
  std::vector<backing> kinds;
  if (store == "memory") kinds = {backing::memory};
  if (store == "sqlite") kinds = {backing::sqlite};
  if (store == "postgres") kinds = {backing::postgres};
  // The memory store is much faster, and its rules are the same. One of eleven: processes that
  // share the seeds share those of SQLite too.
  if (store == "both") {
    kinds.assign(11, backing::memory);
    kinds.front() = backing::sqlite;
  }
  if (kinds.empty())
    throw std::invalid_argument("--store must be memory, sqlite, postgres or both");

  if (store == "postgres" && !has_postgres()) {
    std::cout << "SKIPPED: no PostgreSQL to simulate on; PARTITA_TEST_PG names none\n";
    return skipped;
  }

  if (args.count("seed")) {
    auto seed = args["seed"].as<std::uint64_t>();
    std::optional<std::set<std::string>> only;
    if (args.count("faults")) only = parted(args["faults"].as<std::string>());
    auto kind = kinds[seed % kinds.size()];
    auto o = play(seed, kind, only);
    sums s;
    s.add(o);
    std::cout << s.value.dump(2) << "\ntrace " << std::hex << o.facts.trace << std::dec
              << "\nfaults " << joined(o.faults) << "\n";
    print(o);
    return o.violations.empty() ? 0 : 1;
  }

  if (args.count("mutants"))
    return hunt_mutants(args["seeds"].as<std::uint64_t>(), args["mutants"].as<std::string>(),
                        static_cast<int>(args["jobs"].as<std::uint64_t>()));
  if (args.count("repeat")) return repeat(args["seeds"].as<std::uint64_t>(), kinds);

  auto begun = boot_now();
  auto seeds = args["seeds"].as<std::uint64_t>();
  auto total = play_all(argv[0], args["first"].as<std::uint64_t>(), seeds, kinds,
                        args["jobs"].as<std::uint64_t>());
  auto took = std::chrono::duration<double>(boot_now() - begun).count();
  total["seconds"] = took;
  std::cout << total.dump(args.count("json") ? -1 : 2) << "\n";
  return total.value("failed_seeds", 0) == 0 && total.value("seeds", 0U) == seeds ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& e) {
    std::cerr << "simulate: " << e.what() << "\n";
    return 2;
  }
}
