#include "apps/partita/http/schemas.hpp"

#include <algorithm>
#include <vector>

#include "apps/partita/states.hpp"

namespace partita::http {

using cli::document;

namespace {

struct described_member {
  const char* name;
  const char* type;  // as schema_of takes it
  bool always = true;
};

using described_members = std::vector<described_member>;

constexpr bool sometimes = false;

struct described_document {
  const char* name;
  described_members members;
};

described_members joined(described_members first, const described_members& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

/// A page of a list.
described_members page_of(const char* items, const described_members& more = {}) {
  return joined({{"items", items}, {"next", "text?"}}, more);
}

const described_members short_run_members{{"id", "id"}, {"state", "run_state"}};

const described_members run_members{{"id", "id"},
                                    {"job", "text"},
                                    {"job_version", "whole"},
                                    {"state", "run_state"},
                                    {"stop", "text"},
                                    {"priority", "whole"},
                                    {"paused", "pause?"},
                                    {"job_paused", "flag"},
                                    {"waits_for", "text?"},
                                    {"partitions", "partition_counts"},
                                    {"progress", "number?"},
                                    {"items", "item_counts"},
                                    {"master", "node_reference?"},
                                    {"term", "id"},
                                    {"parameters", "any"},
                                    {"launch_key", "text"},
                                    {"restart_of", "id?"},
                                    {"schedule", "id?"},
                                    {"tick", "time?"},
                                    {"trace_parent", "text?"},
                                    {"trace_id", "text"},
                                    {"purged_at", "time?"},
                                    {"created_at", "time"},
                                    {"started_at", "time?"},
                                    {"ended_at", "time?"},
                                    {"duration_s", "number?"},
                                    {"result", "any"},
                                    {"error", "text?"},
                                    {"rate_per_s", "number?"},
                                    {"eta_s", "number?"}};

const described_members partition_members{{"no", "whole"},          {"step", "text"},
                                          {"key", "text"},          {"state", "partition_state"},
                                          {"attempt", "whole"},     {"node", "node_reference?"},
                                          {"lease", "id?"},         {"progress", "advance"},
                                          {"items", "item_counts"}, {"input", "any"},
                                          {"output", "any"},        {"files", "[text]"},
                                          {"error", "text?"},       {"started_at", "time?"},
                                          {"ended_at", "time?"},    {"duration_s", "number?"}};

const described_members node_members{
    {"id", "id"},          {"name", "text"},         {"state", "text"},
    {"running", "whole"},  {"slots", "whole"},       {"stuck", "whole"},
    {"tokens", "whole"},   {"tags", "[text]"},       {"host", "text"},
    {"pid", "whole"},      {"version", "text"},      {"jobs", "[text]"},
    {"joined_at", "time"}, {"heartbeat_at", "time"}, {"heartbeat_age_s", "number?"},
    {"left_at", "time?"}};

const described_members schedule_members{{"id", "id"},
                                         {"name", "text"},
                                         {"job", "text"},
                                         {"state", "PAUSED|OWNED|UNOWNED|OVER"},
                                         {"trigger", "text"},
                                         {"zone", "text"},
                                         {"next_tick", "time?"},
                                         {"owner", "node_reference?"},
                                         {"last_tick", "time?"},
                                         {"last_run", "id?"},
                                         {"missed", "whole"},
                                         {"overlap", "text"},
                                         {"catch_up_s", "number"},
                                         {"parameters", "any"},
                                         {"paused", "pause?"},
                                         {"created_at", "time"}};

/// What several documents are made of.
const std::vector<described_document>& shared_parts() {
  static const std::vector<described_document> all{
      {"node_reference", {{"id", "id"}, {"name", "text?"}}},
      {"partition_counts",
       {{"completed", "whole"},
        {"failed", "whole"},
        {"claimed", "whole"},
        {"total", "whole"},
        {"sealed", "flag"}}},
      {"item_counts",
       {{"read", "whole"}, {"written", "whole"}, {"filtered", "whole"}, {"skipped", "whole"}}},
      {"advance", {{"done", "whole"}, {"total", "whole"}}},
      {"pause", {{"since", "time"}, {"by", "text"}, {"note", "text"}}},
      {"refusal", {{"code", "text"}, {"message", "text"}, {"hint", "text?"}, {"details", "any"}}},
      {"error", {{"error", "refusal"}}}};
  return all;
}

const std::vector<described_document>& of_runs() {
  static const std::vector<described_document> all{
      {"short_run", short_run_members},
      {"run", run_members},
      {"runs", page_of("[run]")},
      {"run_count", {{"count", "whole"}, {"capped", "flag"}}},
      {"whole_run", joined(run_members, {{"continued_by", "id?"},
                                         {"steps", "[step]"},
                                         {"plan", "[planned_step]"},
                                         {"chain", "[short_run]"},
                                         {"settings", "{step_settings}"}})},
      {"planned_step",
       {{"name", "text"},
        {"kind", "text"},
        {"after", "[text]"},
        {"group", "text?"},
        {"decides", "flag"},
        {"on_failure", "text?"}}},
      {"step_settings",
       {{"max_attempts", "whole"},
        {"first_retry_s", "number"},
        {"retry_factor", "number"},
        {"last_retry_s", "number"},
        {"transferable", "flag"},
        {"streamed", "flag"}}},
      {"decision", {{"kind", "text"}, {"text", "text?"}}},
      {"step",
       {{"id", "id?"},
        {"ordinal", "whole"},
        {"name", "text"},
        {"kind", "text"},
        {"state", "text"},
        {"decision", "decision?"},
        {"partitions", "partition_counts"},
        {"progress", "number?"},
        {"items", "item_counts"},
        {"started_at", "time?"},
        {"ended_at", "time?"},
        {"duration_s", "number?"},
        {"result", "any"},
        {"error", "text?"},
        // Of one with partitions that has begun.
        {"durations", "[duration_bucket]", sometimes},
        {"durations_of", "whole", sometimes},
        {"median_s", "number?", sometimes},
        {"p95_s", "number?", sometimes},
        {"slowest", "[slow_partition]", sometimes}}},
      {"steps", page_of("[step]")},
      {"duration_bucket", {{"up_to_s", "number?"}, {"count", "whole"}}},
      {"slow_partition",
       {{"no", "whole"}, {"key", "text"}, {"duration_s", "number?"}, {"node", "node_reference?"}}},
      {"failure",
       {{"at", "time"},
        {"step", "text?"},
        {"no", "whole"},
        {"attempt", "whole"},
        {"outcome", "text"},
        {"node", "node_reference?"},
        {"lease", "id?"},
        {"error", "text"}}},
      {"error_group",
       {{"message", "text"},
        {"count", "whole"},
        {"outcome", "text"},
        {"steps", "[text]"},
        {"first_at", "time"},
        {"last_at", "time"},
        {"example", "failure"}}},
      {"errors", page_of("[error_group]", {{"looked_at", "whole"}, {"more", "flag"}})},
      {"skipped_item",
       {{"at", "time"},
        {"step", "text?"},
        {"no", "whole"},
        {"item", "whole"},
        {"stage", "text"},
        {"place", "text"},
        {"why", "text"}}},
      {"skipped_items", page_of("[skipped_item]", {{"more", "flag"}})},
      {"event",
       {{"id", "id"},
        {"at", "time"},
        {"kind", "text"},
        {"run", "id?"},
        {"step", "id?"},
        {"lease", "id?"},
        {"node", "id?"},
        {"detail", "any"}}},
      {"events", page_of("[event]")},
      {"changes", {{"newest", "id"}, {"runs", "[id]"}, {"nodes", "[id]"}, {"more", "flag"}}}};
  return all;
}

const std::vector<described_document>& of_partitions() {
  static const std::vector<described_document> all{
      {"partition", partition_members},
      {"partitions", page_of("[partition]")},
      {"whole_partition", joined(partition_members, {{"tries", "[try]"},
                                                     {"more_tries", "flag"},
                                                     {"checkpoint", "checkpoint?"},
                                                     {"log", "[log_line]"},
                                                     {"skipped", "[skipped_item]"},
                                                     {"more_skipped", "flag"}})},
      {"try",
       {{"attempt", "whole"},
        {"outcome", "text"},
        {"node", "node_reference?"},
        {"lease", "id?"},
        {"started_at", "time?"},
        {"ended_at", "time?"},
        {"duration_s", "number?"},
        {"error", "text?"}}},
      {"checkpoint", {{"seq", "whole"}, {"position", "any"}, {"items", "item_counts"}}},
      {"log_line",
       {{"at", "time"},
        {"attempt", "whole"},
        {"node", "node_reference?"},
        {"lease", "id?"},
        {"number", "whole"},
        {"text", "text"}}}};
  return all;
}

const std::vector<described_document>& of_the_timeline() {
  static const std::vector<described_document> all{
      {"timeline",
       {{"run_from", "time"},
        {"run_to", "time"},
        {"from", "time"},
        {"to", "time"},
        {"live", "flag"},
        {"now", "time"},
        {"detail", "PARTITIONS|TILES"},
        {"nodes", "[timeline_node]"},
        {"steps", "[timeline_step]"},
        {"bin_s", "number"},
        // Place of the node, bin, busy share, completed, failed, returned, slowest in seconds.
        {"tiles", "[[number]]"},
        // Place of the node, of the step, number, begin and length in ms, outcome C, F or R, try.
        {"partitions", "[[any]]"},
        {"leases", "[timeline_lease]"},
        {"moves", "[move]"},
        {"doing", "[timeline_attempt]"},
        {"stragglers", "[straggler]"}}},
      {"timeline_node", {{"id", "id"}, {"name", "text"}, {"slots", "whole"}, {"state", "text?"}}},
      {"timeline_step", {{"id", "id"}, {"name", "text"}}},
      {"timeline_lease",
       {{"id", "id"},
        {"node", "whole"},
        {"step", "whole"},
        {"lo", "whole"},
        {"hi", "whole"},
        {"attempt", "whole"},
        {"granted_at", "time"},
        {"ended", "whole"}}},
      {"move",
       {{"lease", "id"},
        {"step", "whole"},
        {"lo", "whole"},
        {"hi", "whole"},
        {"from", "whole"},
        {"granted_at", "time"},
        {"at", "time"},
        {"why", "LEFT|LOST"},
        {"cause", "text"},
        {"to", "[next_lease]"}}},
      {"next_lease", {{"node", "whole"}, {"at", "time"}}},
      {"timeline_attempt",
       {{"node", "whole"}, {"step", "whole"}, {"no", "whole"}, {"lease", "id"}, {"since", "time"}}},
      {"straggler",
       {{"step", "text"},
        {"no", "whole"},
        {"key", "text"},
        {"node", "node_reference"},
        {"running_s", "number"},
        {"median_s", "number"}}}};
  return all;
}

const std::vector<described_document>& of_nodes() {
  static const std::vector<described_document> all{
      {"node", node_members},
      {"nodes", page_of("[node]")},
      {"whole_node", joined(node_members, {{"leases", "[lease]"},
                                           {"more_leases", "flag"},
                                           {"doing", "[attempt]"},
                                           {"masters", "[driven_run]"},
                                           {"more_masters", "flag"},
                                           {"events", "[event]"},
                                           {"events_searched", "whole"}})},
      {"lease",
       {{"id", "id"},
        {"run", "id"},
        {"job", "text"},
        {"step", "text"},
        {"lo", "whole"},
        {"hi", "whole"},
        {"attempt", "whole"},
        {"granted_at", "time"},
        {"held_s", "number"},
        {"ended", "whole"}}},
      {"attempt",
       {{"run", "id"},
        {"job", "text"},
        {"step", "text"},
        {"no", "whole"},
        {"key", "text"},
        {"since", "time"},
        {"for_s", "number"},
        {"progress", "advance"}}},
      {"driven_run", {{"run", "id"}, {"job", "text"}}},
      {"drained_node", {{"id", "id"}, {"state", "text"}}}};
  return all;
}

const std::vector<described_document>& of_jobs() {
  static const std::vector<described_document> all{
      {"job",
       {{"name", "text"},
        {"version", "whole"},
        {"about", "text?"},
        {"usage", "text"},
        {"steps", "[text]"},
        {"parameters", "[parameter]"},
        {"nodes", "[text]"},
        {"paused", "pause?"},
        {"runs_seen", "whole"},
        {"mean_s", "number?"},
        {"p95_s", "number?"},
        {"last_success_at", "time?"},
        {"last_run", "short_run?"}}},
      {"jobs", page_of("[job]")},
      {"parameter",
       {{"name", "text"},
        {"type", "text"},
        {"required", "flag"},
        {"identifying", "flag"},
        {"default", "any"},
        {"one_of", "[any]"},
        {"about", "text?"}}},
      {"job_gate", {{"name", "text"}, {"state", "PAUSED|OPEN"}}},
      {"limit", {{"name", "text"}, {"slots", "whole?"}, {"in_use", "whole"}}},
      {"limits", page_of("[limit]")},
      {"limit_set", {{"name", "text"}, {"slots", "whole?"}}},
      {"retention", {{"job", "text?"}, {"keep_s", "whole?"}, {"keep_last", "whole"}}},
      {"retentions", page_of("[retention]", {{"purging", "whole"}})},
      {"schedule", schedule_members},
      {"schedules", page_of("[schedule]")},
      {"whole_schedule",
       joined(schedule_members, {{"next_ticks", "[tick]"}, {"runs", "[scheduled_run]"}})},
      {"tick", {{"tick", "time"}, {"local", "text"}}},
      {"scheduled_run", joined(short_run_members,
                               {{"tick", "time"}, {"started_at", "time?"}, {"ended_at", "time?"}})},
      {"run_ids", {{"runs", "[id]"}}}};
  return all;
}

const std::vector<described_document>& of_the_cluster() {
  static const std::vector<described_document> all{
      {"health",
       {{"status", "OK|WARNING|FAILING"},
        {"sentence", "text"},
        {"warnings", "[warning]"},
        {"nodes", "node_counts"},
        {"slots", "whole"},
        {"running", "whole"},
        {"runs", "live_counts"},
        {"database", "text"},
        {"version", "text"},
        {"schema", "whole"},
        {"now", "time"},
        {"may_operate", "flag"}}},
      {"warning", {{"code", "text"}, {"text", "text"}, {"hint", "text"}, {"href", "text"}}},
      {"node_counts", {{"active", "whole"}, {"draining", "whole"}, {"unreachable", "whole"}}},
      {"live_counts", {{"created", "whole"}, {"running", "whole"}}},
      {"throughput",
       {{"from", "time"}, {"bin_s", "whole"}, {"ended", "[whole]"}, {"failed", "[whole]"}}},
      {"holder", {{"name", "text"}, {"role", "read|operate"}}}};
  return all;
}

document object_schema(const described_members& members) {
  auto properties = document::object();
  auto required = document::array();
  for (const auto& member : members) {
    properties[member.name] = schema_of(member.type);
    if (member.always) required.push_back(member.name);
  }
  return {{"type", "object"}, {"properties", properties}, {"required", required}};
}

document or_null(document schema) {
  if (!schema.contains("type")) return {{"anyOf", {schema, {{"type", "null"}}}}};
  schema["type"] = {schema["type"], "null"};
  if (schema.contains("enum")) schema["enum"].push_back(nullptr);
  return schema;
}

document one_of_words(const std::string& words) {
  auto all = document::array();
  for (std::size_t from = 0; from <= words.size();) {
    const auto end = std::min(words.find('|', from), words.size());
    all.push_back(words.substr(from, end - from));
    from = end + 1;
  }
  return {{"type", "string"}, {"enum", all}};
}

document whole_between(const std::string& range) {
  const auto dots = range.find("..");
  document schema{{"type", "integer"}, {"minimum", std::stoll(range.substr(0, dots))}};
  if (const auto most = range.substr(dots + 2); !most.empty()) schema["maximum"] = std::stoll(most);
  return schema;
}

}  // namespace

document schema_of(const std::string& type) {
  const auto inner = [&] { return schema_of(type.substr(1, type.size() - 2)); };
  if (type.ends_with('?')) return or_null(schema_of(type.substr(0, type.size() - 1)));
  if (type.starts_with('[')) return {{"type", "array"}, {"items", inner()}};
  if (type.starts_with('{')) return {{"type", "object"}, {"additionalProperties", inner()}};
  if (type.find("..") != type.npos) return whole_between(type);
  if (type.find('|') != type.npos) return one_of_words(type);
  if (type == "text") return {{"type", "string"}};
  if (type == "id") return {{"type", "string"}, {"pattern", "^[0-9]+$"}};
  if (type == "time") return {{"type", "string"}, {"format", "date-time"}};
  if (type == "whole") return {{"type", "integer"}};
  if (type == "number") return {{"type", "number"}};
  if (type == "flag") return {{"type", "boolean"}};
  if (type == "object") return {{"type", "object"}};
  if (type == "any") return document::object();
  return {{"$ref", "#/components/schemas/" + type}};
}

document all_schemas() {
  auto all = document::object();
  for (const auto& group : {shared_parts(), of_the_cluster(), of_nodes(), of_jobs(), of_runs(),
                            of_partitions(), of_the_timeline()})
    for (const auto& [name, members] : group) all[name] = object_schema(members);
  all["run_state"] = {{"type", "string"}, {"enum", cli::shown_run_states()}};
  all["partition_state"] = {{"type", "string"}, {"enum", cli::names_of_states(partition_state{})}};
  return all;
}

}  // namespace partita::http
