#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>

#include "apps/program.hpp"
#include "batch/batch.hpp"
#include "batch/writers/compose.hpp"
#include "batch/writers/csv.hpp"
#include "batch/writers/sql.hpp"

// Jobs for clusters that are disturbed on purpose. What each partition must yield is a formula of
// its parameters, which the harness knows too; and every attempt writes what it does into a journal
// outside the engine, so that a judge can tell afterwards what really happened.

namespace {

using namespace partita;
using std::chrono::milliseconds;

// --- the journal ---------------------------------------------------------------------------------

/// One line, appended with one write: a process that is killed leaves whole lines.
///   S run step no attempt lease    an attempt begins (lease 0: not known)
///   I run step no attempt from to  items from..to-1 are done
///   E run step no attempt          the body has returned
///   A run step results             an aggregate or a tasklet was executed
template <class... Words>
void journal(const char* what, const Words&... words) {
  static const int file = [] {
    const char* folder = std::getenv("CHAOS_JOURNAL");
    if (folder == nullptr) return -1;
    auto path = std::string{folder} + "/" + std::to_string(::getpid()) + ".log";
    return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  }();
  if (file < 0) return;
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  std::ostringstream line;
  line << what << ' ' << now.tv_sec * 1'000'000 + now.tv_nsec / 1000;
  ((line << ' ' << words), ...);
  line << '\n';
  const auto text = line.str();
  if (::write(file, text.data(), text.size()) != static_cast<ssize_t>(text.size())) std::abort();
}

/// Waits, deaf to every request to stop.
void wait_deaf(std::int64_t ms) { ::poll(nullptr, 0, static_cast<int>(ms)); }

// --- what must come out --------------------------------------------------------------------------

constexpr std::int64_t prime = 1'000'000'007;

std::int64_t value_of(std::int64_t salt, std::int64_t no, std::int64_t item) {
  return (salt * 1'000'003 + no * 1'009 + item * 7) % prime;
}

/// Depends on every item and on their order: an item left out or done twice changes it.
std::int64_t chained(std::int64_t chain, std::int64_t value) {
  return (chain * 31 + value) % prime;
}

struct sizes {
  std::int64_t salt, partitions, items, delay_ms;
};

template <class Context>
sizes sizes_of(const Context& c) {
  return {c.template get<std::int64_t>("salt"), c.template get<std::int64_t>("partitions"),
          c.template get<std::int64_t>("items"), c.template get<std::int64_t>("delay_ms")};
}

std::vector<partition> listed(split_context& s) {
  std::vector<partition> parts;
  const auto count = sizes_of(s).partitions;
  for (std::int64_t i = 0; i < count; ++i) parts.push_back({"part " + std::to_string(i), i});
  return parts;
}

/// ".NAME.run-R.step-S.lease-L.no-N.part" tells the lease.
std::string lease_of(const std::filesystem::path& staged) {
  const auto name = staged.filename().string();
  const auto at = name.rfind(".lease-") + 7;
  return name.substr(at, name.find('.', at) - at);
}

// --- bodies --------------------------------------------------------------------------------------

void finish(partition_context& p, const char* step, std::int64_t items, std::int64_t chain) {
  p.counts().read = items;
  p.output({{"items", items}, {"chain", chain}});
  journal("E", p.run().value, step, p.no(), p.attempt());
}

/// One pass over the items, into a file if the run has a folder. Even partitions are deaf.
void write_items(partition_context& p, const char* step) {
  const auto size = sizes_of(p);
  const auto folder = p.get<std::string>("dir");
  std::filesystem::path staged;
  std::string lease = "0";
  std::ofstream out;
  if (!folder.empty()) {
    staged = p.output_file(folder + "/" + step + "-{}.txt");
    lease = lease_of(staged);
    out.open(staged);
    out << "lease " << lease << '\n';
  }
  journal("S", p.run().value, step, p.no(), p.attempt(), lease);
  const auto rest = milliseconds{size.delay_ms};
  if (p.no() % 2 == 0)
    wait_deaf(size.delay_ms);
  else
    p.rest(rest);
  std::int64_t chain = 0;
  for (std::int64_t i = 0; i < size.items; ++i) {
    chain = chained(chain, value_of(size.salt, p.no(), i));
    if (out.is_open()) out << "item " << p.no() << ' ' << i << '\n';
  }
  if (out.is_open()) {
    out << "end\n";
    out.close();
    if (!out) throw std::runtime_error("cannot write " + staged.string());
  }
  journal("I", p.run().value, step, p.no(), p.attempt(), 0, size.items);
  finish(p, step, size.items, chain);
}

/// Long, with a checkpoint every few items. Odd partitions look for a stop between checkpoints.
void long_items(partition_context& p) {
  constexpr std::int64_t every = 4;
  const auto size = sizes_of(p);
  std::int64_t next = 0;
  std::int64_t chain = 0;
  if (auto from = p.resume_position()) {
    next = from->at("next").get<std::int64_t>();
    chain = from->at("chain").get<std::int64_t>();
  }
  if (p.counts().read != next) throw permanent_error("counts and position of a checkpoint differ");
  journal("S", p.run().value, "long", p.no(), p.attempt(), 0);
  auto begun = next;
  while (next < size.items) {
    wait_deaf(size.delay_ms);
    if (p.no() % 2 == 1) p.stop_if_requested();
    chain = chained(chain, value_of(size.salt, p.no(), next++));
    ++p.counts().read;
    if (next % every != 0) continue;
    journal("I", p.run().value, "long", p.no(), p.attempt(), begun, next);
    begun = next;
    p.progress(next, size.items);
    p.checkpoint({{"next", next}, {"chain", chain}});
  }
  finish(p, "long", p.counts().read, chain);
}

// --- chunks

/// The numbers of the items. Odd partitions look for a stop while they wait.
class numbers {
 public:
  explicit numbers(partition_context& p) : p_(&p), size_(sizes_of(p)) {}

  std::optional<std::int64_t> next() {
    if (at_ == size_.items) return std::nullopt;
    if (p_->no() % 2 == 0)
      wait_deaf(size_.delay_ms);
    else
      p_->rest(milliseconds{size_.delay_ms});
    return at_++;
  }
  json position() const { return at_; }
  void seek(const json& position) { at_ = position.get<std::int64_t>(); }

 private:
  partition_context* p_;
  sizes size_;
  std::int64_t at_ = 0;
};

/// Rows of a table without any key, which refuses some items, and a file with the same items.
auto ledger_and_file(partition_context& p) {
  const auto salt = sizes_of(p).salt;
  return partita::tee{
      sql::insert<std::int64_t>{"ledger",
                                {"salt", "no", "item"},
                                [salt, no = p.no()](std::int64_t item) {
                                  return sql_row{salt, no, item};
                                }},
      csv::writer<std::int64_t>{p.output_file(p.get<std::string>("dir") + "/ledger-{}.txt"),
                                {"item"},
                                [](csv::fields& to, std::int64_t item) { to.add(item); }}};
}

void ledger(partition_context& p) {
  journal("S", p.run().value, "ledger", p.no(), p.attempt(), 0);
  const chunked_body body = chunked<std::int64_t>{5}
                                .read([](partition_context& c) { return numbers{c}; })
                                .write(ledger_and_file)
                                .skip(on<constraint_error>(), at_most{1'000});
  body.run(p);
  const auto size = sizes_of(p);
  std::int64_t chain = 0;
  for (std::int64_t i = 0; i < size.items; ++i)
    chain = chained(chain, value_of(size.salt, p.no(), i));
  finish(p, "ledger", p.counts().read, chain);
}

void poison(partition_context& p) {
  journal("S", p.run().value, "poison", p.no(), p.attempt(), 0);
  if (p.no() == 3) std::abort();
  p.rest(milliseconds{sizes_of(p).delay_ms});
  finish(p, "poison", 0, 0);
}

void slow_stream(split_context& s, const std::function<void(partition)>& yield) {
  const auto size = sizes_of(s);
  for (std::int64_t i = 0; i < size.partitions; ++i) {
    if (i % 50 == 49) wait_deaf(size.delay_ms);
    if (s.stop_requested()) throw stop_requested_error{};
    yield({"part " + std::to_string(i), i});
  }
}

void total(const char* step, const results& all, run_context& run) {
  journal("A", run.run().value, step, all.count());
  std::int64_t chain = 0;
  all.for_each([&](const partition_result& r) {
    chain = chained(chain, r.output.at("chain").get<std::int64_t>());
  });
  run.result({{"partitions", all.count()}, {"items", all.sum_read()}, {"chain", chain}});
}

// --- jobs ----------------------------------------------------------------------------------------

/// However often their nodes die, these must get done.
constexpr attempts enough{10'000};
const backoff_of soon{milliseconds{100}, 1.5, milliseconds{1000}};

job sized(const std::string& name) {
  return job{name}
      .parameter<std::int64_t>("salt", required, about{"makes this run's values its own"})
      .parameter<std::int64_t>("partitions", default_value{20})
      .parameter<std::int64_t>("items", default_value{10})
      .parameter<std::int64_t>("delay_ms", default_value{10}, non_identifying)
      .parameter<std::string>("dir", default_value{""}, non_identifying,
                              about{"folder for files, or none"});
}

partitioned writing(const char* step) {
  return partitioned{step}
      .split(listed)
      .retry(enough, soon)
      .each([step](partition_context& p) { write_items(p, step); })
      .aggregate([step](const results& all, run_context& run) { total(step, all, run); });
}

registry chaos_jobs() {
  return {
      sized("chaos_many").step(writing("many")),
      sized("chaos_long")
          .step(partitioned{"long"}
                    .split(listed)
                    .retry(enough, soon)
                    .each(long_items)
                    .aggregate(
                        [](const results& all, run_context& run) { total("long", all, run); })),
      sized("chaos_ledger")
          .step(partitioned{"ledger"}
                    .split(listed)
                    .retry(enough, soon)
                    .each(ledger)
                    .aggregate(
                        [](const results& all, run_context& run) { total("ledger", all, run); })),
      sized("chaos_two")
          .step(tasklet{"note", [](run_context& run) { journal("A", run.run().value, "note", 0); }})
          .step(writing("first"))
          .step(writing("second").assign(round_robin{})),
      sized("chaos_once").step(writing("once").transferable(false)),
      sized("chaos_bound").step(writing("bound").transferable(false).assign(fixed_node_count{1})),
      sized("chaos_poison").step(partitioned{"poison"}.split(listed).retry({3}, soon).each(poison)),
      sized("chaos_stream")
          .step(partitioned{"stream"}
                    .stream(slow_stream)
                    .retry(enough, soon)
                    .each([](partition_context& p) { write_items(p, "stream"); })
                    .aggregate(
                        [](const results& all, run_context& run) { total("stream", all, run); })),
  };
}

}  // namespace

int main(int argc, char** argv) { return partita::main(argc, argv, chaos_jobs()); }
