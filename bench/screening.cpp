// The step `screen` of sanctions_screening with each of the four strategies, beside one thread that
// does the same in a loop over the same matcher, and beside the matcher as it is described, without
// anything that makes it fast.

#include <algorithm>
#include <filesystem>
#include <thread>

#include "apps/jobs/sanctions_screening/elixir0.hpp"
#include "apps/jobs/sanctions_screening/generate.hpp"
#include "apps/jobs/sanctions_screening/listed.hpp"
#include "apps/jobs/sanctions_screening/sanctions_screening.hpp"
#include "apps/jobs/sanctions_screening/sdn.hpp"
#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "bench/plain_matcher.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

namespace fs = std::filesystem;
using namespace screening;

template <class Rows>
auto all_of(Rows rows) {
  std::vector<typename decltype(rows.next())::value_type> all;
  while (auto one = rows.next()) all.push_back(std::move(*one));
  return all;
}

struct input {
  explicit input(const fs::path& folder)
      : payments(folder / "screening.elixir0"), lists(folder / "screening-lists") {}

  void make(std::int64_t rows, std::int64_t entities) const {
    fs::remove(payments);
    fs::remove_all(lists);
    generate_elixir0(payments, rows, 1);
    generate_sdn(lists, entities, 1);
  }
  json parameters(const std::string& strategy) const {
    return {{"input", payments.string()},
            {"names", (lists / names_file).string()},
            {"addresses", (lists / addresses_file).string()},
            {"alternate_names", (lists / alternate_names_file).string()},
            {"strategy", strategy},
            {"max_skipped", 0}};
  }
  template <class Read>
  auto read(const fs::path& file, Read rows_of) const {
    return all_of(rows_of(file, csv::split(file, 1).front()));
  }

  const fs::path payments, lists;
};

/// The lists as texts.
struct texts {
  explicit texts(const input& from) {
    std::map<std::int64_t, std::size_t> at;
    for (const auto& e : from.read(from.lists / names_file, entities)) {
      at.emplace(e.uid, all.size());
      all.push_back({e.name, {}, {}});
    }
    for (const auto& n : from.read(from.lists / alternate_names_file, alternate_names))
      all[at.at(n.entity_uid)].alternates.push_back(n.name);
    for (const auto& a : from.read(from.lists / addresses_file, addresses))
      all[at.at(a.entity_uid)].addresses.push_back(a.text());
  }
  struct entity {
    std::string main;
    std::vector<std::string> alternates, addresses;
  };
  std::vector<entity> all;
};

class screenings {
 public:
  explicit screenings(const cli::arguments& args)
      : url_(database_of(args)),
        payments_(args.number("payments", 1, 100'000'000)),
        entities_(args.number("entities", 1, 100'000)),
        rounds_(args.number("rounds", 1, 100)),
        executors_(static_cast<int>(args.number("executors", 1, 1'000))),
        nodes_(static_cast<int>(args.number("nodes", 1, 100))),
        input_(fs::absolute(args.text("folder"))),
        db_(open_database(url_)) {
    db_->migrate();
    input_.make(payments_, entities_);
  }

  void measure() {
    const auto [found, loop] = best_loop();
    as_described();
    for (const std::string strategy :
         {"local_chunking", "local_partitioning", "remote_chunking", "remote_partitioning"})
      with_strategy(strategy, found, loop);
  }

 private:
  document about(const std::string& how) const {
    return {{"bench", "screening"},
            {"database", database_kind(url_)},
            {"how", how},
            {"payments", payments_},
            {"entities", entities_}};
  }

  double tell(const std::string& how, std::int64_t pairs, double took, document more) const {
    auto line = about(how);
    const auto speed = static_cast<double>(pairs) / took;
    line["execute_s"] = rounded(took);
    line["pairs_per_s"] = std::llround(speed);
    line.update(more);
    print(line);
    return speed;
  }

  /// The lists as the matcher wants them.
  std::vector<listed::entity> prepared_lists() const {
    const texts list{input_};
    std::vector<listed::entity> ready;
    for (const auto& e : list.all) {
      auto& one = ready.emplace_back();
      one.main = prepare(e.main);
      for (const auto& text : e.alternates) one.alternates.push_back(prepare(text));
      for (const auto& text : e.addresses) one.addresses.push_back(prepare(text));
    }
    return ready;
  }

  /// The matches, and pairs a second of one thread. Like the step, it begins with lists and
  /// payments that it has to read; from files, and not from a database.
  std::pair<std::int64_t, double> best_loop() const {
    std::int64_t found = 0;
    double best = 0;
    for (std::int64_t i = 0; i < rounds_; ++i) {
      const auto begun = boot_now();
      const auto ready = prepared_lists();
      const auto read = boot_now();
      found = 0;
      for (const auto& t : input_.read(input_.payments, transactions)) {
        const parties who{prepare(t.beneficiary_name), prepare(t.ordering_name),
                          prepare(t.beneficiary_address), prepare(t.ordering_address)};
        found += std::count_if(ready.begin(), ready.end(),
                               [&](const auto& entity) { return concerns(who, entity); });
      }
      best = std::max(best, tell("loop", payments_ * entities_, seconds(begun, boot_now()),
                                 {{"matches", found}, {"lists_s", rounded(seconds(begun, read))}}));
    }
    return {found, best};
  }

  void as_described() const {
    const texts list{input_};
    auto some = input_.read(input_.payments, transactions);
    some.resize(std::min<std::size_t>(some.size(), 20));
    const auto any = [](const std::string& one, const std::vector<std::string>& of) {
      return std::any_of(of.begin(), of.end(),
                         [&](const auto& other) { return plain::matches(one, other); });
    };
    const auto begun = boot_now();
    std::int64_t found = 0;
    for (const auto& t : some)
      for (const auto& e : list.all)
        found += plain::matches(t.beneficiary_name, e.main) ||
                         plain::matches(t.ordering_name, e.main) ||
                         any(t.beneficiary_address, e.addresses) ||
                         any(t.ordering_address, e.addresses) ||
                         any(t.beneficiary_name, e.alternates) || any(t.ordering_name, e.alternates)
                     ? 1
                     : 0;
    tell("as_described", static_cast<std::int64_t>(some.size()) * entities_,
         seconds(begun, boot_now()), {{"matches", found}});
  }

  void with_strategy(const std::string& strategy, std::int64_t expected, double loop) {
    settings limits;
    limits.executors = executors_;
    cluster nodes(db_, sanctions_screening(), limits, nodes_);
    const auto threads = std::min<unsigned>(std::thread::hardware_concurrency(),
                                            static_cast<unsigned>(executors_ * nodes_));
    double best = 0;
    for (std::int64_t i = 0; i < rounds_; ++i) {
      const auto run = nodes.submit(input_.parameters(strategy));
      nodes.wait_completed(run);
      const auto found = json::parse(nodes.view().find_run(run)->result).at("matches");
      if (found != expected)
        throw cli::command_error(cli::exit_code::failed, "bench",
                                 strategy + " found " + found.dump() + " matches");
      const auto steps = nodes.view().list_steps(run);
      const auto screen = std::find_if(steps.begin(), steps.end(),
                                       [](const auto& s) { return s.spec.name == "screen"; });
      best = std::max(best, tell(strategy, payments_ * entities_,
                                 seconds(screen->started_at, *screen->ended_at),
                                 {{"nodes", nodes_}, {"executors", executors_}}));
    }
    auto line = about(strategy + "_to_loop");
    line["nodes"] = nodes_;
    line["executors"] = executors_;
    line["to_loop_a_core"] = rounded(best / loop / threads);
    print(line);
  }

  const std::string url_;
  const std::int64_t payments_, entities_, rounds_;
  const int executors_, nodes_;
  const input input_;
  std::shared_ptr<database> db_;
};

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(argc, argv,
              {"screening", "pairs a second of each strategy, against loops",
               database_option() + option_list{{"payments", "N", "of the file", "", "500"},
                                               {"entities", "N", "of the list", "", "5768"},
                                               {"rounds", "N", "of each; the best counts", "", "3"},
                                               {"executors", "N", "of each node", "", "1"},
                                               {"nodes", "N", "in this process", "", "1"},
                                               {"folder", "DIR", "where the files go", "", "."}},
               [](const auto& args) { screenings{args}.measure(); }});
}
