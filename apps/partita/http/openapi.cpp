#include "apps/partita/http/openapi.hpp"

#include <algorithm>
#include <map>
#include <vector>

#include "apps/partita/http/schemas.hpp"
#include "apps/partita/text.hpp"
#include "apps/partita/version.hpp"

namespace partita::http {

using cli::document;

namespace {

/// Whether a request must have it.
enum class presence { optional, required };

struct described_parameter {
  const char* name;
  const char* type;  // as schema_of takes it
  const char* about;
  presence given = presence::optional;
};

using described_parameters = std::vector<described_parameter>;

struct described_operation {
  const char* method;
  const char* path;
  const char* answer;  // a document, by name
  const char* about;
  described_parameters query{};
  described_parameters body{};
  described_parameters headers{};
  std::vector<int> refusals{};  // beside those of all operations of its method
  int status = 200;
};

const described_parameters choice{
    {"state", "text",
     "CREATED, RUNNING, COMPLETED, FAILED, STOPPED or ABANDONED; several with ','"},
    {"job", "text", "its name"},
    {"since", "text", "submitted then or later: a time, or -24h"},
    {"until", "text", "submitted before: a time, or -24h"},
    {"param.NAME", "text", "the value of a parameter; 'x*' stands for all that begin with x"}};

described_parameters and_more(described_parameters all, const described_parameters& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const described_parameter few_items{"limit", "1..500", "at most so many"};
const described_parameter many_items{"limit", "1..1000", "at most so many"};
const described_parameter after_event{"after", "0..", "events with higher ids; else the newest"};
const described_parameter note_given{"note", "text", "why"};
const described_parameter priority_given{"priority", "-1000..1000", "the highest goes first"};
const described_parameter same_key{"Idempotency-Key", "text",
                                   "255 bytes at most; the same key finds the same run"};

const std::vector<described_operation>& reading_operations() {
  static const std::vector<described_operation> all{
      {"get", "/health", "health", "how the cluster is, in a sentence, and what to look at"},
      {"get", "/throughput", "throughput", "partitions that ended in each minute of the last hour"},
      {"get", "/nodes", "nodes", "the nodes", {{"all", "flag", "also those that left"}}},
      {"get", "/nodes/{id}", "whole_node", "a node, and what it does now"},
      {"get", "/jobs", "jobs", "the jobs that nodes have told of, and how long their runs took"},
      {"get", "/limits", "limits", "the limits that steps have named"},
      {"get", "/retention", "retentions", "how long runs that have ended are kept"},
      {"get", "/schedules", "schedules", "the schedules, by name"},
      {"get", "/schedules/{name}", "whole_schedule",
       "a schedule, its next ticks and its last runs"},
      {"get", "/runs", "runs", "runs, newest first",
       and_more(choice, {{"before", "0..", "runs with lower ids: the next page"}, few_items})},
      {"get", "/runs/count", "run_count", "how many runs there are of a choice; stops at 10,000",
       choice},
      {"get", "/runs/{id}", "whole_run", "a run, its steps and its plan"},
      {"get", "/runs/{id}/steps", "steps", "the steps of a run"},
      {"get",
       "/runs/{id}/partitions",
       "partitions",
       "partitions of a step",
       {{"step", "text", "its name; else the first one"},
        {"state", "text", "PENDING, CLAIMED, COMPLETED or FAILED; not with sort=took"},
        {"after", "-1..", "partitions with higher numbers: the next page; not with sort=took"},
        many_items,
        {"sort", "no|took", "took: those that have ended, the slowest first"}}},
      {"get", "/runs/{id}/partitions/{step}/{no}", "whole_partition",
       "a partition, its tries and its log"},
      {"get",
       "/runs/{id}/timeline",
       "timeline",
       "when partitions were executed, and where",
       {{"from", "text", "a time; else the begin of the run"},
        {"to", "text", "a time; else its end, or now"},
        {"pixels", "10..10000", "at most so many bins"}}},
      {"get", "/runs/{id}/errors", "errors", "failed attempts, by message"},
      {"get",
       "/runs/{id}/skipped",
       "skipped_items",
       "items that its policies let go, by step, partition and item",
       {{"step", "text", "its name; else all steps"},
        {"after", "text", "the `next` of the page before: the next page"},
        many_items}},
      {"get", "/runs/{id}/events", "events", "its events", {after_event, many_items}},
      {"get", "/events", "events", "events of all", {after_event, many_items}},
      {"get",
       "/changes",
       "changes",
       "runs and nodes with newer events; `more`: read everything anew",
       {{"since", "0..", "an event; without it only the newest is told"}}},
      {"get", "/whoami", "holder", "whose token this is"},
      {"get", "/openapi.json", "description", "this description"}};
  return all;
}

const std::vector<described_operation>& changes_of_runs() {
  static const std::vector<described_operation> all{
      {"post",
       "/runs",
       "changed_run",
       "submit a run",
       {},
       {{"job", "text", "its name", presence::required},
        {"parameters", "object", "their values by name"},
        {"version", "1..2147483647", "of the job; else the newest"},
        priority_given},
       {same_key, {"traceparent", "text", "W3C trace context; kept with the run"}},
       {404, 409},
       201},
      {"post",
       "/runs/{id}/cancel",
       "changed_run",
       "ask a run to stop",
       {},
       {{"now", "flag", "interrupt what runs"}},
       {},
       {409}},
      {"post",
       "/runs/{id}/restart",
       "changed_run",
       "continue a FAILED or STOPPED run as a new one",
       {},
       {{"skipped", "flag", "also COMPLETED: try items again that were let go"}},
       {same_key},
       {409}},
      {"post",
       "/runs/{id}/abandon",
       "changed_run",
       "nobody shall continue this FAILED or STOPPED run",
       {},
       {},
       {},
       {409}},
      {"post",
       "/runs/{id}/pause",
       "changed_run",
       "nothing more of the run begins",
       {},
       {note_given},
       {},
       {409}},
      {"post", "/runs/{id}/resume", "changed_run", "it goes on", {}, {}, {}, {409}},
      {"post",
       "/runs/{id}/priority",
       "changed_run",
       "change the priority of a live run",
       {},
       {{priority_given.name, priority_given.type, priority_given.about, presence::required}},
       {},
       {409}}};
  return all;
}

const std::vector<described_operation>& other_changes() {
  static const std::vector<described_operation> all{
      {"post",
       "/nodes/{id}/drain",
       "drained_node",
       "ask a node to leave in good order",
       {},
       {},
       {},
       {409}},
      {"post",
       "/jobs/{name}/pause",
       "job_gate",
       "nothing more of any run of the job begins",
       {},
       {note_given}},
      {"post", "/jobs/{name}/resume", "job_gate", "its runs go on"},
      {"post",
       "/limits/{name}",
       "limit_set",
       "bound the partitions in execution under a limit",
       {},
       {{"slots", "0..2147483647?", "at once in the cluster; null: any number",
         presence::required}}},
      {"post",
       "/retention",
       "retention",
       "say how long runs of a job, or of all jobs without their own, are kept",
       {},
       {{"job", "text?", "its name; null: all jobs that have none of their own"},
        {"keep_s", "1..8640000000?", "seconds after the end; null: what is stored is taken back",
         presence::required},
        {"keep_last", "0..2147483647?", "so many of the last runs stay"}},
       {},
       {404}},
      {"post",
       "/schedules/{name}/pause",
       "schedule",
       "it fires no more",
       {},
       {note_given},
       {},
       {409}},
      {"post",
       "/schedules/{name}/resume",
       "schedule",
       "it goes on with the next tick",
       {},
       {},
       {},
       {409}},
      {"post",
       "/schedules/{name}/run",
       "changed_run",
       "start the run of a tick: of now",
       {},
       {},
       {},
       {409},
       201},
      {"post",
       "/schedules/{name}/backfill",
       "run_ids",
       "start a run for each of its ticks in a span of the past",
       {},
       {{"from", "text", "a time: the first tick", presence::required},
        {"to", "text", "a time; else now"}},
       {},
       {409},
       201}};
  return all;
}

document shown_parameter(const described_parameter& of, const char* where) {
  document shown{{"name", of.name}, {"in", where}, {"schema", schema_of(of.type)}};
  if (*of.about != '\0') shown["description"] = of.about;
  if (of.given == presence::required) shown["required"] = true;
  return shown;
}

document inputs_of(const described_operation& what) {
  auto parameters = document::array();
  const std::string path = what.path;
  for (auto open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
    const auto name = path.substr(open + 1, path.find('}', open) - open - 1);
    const auto* type = name == "id" ? "id" : name == "no" ? "0.." : "text";
    parameters.push_back(shown_parameter({name.c_str(), type, "", presence::required}, "path"));
  }
  for (const auto& one : what.query) parameters.push_back(shown_parameter(one, "query"));
  for (const auto& one : what.headers) parameters.push_back(shown_parameter(one, "header"));
  return parameters;
}

document request_body(const described_parameters& members) {
  auto properties = document::object();
  auto required = document::array();
  for (const auto& one : members) {
    properties[one.name] = schema_of(one.type);
    properties[one.name]["description"] = one.about;
    if (one.given == presence::required) required.push_back(one.name);
  }
  document schema{{"type", "object"}, {"properties", properties}, {"additionalProperties", false}};
  const bool needed = !required.empty();
  if (needed) schema["required"] = required;
  return {{"required", needed}, {"content", {{"application/json", {{"schema", schema}}}}}};
}

const std::map<int, std::string>& meanings() {
  static const std::map<int, std::string> all{
      {200, "what was asked for"},
      {201, "it is made, or was by a request with the same key"},
      {304, "nothing has changed since the answer with this ETag"},
      {400, "a parameter, the body or the request makes no sense"},
      {401, "this takes a token"},
      {403, "this token, host or database login may not do that"},
      {404, "there is no such thing"},
      {409, "its state does not allow that"},
      {413, "the body is too large"},
      {415, "the body is no JSON"},
      {503, "the database does not answer in time, or others wait for it already"}};
  return all;
}

document answer_with(const std::string& about, const std::string& type) {
  return {{"description", about},
          {"content", {{"application/json", {{"schema", schema_of(type)}}}}}};
}

/// What may be refused, beside what is wrong with the request as HTTP.
std::vector<int> refusals_of(const described_operation& what) {
  if (std::string_view{what.path} == "/openapi.json") return {};
  auto all = what.refusals;
  for (int status : {400, 401, 403, 503}) all.push_back(status);
  if (std::string_view{what.path}.find('{') != std::string_view::npos) all.push_back(404);
  if (std::string_view{what.method} == "post") all.insert(all.end(), {413, 415});
  std::sort(all.begin(), all.end());
  return all;
}

document refused_with(const std::string& which) {
  return {{"$ref", "#/components/responses/" + which}};
}

document responses_of(const described_operation& what) {
  auto responses = document::object();
  responses[std::to_string(what.status)] = answer_with(meanings().at(what.status), what.answer);
  const std::string_view path = what.path;
  if (std::string_view{what.method} == "get" && path != "/whoami" && path != "/openapi.json")
    responses["304"] = {{"description", meanings().at(304)}};
  for (auto status : refusals_of(what))
    responses[std::to_string(status)] = refused_with(std::to_string(status));
  responses["default"] = refused_with("default");
  return responses;
}

/// Reading takes a token where the server listens at an address that others reach.
document security_of(const described_operation& what) {
  const document with_token{{"token", document::array()}};
  auto all = document::array();
  if (std::string_view{what.path} == "/openapi.json") return all;
  const bool is_open =
      std::string_view{what.method} == "get" && std::string_view{what.path} != "/whoami";
  if (is_open) all.push_back(document::object());
  all.push_back(with_token);
  return all;
}

document operation_of(const described_operation& what) {
  document operation{{"summary", what.about},
                     {"parameters", inputs_of(what)},
                     {"security", security_of(what)},
                     {"responses", responses_of(what)}};
  if (std::string_view{what.method} == "post") operation["requestBody"] = request_body(what.body);
  return operation;
}

document api_components() {
  auto schemas = all_schemas();
  // A change that was made, but cannot be shown, is answered with the state of the run.
  schemas["changed_run"] = {{"anyOf", {schema_of("run"), schema_of("short_run")}}};
  schemas["description"] = {{"type", "object"},
                            {"required", {"openapi", "info", "servers", "paths", "components"}}};
  document refusals{{"default", answer_with("it could not be answered", "error")}};
  for (const auto& [status, about] : meanings())
    if (status >= 400) refusals[std::to_string(status)] = answer_with(about, "error");
  return {{"schemas", schemas},
          {"responses", refusals},
          {"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}};
}

}  // namespace

const std::string& openapi_text() {
  static const std::string text = [] {
    auto paths = document::object();
    for (const auto& group : {reading_operations(), changes_of_runs(), other_changes()})
      for (const auto& one : group)
        paths["/api/v1" + std::string{one.path}][one.method] = operation_of(one);
    const document all{
        {"openapi", "3.1.0"},
        {"info",
         {{"title", "Partita"},
          {"version", cli::program_version()},
          {"description",
           "What the command line prints with -o json has the same names and forms; each may have "
           "members that the other has not. Members are added, never taken away."}}},
        {"servers", {{{"url", "../.."}}}},
        {"paths", paths},
        {"components", api_components()}};
    return cli::dump(all) + "\n";
  }();
  return text;
}

}  // namespace partita::http
