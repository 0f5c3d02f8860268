#include "tests/sim/workload.hpp"

#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "batch/writers/compose.hpp"
#include "batch/writers/csv.hpp"

namespace partita::sim {

namespace {

std::int64_t value_of(partition_no no) { return no * no + 1; }

struct ledger_rows {
  std::int64_t run;
  std::int64_t no;

  void write(std::span<const int> items, sql_transaction& tx) const {
    tx.execute(
        "CREATE TABLE IF NOT EXISTS ledger (run BIGINT, no BIGINT, item INTEGER"
        " CHECK (item <> 7))");
    std::vector<sql_row> rows;
    for (const int i : items) rows.push_back({run, no, std::int64_t{i}});
    const std::vector<std::string> columns{"run", "no", "item"};
    tx.insert("ledger", columns, rows);
  }
};

csv::writer<int> items_in(partition_context& p, const std::filesystem::path& file) {
  return {p.output_file(file), {"item"}, [](csv::fields& to, int item) {
            if (item == refused_item) throw data_error("refused");
            to.add(item);
          }};
}

/// As if the attempts under earlier leases had been on another host. Those under later ones may be
/// under way.
void lose_earlier(const output_file& mine) {
  const auto lease_of = [](const std::string& name) {
    return std::stoll(name.substr(name.find(".lease-") + 7));
  };
  const auto start = "." + mine.final_path.filename().string() + ".run-";
  for (const auto& entry : std::filesystem::directory_iterator{mine.final_path.parent_path()}) {
    const auto name = entry.path().filename().string();
    if (name.starts_with(start) && lease_of(name) < lease_of(mine.staged_path.filename().string()))
      std::filesystem::remove(entry.path());
  }
}

}  // namespace

std::int64_t expected_sum(std::int64_t count) {
  std::int64_t sum = 0;
  for (partition_no no = 0; no < count; ++no) sum += value_of(no);
  return sum;
}

scratch_folder::scratch_folder()
    : path("/dev/shm/partita-simulation-" + std::to_string(::getpid())) {
  std::filesystem::create_directory(path);
}

scratch_folder::~scratch_folder() { std::filesystem::remove_all(path); }

std::vector<job> jobs_of::all() {
  auto count = [](split_context& c) { return c.get<int>("count"); };
  auto listed = [count](split_context& c) {
    std::vector<partition> parts;
    for (int i = 0; i < count(c); ++i) parts.push_back({"p" + std::to_string(i), i});
    return parts;
  };
  auto sum = [](const results& all, run_context& run) {
    std::int64_t total = 0;
    all.for_each([&](const partition_result& one) {
      if (one.output.is_number()) total += one.output.get<std::int64_t>();
    });
    run.result({{"sum", total}, {"count", all.count()}});
  };
  auto named = [](work_kind kind) {
    return job{names[static_cast<int>(kind)]}
        .parameter<int>("count", required)
        .parameter<int>("launch", required);
  };
  // Runs of schedules may come faster than these would take them.
  auto queued = [&](work_kind kind) {
    return named(kind).max_runs(script_.max_runs).fair_by("count");
  };
  auto step = [&](const std::string& name) {
    return partitioned{name}
        .split(listed)
        .assign(script_.strategy)
        .retry(attempts{1000}, {milliseconds{10}, 2.0, milliseconds{500}})
        .each([this](partition_context& p) { plain(p); })
        .aggregate(sum);
  };
  auto with_files = [&](partitioned s) {
    return s.each([this](partition_context& p) { filed(p, p.no()); })
        .aggregate([this, sum](const results& all, run_context& run) {
          all.for_each([&](const partition_result& one) { check_file(one, run); });
          sum(all, run);
        });
  };
  auto streamed =
      partitioned{"work"}
          .stream([this, count](split_context& c, const std::function<void(partition)>& yield) {
            for (int i = 0; i < count(c); ++i) {
              if (i % 7 == 6) where->work(milliseconds{i % 3 * 20});
              if (dice{mix(seed_, 22, ++yielded_)}.hits(script_.failing / 10))
                throw std::runtime_error("simulated: the source of the stream failed");
              yield({"p" + std::to_string(i), i});
            }
          })
          .retry(attempts{1000}, {milliseconds{10}, 2.0, milliseconds{500}})
          .each([this](partition_context& p) { plain(p); })
          .aggregate(sum);
  return {named(work_kind::sum).files_expire().step(with_files(step("work"))),
          queued(work_kind::once)
              .step(step("work")
                        .transferable(false)
                        .at_most(script_.at_most)
                        .each([this](partition_context& p) { once(p); })),
          queued(work_kind::chunks)
              .step(step("work")
                        .at_most(script_.at_most)
                        .limited_by(script::limit_name)
                        .each([this](partition_context& p) { chunks(p); })),
          named(work_kind::stream).step(streamed.limited_by(script::limit_name)),
          queued(work_kind::two)
              .step(with_files(step("first")))
              .step(tasklet{"between", [this](run_context&) { where->work(duration(7, 0)); }})
              .step(step("second").at_most(script_.at_most).limited_by(script::limit_name)),
          named(work_kind::ledger)
              .step(step("work")
                        .each([this](partition_context& p) { ledger(p); })
                        .aggregate([this, sum](const results& all, run_context& run) {
                          all.for_each([&](const partition_result& one) { check_items(one, run); });
                          sum(all, run);
                        })),
          // Each file is that of two partitions: the second fails.
          named(work_kind::clash).step(step("work").each([this](partition_context& p) {
            filed(p, p.no() / 2);
          })),
          flow_of(named(work_kind::flow), step)};
}

milliseconds jobs_of::duration(std::int64_t no, int attempt) {
  dice d{mix(seed_, 20, no, attempt)};
  return milliseconds{d.skewed(0, script_.longest_ms)};
}

void jobs_of::maybe_fail(const partition_context& p) {
  dice d{mix(seed_, 21, p.no(), p.attempt(), p.run().value)};
  if (d.hits(script_.failing)) throw std::runtime_error("simulated: the author's code failed");
}

void jobs_of::plain(partition_context& p) {
  where->work(duration(p.no(), p.attempt()));
  p.stop_if_requested();
  maybe_fail(p);
  p.output(value_of(p.input<int>()));
}

void jobs_of::filed(partition_context& p, std::int64_t name) {
  plain(p);
  const auto key =
      p.idempotency_key();  // begins with the first of the runs that continue each other
  const auto run = key.substr(0, key.find(':'));
  std::ofstream{p.output_file(folder_.path / (run + "-" + std::to_string(name)))}
      << value_of(p.no());
}

void jobs_of::check_file(const partition_result& one, const run_context& run) {
  std::int64_t found = 0;
  for (const auto& file : one.files) std::ifstream{file} >> found;
  if (found != value_of(one.no))
    oracle_.broken.push_back("the file of partition " + std::to_string(one.no) + " of run " +
                             std::to_string(run.run().value) + " is not there");
}

void jobs_of::check_purged_files(const tables& rows) {
  std::set<std::string> going;  // the first of the runs that continue each other
  for (const auto& run : rows.runs)
    if (run.purged_at && run.job.name == names[static_cast<int>(work_kind::sum)])
      going.insert(std::to_string(run.id.value));
  for (const auto& entry : std::filesystem::directory_iterator{folder_.path}) {
    const auto name = entry.path().filename().string();
    if (going.contains(name.substr(0, name.find('-'))))
      oracle_.broken.push_back("the file " + name + " is left of a run that was purged");
  }
}

void jobs_of::once(partition_context& p) {
  if (++oracle_.single_starts[{p.run(), p.no()}] > 1)
    oracle_.broken.push_back("partition " + std::to_string(p.no()) + " of run " +
                             std::to_string(p.run().value) +
                             " must start at most once, and was started again");
  plain(p);
}

void jobs_of::chunks(partition_context& p) {
  constexpr std::int64_t last = 4;
  auto from = p.resume_position() ? p.resume_position()->get<std::int64_t>() : 0;
  auto& known = oracle_.position[{p.run(), p.no()}];
  auto committed = [&](std::int64_t position) {
    if (position <= known)
      oracle_.broken.push_back(
          "partition " + std::to_string(p.no()) + " of run " + std::to_string(p.run().value) +
          " commits " + std::to_string(position) + " again: it resumed at " + std::to_string(from) +
          ", but " + std::to_string(known) + " was acknowledged");
    known = position;
  };
  for (auto at = from; at < last; ++at) {
    where->work(duration(p.no() * 10 + at, p.attempt()) / last);
    maybe_fail(p);
    try {
      p.checkpoint(at + 1);
    } catch (const stop_requested_error&) {  // thrown after the commit
      committed(at + 1);
      throw;
    }
    committed(at + 1);
  }
  p.output(value_of(p.input<int>()));
}

chunked<int> jobs_of::entries(const partition_context& p) {
  struct source {
    std::function<void(int)> before;
    int at = 0;
    std::optional<int> next() {
      if (at == ledger_items) return std::nullopt;
      before(at);
      if (at++ == malformed_item) throw data_error("malformed");
      return at - 1;
    }
    json position() const { return at; }
    void seek(const json& position) { at = position.get<int>(); }
  };
  dice d{mix(seed_, 23, p.no(), p.attempt(), p.run().value)};
  const auto fails_at = d.hits(script_.failing) ? static_cast<int>(d.between(0, 11)) : -1;
  const auto key = p.idempotency_key();
  const auto run = std::stoll(key.substr(0, key.find(':')));
  chunked<int> c{static_cast<int>(d.between(1, 7))};
  c.read([this, fails_at, &p](partition_context&) {
     return source{[this, fails_at, &p](int item) {
       where->work(duration(p.no() * 100 + item, p.attempt()) / ledger_items);
       if (item == fails_at) throw std::runtime_error("simulated: the author's code failed");
     }};
   }).skip(on<data_error>(), at_most{2});
  const auto file = folder_.path / (std::to_string(run) + "-ledger-" + std::to_string(p.no()));
  // Files only: they may be lost.
  if (kind_ == backing::memory)
    return c.write([file, lost = d.hits(script_.failing)](partition_context& p) {
      auto writer = items_in(p, file);
      if (lost) lose_earlier(p.files().front());
      return writer;
    });
  if (may_repeat_items(run_id{run}) && kind_ != backing::postgres)
    return c.write([run](partition_context& p) { return ledger_rows{run, p.no()}; });
  return c.write([file, run](partition_context& p) {
    return tee{ledger_rows{run, p.no()}, items_in(p, file)};
  });
}

void jobs_of::check_items(const partition_result& one, const run_context& run) {
  std::string expected = "item\n", found;
  for (int i = 0; i < ledger_items; ++i)
    if (i != malformed_item && i != refused_item) expected += std::to_string(i) + "\n";
  if (one.files.empty() && kind_ == backing::sqlite) return;  // rows only: check_ledger
  for (const auto& file : one.files) {
    std::ifstream in{file};
    found.assign(std::istreambuf_iterator<char>{in}, {});
  }
  if (found != expected)
    oracle_.broken.push_back("the file of partition " + std::to_string(one.no) + " of run " +
                             std::to_string(run.run().value) + " holds other items: " + found);
}

void jobs_of::ledger(partition_context& p) {
  const chunked_body body = entries(p);
  body.run(p);
  p.output(value_of(p.input<int>()));
}

}  // namespace partita::sim
