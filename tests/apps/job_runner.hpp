#pragma once

#include <string>
#include <utility>
#include <vector>

#include "batch/batch.hpp"

namespace partita::test {

/// Runs the only step of a job, one partition after the other, without cluster and database.
class job_runner {
 public:
  job_runner(job one, json given) : job_(std::move(one)), given_(fill(std::move(given))) {}

  const partitioned& step() const { return std::get<partitioned>(job_.steps().front()); }

  std::vector<partition> split(int slots = 1) const {
    split_context context{parameters{given_}, {{node_id{1}, slots, 0}}, {}};
    return step().splitter()(context);
  }

  partition_setup setup(const partition& part, partition_no no) const {
    partition_setup setup;
    setup.run = run_id{1};
    setup.step_name = step().name();
    setup.step = step_id{1};
    setup.lease = lease_id{no + 1};
    setup.no = no;
    setup.key = part.key;
    setup.given = parameters{given_};
    setup.input = json::parse(part.input.dump());  // as it would travel
    return setup;
  }

  /// All of it; the result of the aggregator.
  json run(int slots = 1) {
    rows_.clear();
    for (const auto& part : split(slots)) {
      partition_context p{setup(part, static_cast<partition_no>(rows_.size()))};
      step().body()(p);
      publication files;
      for (const auto& file : p.files()) files.add(file);
      files.finish();
      result_row row;
      row.no = p.no();
      row.output = p.output().dump();
      row.files = to_text(p.files());
      row.counts = p.counts();
      rows_.push_back(std::move(row));
    }
    return aggregate();
  }

  json aggregate() const {
    const results all{[this](partition_no after, int limit) {
      std::vector<result_row> page;
      for (const auto& row : rows_)
        if (row.no > after && std::cmp_less(page.size(), limit)) page.push_back(row);
      return page;
    }};
    run_context context{run_id{1}, parameters{given_}, {}};
    step().aggregator()(all, context);
    return context.result().value_or(json{});
  }

  /// What the split, or a partition, says when it refuses.
  std::string refusal() {
    try {
      run();
    } catch (const permanent_error& e) {
      return e.what();
    }
    return "none";
  }

 private:
  json fill(json given) const {
    for (const auto& spec : job_.parameter_specs())
      if (!given.contains(spec.name) && !spec.fallback.is_null()) given[spec.name] = spec.fallback;
    return given;
  }

  job job_;
  json given_;
  std::vector<result_row> rows_;
};

}  // namespace partita::test
