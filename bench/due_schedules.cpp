// Ten thousand schedules whose ticks come at one moment: how soon all of them have fired. And what
// they cost the database before, while they sleep, beside the same nodes without any.

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <pqxx/pqxx>

#include "apps/partita/bench/cluster.hpp"
#include "batch/batch.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"

using namespace partita;
using namespace partita::bench;

namespace {

constexpr const char* job_name = "bench_due_schedules";

/// Declared at once: transactions of a thousand are short enough.
constexpr std::size_t declared_at_once = 1000;

class schedule_bench {
 public:
  explicit schedule_bench(const cli::arguments& args)
      : url_(database_of(args)),
        count_(static_cast<int>(args.number("schedules", 1, 1'000'000))),
        node_count_(static_cast<int>(args.number("nodes", 1, 64))),
        watch_(std::chrono::seconds{args.number("watch", 1, 600)}),
        db_(migrated(url_)),
        nodes_(db_, job{job_name}.step(tasklet{"nothing", [](run_context&) {}}), limits(),
               node_count_),
        server_(url_) {}

  void run() {
    const auto without = statements_a_second();
    const auto due = declare();
    while (number("SELECT count(*) FROM partita.schedule WHERE owner_node_id IS NULL") > 0)
      nodes_.pause(milliseconds{100});
    const auto asleep = statements_a_second();
    while (number(fired) < count_) nodes_.pause(milliseconds{50});
    const auto all_s = seconds(due, wall_now());
    print({{"bench", "due_schedules"},
           {"database", "postgresql"},
           {"nodes", node_count_},
           {"schedules", count_},
           {"statements_per_s_without", without},
           {"statements_per_s_asleep", asleep},
           {"all_fired_s", rounded(all_s)},
           {"last_began_s", rounded(static_cast<double>(number(latest)) / 1e6)}});
  }

 private:
  static constexpr const char* fired = "SELECT count(*) FROM partita.run";
  static constexpr const char* latest =
      "SELECT coalesce(max(partita.micros(created_at) - partita.micros(tick)), 0) FROM partita.run";

  static std::shared_ptr<database> migrated(const std::string& url) {
    auto db = open_database(url);
    db->migrate();
    return db;
  }

  settings limits() const {
    settings s;
    s.executors = 1;
    s.tokens = (count_ + node_count_ - 1) / node_count_;
    return s;
  }

  std::int64_t number(const char* sql) {
    return pqxx::nontransaction(server_).exec1(sql)[0].as<std::int64_t>();
  }

  /// They are due when they have been declared and given to nodes, and were watched asleep.
  db_time declare() {
    const auto due = std::chrono::ceil<std::chrono::seconds>(
        wall_now() + std::chrono::seconds{30 + count_ / 500} + watch_);
    const schedule_store store{db_->connect({})};
    const auto trigger = fmt::format("at {:%Y-%m-%dT%H:%M:%S}", fmt::gmtime(due));
    std::vector<new_schedule> some;
    for (int i = 0; i < count_; ++i) {
      new_schedule s;
      s.name = "bench-" + std::to_string(i);
      s.job = job_name;
      s.trigger = trigger;
      s.parameters = s.identity = fmt::format("{{\"number\":{}}}", i);
      some.push_back(std::move(s));
      if (some.size() < declared_at_once && i + 1 < count_) continue;
      store.declare_schedules(some);
      some.clear();
    }
    return db_time{due};
  }

  double statements_a_second() {
    cost_meter costs(url_);
    nodes_.pause(milliseconds{3000});  // what began with it is over
    costs.begin();
    nodes_.pause(std::chrono::duration_cast<milliseconds>(watch_));
    costs.end();
    return rounded(costs.figures(costs.seconds(), "s").value("statements_per_s", 0.0));
  }

  const std::string url_;
  const int count_, node_count_;
  const std::chrono::seconds watch_;
  const std::shared_ptr<database> db_;
  cluster nodes_;
  pqxx::connection server_;
};

}  // namespace

int main(int argc, char** argv) {
  run_program(
      argc, argv,
      {"due_schedules", "how soon the ticks of one moment have fired (PostgreSQL)",
       database_option() + option_list{{"schedules", "N", "due at one moment", "", "10000"},
                                       {"nodes", "N", "nodes in this process", "", "8"},
                                       {"watch", "S", "how long statements are counted", "", "20"}},
       [](const cli::arguments& args) { schedule_bench{args}.run(); }});
}
