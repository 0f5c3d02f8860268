#include "apps/testing/run_partition.hpp"

#include "apps/testing/author_database.hpp"
#include "apps/testing/lookup.hpp"
#include "apps/testing/sim/sqlite_in_memory.hpp"
#include "batch/output_files.hpp"

namespace partita::test {

namespace {

/// What a node would fill in, with commits that nothing fences.
partition_setup setup_of(const job& of, const partitioned& step, const partition& which, json given,
                         const partition_options& options, partition_run& to) {
  partition_setup setup;
  setup.run = run_id{1};
  setup.step_name = step.name();
  setup.step = step_id{1};
  setup.lease = lease_id{options.no + 1};
  setup.no = options.no;
  setup.key = which.key;
  setup.given = parameters{std::move(given)};
  setup.input = json::parse(which.input.dump());  // as it comes out of a database
  const auto stored = [&to](const checkpoint& c) {
    to.position = json::parse(c.position);
    ++to.commits;
  };
  setup.commit = stored;
  setup.commit_chunk = [&to, stored](const chunk& c, const author_work& write) {
    auto done = to.in->store(c, write);
    stored(done.to);
    to.skipped.insert(to.skipped.end(), done.skipped.begin(), done.skipped.end());
    return done;
  };
  setup.queries = to.in->queries();
  setup.resource = [&of, given = setup.given, queries = setup.queries](std::type_index type) {
    const auto* make = of.resource_of(type);
    if (make == nullptr) return resource_ptr{};
    resource_context context{run_id{1}, given, queries};
    return (*make)(context);
  };
  setup.rest = [](milliseconds) {};
  return setup;
}

}  // namespace

std::vector<sql_row> partition_run::fetch(std::string_view statement,
                                          std::span<const sql_value> values) const {
  return in->query(statement, values);
}

std::vector<partition> split(const job& j, const std::string& step, const json& parameters,
                             int executors) {
  const auto& found = partitioned_of(j, step);
  const partita::parameters given{checked(j, parameters)};
  split_context context{
      given, {{node_id{1}, executors, 0}}, {}, {}, slices_of(found.scaled(given))};
  std::vector<partition> parts;
  const auto keep = [&](partition one) { parts.push_back(std::move(one)); };
  if (found.streamer()) {
    found.streamer()(context, keep);
    return parts;
  }
  auto slices = found.slices(context);
  if (!found.streams(given)) return slices;
  for (const auto& slice : slices) {
    partition_setup setup;
    setup.given = given;
    setup.input = slice.input;
    partition_context reading{std::move(setup)};
    found.pack(reading, keep);
  }
  return parts;
}

partition_run run_partition(const job& j, const std::string& step, const partition& which,
                            const partition_options& options) {
  const auto& found = partitioned_of(j, step);
  auto given = checked(j, options.parameters);
  partition_run result;
  result.in = std::make_shared<author_database>(sim::sqlite_in_memory(wall_now));
  result.in->make(options.tables);
  auto setup = setup_of(j, found, which, std::move(given), options, result);
  const auto said = setup.progress;
  partition_context p{std::move(setup)};
  try {
    found.run(p);
    p.sync_files();
  } catch (...) {
    for (const auto& file : p.files()) remove_staged(file);
    throw;
  }
  publication files;
  for (const auto& file : p.files()) {
    files.add(file);
    result.files.push_back(file.final_path);
  }
  files.finish();
  result.output = p.output();
  result.counts = p.counts();
  for (const auto& line : said->log.waiting({}, options.no)) result.log.push_back(line.text);
  return result;
}

}  // namespace partita::test
