#include "actors/master_work.hpp"

#include "actors/attempt_queries.hpp"
#include "actors/held_resources.hpp"
#include "actors/log_event.hpp"
#include "actors/text.hpp"
#include "protocol/mutation.hpp"

namespace partita {

namespace {

template <class F>
worker_outcome guarded(const char* what, F&& body) {
  auto failed = [&](const std::string& why, bool may_retry) {
    return worker_outcome{worker_outcome::kind::failed,
                          std::string{what} + ": " + readable(why),
                          false,
                          {},
                          may_retry};
  };
  try {
    return body();
  } catch (const stop_requested_error& e) {
    return {worker_outcome::kind::stopped, e.what(), false, {}};
  } catch (const store_error& e) {
    switch (e.code()) {
      case errc::term_lost:
        return {worker_outcome::kind::term_lost, e.what(), false, {}};
      case errc::unavailable:
      case errc::history_lost:
        return {worker_outcome::kind::unavailable, e.what(), false, {}};
      default:
        return failed(e.what(), true);
    }
  } catch (const permanent_error& e) {
    return failed(e.what(), false);
  } catch (const definition_error& e) {
    return failed(e.what(), false);
  } catch (const std::exception& e) {
    return failed(e.what(), true);
  } catch (...) {
    return failed("an exception that is not a std::exception", true);
  }
}

parameters parameters_of(const master_task& task) {
  return parameters{parse_document("the run's parameters", task.run.parameters)};
}

/// How long a partition of a stream may wait for others at most, while they keep coming.
constexpr milliseconds stream_delay{50};

/// Inserts what a split yields, in bulk, under the term.
class partition_inserter {
 public:
  /// `delay`: none, where nobody waits for the partitions before the seal.
  partition_inserter(const master_task& task, std::int64_t skip, std::optional<milliseconds> delay)
      : task_(task), delay_(delay), skip_(skip), next_(skip), flushed_(task.deps->now()) {}

  /// What comes now is not among those that an earlier master has inserted.
  void go_on() { seen_ = skip_; }

  void add(partition p) {
    if (seen_++ < skip_) return;
    if (seen_ > task_.deps->limits.max_partitions)
      throw permanent_error("more than " + std::to_string(task_.deps->limits.max_partitions) +
                            " partitions");
    batch_.push_back({std::move(p.key), p.input.dump()});
    bytes_ += batch_.back().key.size() + batch_.back().input.size();
    if (batch_.size() >= static_cast<std::size_t>(task_.deps->limits.split_batch) ||
        bytes_ >= task_.deps->limits.max_statement_bytes ||
        (delay_ && task_.deps->now() - flushed_ >= *delay_))
      flush();
  }

  /// What is left goes in with the seal.
  void seal(const std::vector<ready_range>& ranges) {
    if (task_.stop.stop_requested()) throw stop_requested_error{};
    task_.db->verbs()->seal_split(task_.step.id, task_.node, task_.term, next_, batch_, ranges);
  }

  std::int64_t seen() const { return seen_; }

 private:
  void flush() {
    if (task_.stop.stop_requested()) throw stop_requested_error{};
    task_.db->verbs()->append_partitions(task_.step.id, task_.node, task_.term, next_, batch_);
    next_ += static_cast<partition_no>(batch_.size());
    batch_.clear();
    bytes_ = 0;
    flushed_ = task_.deps->now();
  }

  const master_task& task_;
  std::optional<milliseconds> delay_;
  std::int64_t skip_;  // partitions that an earlier master has inserted
  std::int64_t seen_ = 0;
  partition_no next_;
  std::vector<new_partition> batch_;
  std::size_t bytes_ = 0;  // of their texts
  mono_time flushed_;
};

void refuse_to_store() {
  throw definition_error("what reads on the master stores nothing: the partitions do");
}

/// Those that could execute partitions of the step.
std::vector<live_node> able_nodes(const master_task& task) {
  return with_tags(task.db->verbs()->live_nodes(task.run.job), task.step.spec.tags);
}

void insert_listed(const master_task& task, const partitioned& definition, split_context& context,
                   const std::optional<scaling>& how) {
  auto listed = definition.slices(context);
  if (task.step.count > 0 && !PARTITA_BUG(half_a_split_is_kept))
    task.db->verbs()->reset_split(task.step.id, task.node, task.term);
  partition_inserter inserter{task, 0, std::nullopt};
  for (auto& p : listed) inserter.add(std::move(p));
  const auto nodes = able_nodes(task);
  const bool able_here = std::any_of(nodes.begin(), nodes.end(),
                                     [&](const live_node& n) { return n.id == task.node; });
  if (how && std::holds_alternative<local_partitioning>(*how) && inserter.seen() > 0 && able_here)
    return inserter.seal({{{0, inserter.seen() - 1}, task.node, 0}});
  inserter.seal(assign(definition.assigned(), inserter.seen(), nodes));
}

void insert_streamed(const master_task& task, const stream_function& stream,
                     split_context& context) {
  partition_inserter inserter{task, PARTITA_BUG(stream_is_inserted_anew) ? 0 : task.step.count,
                              stream_delay};
  context.set_last_stored([&, asked = false]() mutable -> std::optional<json> {
    const auto count = task.step.count;
    if (std::exchange(asked, true) || inserter.seen() > 0)
      throw definition_error("a stream asks once what is stored, before it yields anything");
    if (count == 0) return std::nullopt;
    const std::array last{count - 1};
    const auto rows = task.db->verbs()->find_partitions(task.step.id, last);
    if (rows.empty()) throw permanent_error("the last partition that was streamed is not there");
    inserter.go_on();
    return parse_document("the last partition's input", rows.front().input);
  });
  stream(context, [&](partition p) { inserter.add(std::move(p)); });
  if (inserter.seen() < task.step.count)
    throw permanent_error("the stream yielded fewer partitions (" +
                          std::to_string(inserter.seen()) + ") than before the takeover (" +
                          std::to_string(task.step.count) + "): it must repeat itself");
  inserter.seal({});
}

/// Visits the run, and those that it continues, back to the first of them.
template <class Visit>
void for_each_continued(const master_task& task, Visit&& visit) {
  for (std::optional<run_row> run = task.run; run;) {
    visit(*run);
    const auto before = run->restart_of;
    run = before ? task.db->verbs()->find_run(before) : std::nullopt;
  }
}

/// A split_context or a run_context.
template <class Context>
void tell_first_run(const master_task& task, Context& context) {
  for_each_continued(task,
                     [&](const run_row& run) { context.set_first_run(run.id, run.created_at); });
}

/// For remote chunking: items that are read here. The reader has the context of a partition that
/// stores nothing.
void insert_packed(const master_task& task, const partitioned& definition, split_context& context,
                   const attempt_queries::opener& author) {
  held_resources held;
  const auto first_run = context.first_run();
  held.turn_to(task.run.id, first_run);
  const auto read = [&](split_context& from, const take_partition& yield) {
    for (auto& slice : definition.slices(from)) {
      partition_setup setup;
      setup.run = task.run.id;
      setup.first_run = first_run;
      setup.step_name = task.step.spec.name;
      setup.step = task.step.id;
      setup.key = std::move(slice.key);
      setup.given = from.all_parameters();
      setup.input = parse_document("the split's input", slice.input.dump());
      setup.stop = task.stop;
      setup.commit = [](const checkpoint&) { refuse_to_store(); };
      setup.commit_chunk = [](const chunk& c, const author_work&) { return refuse_to_store(), c; };
      setup.queries = std::make_shared<attempt_queries>(lease_id{}, 0, author, nullptr);
      setup.resource = [&](std::type_index type) {
        return held.get(*task.deps->resources, *task.definition, type, setup.given, setup.queries);
      };
      setup.log = [&](std::string_view line) {
        log::info("reader_said", {.run = task.run.id, .step = task.step.spec.name},
                  {{"text", line}});
      };
      setup.rest = task.deps->rest;
      partition_context reading{setup};
      definition.pack(reading, yield);
    }
  };
  insert_streamed(task, read, context);
}

results results_of(const master_task& task) {
  return results{[task](partition_no after, int limit) {
    return task.db->verbs()->list_results(task.step.id, after, limit);
  }};
}

/// Visits the results of one kind of the step, page by page.
template <class Visit>
void for_each_result(result_kind kind, const master_task& task, Visit&& visit) {
  constexpr int page = 1000;
  for (partition_no after = -1;;) {
    auto rows = task.db->verbs()->list_results(task.step.id, after, page, kind);
    for (const auto& row : rows) visit(row);
    if (rows.size() < page) return;
    after = rows.back().no;
  }
}

void publish_files(const master_task& task) {
  std::vector<std::filesystem::path> published;
  publication files;
  for_each_result(result_kind::with_files, task, [&](const result_row& row) {
    for (const auto& file : parse_files(row.files)) {
      // Somebody else may be the master by now, or the run cancelled, and its names another run's.
      if (task.stop.stop_requested()) throw stop_requested_error{};
      files.add(file);
      published.push_back(file.final_path);
    }
  });
  if (published.empty()) return;
  files.finish();
  // What was left behind by the runs that this one continues is in its folders too.
  for_each_continued(
      task, [&](const run_row& run) { remove_leftovers(published, run.id, task.step.spec.name); });
}

/// Each partition keeps its own limit; here they are taken together.
void require_few_skipped(const master_task& task, const partitioned& definition) {
  if (!definition.skip_limit()) return;
  const auto most = definition.skip_limit()(parameters_of(task));
  const auto skipped = results_of(task).sum_skipped();
  if (skipped > most)
    throw permanent_error(std::to_string(skipped) + " items were let go, and at most " +
                          std::to_string(most) + " may be; `job " +
                          std::to_string(task.run.id.value) + " --skipped` lists them");
}

run_context context_of(const master_task& task) {
  run_context context{task.run.id, parameters_of(task), task.stop, task.so_far};
  tell_first_run(task, context);
  return context;
}

void before_step(const master_task& task) {
  for (const auto& listener : task.definition->listening().before_step) {
    auto context = context_of(task);
    listener(task.step.spec.name, context);
  }
}

/// Calls one listener of an end. What it throws is logged, and all is done; but for an error of the
/// database: then they are all told again.
template <class F>
worker_outcome tell(const master_task& task, F&& listener) {
  auto told = guarded("listener", [&]() -> worker_outcome {
    auto context = context_of(task);
    listener(context);
    return {};
  });
  if (told.how == worker_outcome::kind::unavailable || told.how == worker_outcome::kind::term_lost)
    return told;
  if (told.how != worker_outcome::kind::done)
    log::error("listener_failed",
               {.run = task.run.id,
                .job = task.run.job.name,
                .step = task.step.spec.name,
                .node = task.node},
               {{"why", told.error}});
  return {};
}

template <class Listeners, class Call>
worker_outcome tell_all(const master_task& task, const Listeners& listeners, Call&& call) {
  for (const auto& listener : listeners) {
    auto told = tell(task, [&](run_context& context) { call(listener, context); });
    if (told.how != worker_outcome::kind::done) return told;
  }
  return {};
}

worker_outcome with_result(const master_task& task, const run_context& context) {
  worker_outcome done;
  if (!context.result()) return done;
  done.has_result = true;
  done.result = storable(context.result()->dump(), task.deps->limits.max_output_bytes);
  return done;
}

worker_outcome split_work(const master_task& task, const partitioned& definition) {
  return guarded("split", [&]() -> worker_outcome {
    before_step(task);
    auto nodes = parse_cluster(task.step.spec.split_context);
    if (nodes.empty()) nodes = able_nodes(task);
    const auto given = parameters_of(task);
    const auto how = definition.scaled(given);
    if (definition.streams(given) != task.step.spec.streamed)
      throw permanent_error(
          "the step has begun in a run before this one, and was spread in another way: its scaling "
          "may not change between streaming and not");
    worker_session session{task.deps, "author", task.deps->limits.database_timeout, true};
    const auto author = [&]() -> worker_session& { return session; };
    split_context context{given, std::move(nodes), task.stop, task.so_far, slices_of(how)};
    tell_first_run(task, context);
    context.set_queries(std::make_shared<attempt_queries>(lease_id{}, 0, author, nullptr));
    if (definition.streamer())
      insert_streamed(task, definition.streamer(), context);
    else if (task.step.spec.streamed)
      insert_packed(task, definition, context, author);
    else
      insert_listed(task, definition, context, how);
    return {};
  });
}

worker_outcome tasklet_work(const master_task& task, const tasklet& definition) {
  return guarded("tasklet", [&] {
    before_step(task);
    auto context = context_of(task);
    definition.body()(context);
    return with_result(task, context);
  });
}

worker_outcome aggregate_work(const master_task& task, const partitioned& definition) {
  return guarded("aggregate", [&] {
    require_few_skipped(task, definition);
    publish_files(task);
    auto context = context_of(task);
    if (definition.aggregator()) definition.aggregator()(results_of(task), context);
    return with_result(task, context);
  });
}

worker_outcome decide_work(const master_task& task, const decider& chooses) {
  return guarded("decide", [&] {
    worker_outcome done;
    auto chosen = chooses(task.so_far);
    const auto from = static_cast<std::size_t>(task.step.spec.ordinal);
    if (chosen.how == decision_kind::go_to &&
        !target_of(task.definition->shape(), from, chosen.text))
      throw permanent_error("it chose step " + chosen.text +
                            ", which is no later step of the job, or of the same flow");
    chosen.text = readable(chosen.text);
    done.decided = std::move(chosen);
    return done;
  });
}

}  // namespace

worker_outcome call_author(const master_task& task, work_kind kind) {
  const auto& step = task.definition->steps().at(static_cast<std::size_t>(task.step.spec.ordinal));
  const auto* partitions = std::get_if<partitioned>(&step);
  const auto* function = std::get_if<tasklet>(&step);
  const auto* chooses = task.definition->decider_of(name_of(step));
  if (kind == work_kind::split && partitions != nullptr) return split_work(task, *partitions);
  if (kind == work_kind::aggregate && partitions != nullptr)
    return aggregate_work(task, *partitions);
  if (kind == work_kind::tasklet && function != nullptr) return tasklet_work(task, *function);
  if (kind == work_kind::decide && chooses != nullptr) return decide_work(task, *chooses);
  worker_outcome none;
  none.how = worker_outcome::kind::failed;
  none.error = "this version of the job has another kind of step here";
  return none;
}

worker_outcome after_step_work(const master_task& task, const step_outcome& how) {
  return tell_all(task, task.definition->listening().after_step,
                  [&](const auto& listener, run_context& context) {
                    listener(task.step.spec.name, how, context);
                  });
}

worker_outcome after_run_work(const master_task& task, const run_outcome& how) {
  return tell_all(task, task.definition->listening().after_run,
                  [&](const auto& listener, run_context& context) { listener(how, context); });
}

outcomes outcomes_of(const std::shared_ptr<master_session>& db, run_id run,
                     const std::vector<bool>& steps) {
  return outcomes{[db, run, steps] {
    std::map<std::string, step_outcome> known;
    for (const auto& s : db->verbs()->summarize(run)) {
      const auto ordinal = static_cast<std::size_t>(s.row.spec.ordinal);
      if (ordinal < steps.size() && steps[ordinal]) known.emplace(s.row.spec.name, outcome_of(s));
    }
    return known;
  }};
}

json_text describe_cluster(const std::vector<live_node>& nodes) {
  auto list = json::array();
  for (const auto& n : nodes)
    list.push_back({{"node", n.id.value}, {"slots", n.slots}, {"running", n.running}});
  return json{{"nodes", list}}.dump();
}

std::vector<live_node> parse_cluster(const json_text& text) {
  std::vector<live_node> nodes;
  auto document = parse_document("the step's view of the cluster", text);
  for (const auto& n : document.value("nodes", json::array()))
    nodes.push_back(
        {node_id{n.value("node", std::int64_t{0})}, n.value("slots", 1), n.value("running", 0)});
  return nodes;
}

std::string describe_failures(const master_task& task) {
  std::int64_t failed = 0;
  std::string first;
  for_each_result(result_kind::failed, task, [&](const result_row& row) {
    if (failed++ == 0) first = "partition " + std::to_string(row.no) + ": " + row.error;
  });
  return std::to_string(failed) + " of " + std::to_string(task.step.count) +
         " partitions failed; " + first;
}

}  // namespace partita
