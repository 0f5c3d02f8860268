#include "actors/body_messages.hpp"

#include <stdexcept>

#include "batch/json.hpp"

namespace partita {

namespace {

json to_json(const item_counts& c) { return {c.read, c.written, c.filtered, c.skipped}; }

item_counts to_counts(const json& list) {
  return {list.at(0).get<std::int64_t>(), list.at(1).get<std::int64_t>(),
          list.at(2).get<std::int64_t>(), list.at(3).get<std::int64_t>()};
}

json to_json(const checkpoint& c) { return {c.seq, c.position, to_json(c.counts)}; }

checkpoint checkpoint_of(const json& list) {
  return {list.at(0).get<std::int64_t>(), list.at(1).get<std::string>(), to_counts(list.at(2))};
}

/// Texts may hold anything: bytes that are no UTF-8 are replaced.
std::string written(const json& document) {
  return document.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

frame to_frame(const body_work& w) {
  json document{{"run", w.run.value},         {"step", w.step.value},
                {"job", w.job.name},          {"version", w.job.version},
                {"name", w.step_name},        {"parameters", w.parameters},
                {"lease", w.lease.value},     {"attempt", w.attempt},
                {"no", w.partition.no},       {"key", w.partition.key},
                {"input", w.partition.input}, {"most", w.most_output},
                {"memory", w.memory_bytes},   {"until", w.trusted_until.time_since_epoch().count()},
                {"first", w.first_run.value}};
  if (const auto& c = w.crashes; c.starts > 0)
    document["crashes"] = {c.starts, c.until, c.most, c.let_go, c.why};
  if (w.partition.resume) document["resume"] = to_json(*w.partition.resume);
  return {frame_kind::work, written(document)};
}

body_work to_work(const std::string& text) {
  const auto document = json::parse(text);
  body_work w;
  w.run.value = document.at("run").get<std::int64_t>();
  w.first_run.value = document.at("first").get<std::int64_t>();
  w.step.value = document.at("step").get<std::int64_t>();
  w.job = {document.at("job").get<std::string>(), document.at("version").get<int>()};
  w.step_name = document.at("name").get<std::string>();
  w.parameters = document.at("parameters").get<std::string>();
  w.lease.value = document.at("lease").get<std::int64_t>();
  w.attempt = document.at("attempt").get<int>();
  w.partition.no = document.at("no").get<partition_no>();
  w.partition.key = document.at("key").get<std::string>();
  w.partition.input = document.at("input").get<std::string>();
  w.most_output = document.at("most").get<std::size_t>();
  w.memory_bytes = document.at("memory").get<std::size_t>();
  w.trusted_until = mono_time{std::chrono::nanoseconds{document.at("until").get<std::int64_t>()}};
  if (const auto c = document.find("crashes"); c != document.end())
    w.crashes = {c->at(0).get<int>(), c->at(1).get<std::int64_t>(), c->at(2).get<std::int64_t>(),
                 c->at(3).get<std::int64_t>(), c->at(4).get<std::string>()};
  if (const auto resume = document.find("resume"); resume != document.end())
    w.partition.resume = checkpoint_of(*resume);
  return w;
}

frame to_frame(mono_time trusted_until) {
  return {frame_kind::trust, std::to_string(trusted_until.time_since_epoch().count())};
}

mono_time to_time(const std::string& text) {
  return mono_time{std::chrono::nanoseconds{json::parse(text).get<std::int64_t>()}};
}

frame to_frame(const checkpoint_answer& answer) {
  json document = json::array();
  if (answer.refused) document = {static_cast<int>(*answer.refused), answer.why};
  return {frame_kind::answer, written(document)};
}

checkpoint_answer to_answer(const std::string& text) {
  const auto document = json::parse(text);
  if (document.empty()) return {};
  const auto code = document.at(0).get<int>();
  if (code < 0 || code > static_cast<int>(errc::damaged)) throw std::out_of_range("no such error");
  return {static_cast<errc>(code), document.at(1).get<std::string>()};
}

frame to_frame(const checkpoint& c) { return {frame_kind::checkpoint, written(to_json(c))}; }

checkpoint to_checkpoint(const std::string& text) { return checkpoint_of(json::parse(text)); }

frame to_frame(const body_progress& p) {
  return {frame_kind::progress, written(json{p.done, p.total})};
}

body_progress to_progress(const std::string& text) {
  const auto list = json::parse(text);
  return {list.at(0).get<std::int64_t>(), list.at(1).get<std::int64_t>()};
}

frame to_frame(const body_end& end) {
  return {frame_kind::ended, written(json{static_cast<int>(end.how), end.error, end.output,
                                          end.files, to_json(end.counts)})};
}

body_end to_end(const std::string& text) {
  const auto list = json::parse(text);
  const auto how = list.at(0).get<int>();
  if (how < 0 || how > static_cast<int>(body_end::kind::failed_for_good))
    throw std::out_of_range("no such end");
  body_end end;
  end.how = static_cast<body_end::kind>(how);
  end.error = list.at(1).get<std::string>();
  end.output = list.at(2).get<std::string>();
  end.files = list.at(3).get<std::string>();
  end.counts = to_counts(list.at(4));
  return end;
}

}  // namespace partita
