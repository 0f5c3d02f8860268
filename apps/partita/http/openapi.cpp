#include "apps/partita/http/openapi.hpp"

#include <algorithm>
#include <vector>

#include "apps/partita/text.hpp"
#include "apps/partita/version.hpp"

namespace partita::http {

using cli::document;

namespace {

struct described_parameter {
  const char* name;
  const char* type;  // of JSON Schema
  const char* about;
};

struct described {
  const char* method;
  const char* path;
  const char* about;
  std::vector<described_parameter> query{};
  std::vector<described_parameter> body{};
};

const std::vector<described_parameter> choice{
    {"state", "string",
     "CREATED, RUNNING, COMPLETED, FAILED, STOPPED or ABANDONED; several with ','"},
    {"job", "string", "its name"},
    {"since", "string", "submitted then or later: a time, or -24h"},
    {"until", "string", "submitted before: a time, or -24h"},
    {"param.NAME", "string", "the value of a parameter; 'x*' stands for all that begin with x"}};

std::vector<described_parameter> and_more(std::vector<described_parameter> all,
                                          const std::vector<described_parameter>& more) {
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const described_parameter limit{"limit", "integer", "at most so many"};
const described_parameter after_event{"after", "integer",
                                      "events with higher ids; else the newest"};

const std::vector<described>& operations() {
  static const std::vector<described> all{
      {"get", "/health", "how the cluster is, in a sentence, and what to look at"},
      {"get", "/throughput", "partitions that ended in each minute of the last hour"},
      {"get", "/nodes", "the nodes", {{"all", "boolean", "also those that left"}}},
      {"get", "/nodes/{id}", "a node, and what it does now"},
      {"post", "/nodes/{id}/drain", "ask a node to leave in good order"},
      {"get", "/jobs", "the jobs that nodes have told of, and how long their runs took"},
      {"post",
       "/jobs/{name}/pause",
       "nothing more of any run of the job begins",
       {},
       {{"note", "string", "why"}}},
      {"post", "/jobs/{name}/resume", "its runs go on"},
      {"get", "/limits", "the limits that steps have named"},
      {"post",
       "/limits/{name}",
       "bound the partitions in execution under a limit",
       {},
       {{"slots", "integer", "at once in the cluster; null: any number"}}},
      {"get", "/retention", "how long runs that have ended are kept"},
      {"post",
       "/retention",
       "say how long runs of a job, or of all jobs without their own, are kept",
       {},
       {{"job", "string", "its name; null: all jobs that have none of their own"},
        {"keep_s", "integer", "seconds after the end; null: what is stored is taken back"},
        {"keep_last", "integer", "so many of the last runs stay"}}},
      {"get", "/schedules", "the schedules, by name"},
      {"get", "/schedules/{name}", "a schedule, its next ticks and its last runs"},
      {"post", "/schedules/{name}/pause", "it fires no more", {}, {{"note", "string", "why"}}},
      {"post", "/schedules/{name}/resume", "it goes on with the next tick"},
      {"post", "/schedules/{name}/run", "start the run of a tick: of now"},
      {"post",
       "/schedules/{name}/backfill",
       "start a run for each of its ticks in a span of the past",
       {},
       {{"from", "string", "a time: the first tick"}, {"to", "string", "a time; else now"}}},
      {"get", "/runs", "runs, newest first",
       and_more(choice, {{"before", "integer", "runs with lower ids: the next page"}, limit})},
      {"post",
       "/runs",
       "submit a run; Idempotency-Key: the same key finds the same run; traceparent: kept with it",
       {},
       {{"job", "string", "its name"},
        {"parameters", "object", "their values by name"},
        {"version", "integer", "of the job; else the newest"},
        {"priority", "integer", "-1000 to 1000: the highest goes first"}}},
      {"get", "/runs/count", "how many runs there are of a choice; stops at 10,000", choice},
      {"get", "/runs/{id}", "a run, its steps and its plan"},
      {"post",
       "/runs/{id}/cancel",
       "ask a run to stop",
       {},
       {{"now", "boolean", "interrupt what runs"}}},
      {"post",
       "/runs/{id}/restart",
       "continue a FAILED or STOPPED run as a new one",
       {},
       {{"skipped", "boolean", "also COMPLETED: try items again that were let go"}}},
      {"post", "/runs/{id}/abandon", "nobody shall continue this FAILED or STOPPED run"},
      {"post",
       "/runs/{id}/pause",
       "nothing more of the run begins",
       {},
       {{"note", "string", "why"}}},
      {"post", "/runs/{id}/resume", "it goes on"},
      {"post",
       "/runs/{id}/priority",
       "change the priority of a live run",
       {},
       {{"priority", "integer", "-1000 to 1000: the highest goes first"}}},
      {"get", "/runs/{id}/steps", "the steps of a run"},
      {"get",
       "/runs/{id}/partitions",
       "partitions of a step",
       {{"step", "string", "its name; else the first one"},
        {"state", "string", "PENDING, CLAIMED, COMPLETED or FAILED"},
        {"after", "integer", "partitions with higher numbers: the next page"},
        limit,
        {"sort", "string", "no; or took: the slowest first"}}},
      {"get", "/runs/{id}/partitions/{step}/{no}", "a partition, its tries and its log"},
      {"get",
       "/runs/{id}/timeline",
       "when partitions were executed, and where",
       {{"from", "string", "a time"},
        {"to", "string", "a time"},
        {"pixels", "integer", "at most so many bins"}}},
      {"get", "/runs/{id}/errors", "failed attempts, by message"},
      {"get",
       "/runs/{id}/skipped",
       "items that its policies let go, by step, partition and item",
       {{"step", "string", "its name; else all steps"},
        {"after", "string", "the `next` of the page before: the next page"},
        limit}},
      {"get", "/runs/{id}/events", "its events", {after_event, limit}},
      {"get", "/events", "events of all", {after_event, limit}},
      {"get",
       "/changes",
       "runs and nodes with newer events",
       {{"since", "integer", "an event; without it only the newest is told"}}},
      {"get", "/whoami", "whose token this is"},
      {"get", "/openapi.json", "this description"}};
  return all;
}

document parameters_of_path(const std::string& path) {
  auto parameters = document::array();
  for (auto open = path.find('{'); open != path.npos; open = path.find('{', open + 1)) {
    const auto name = path.substr(open + 1, path.find('}', open) - open - 1);
    parameters.push_back(
        {{"name", name}, {"in", "path"}, {"required", true}, {"schema", {{"type", "string"}}}});
  }
  return parameters;
}

document answer(const char* about) {
  return {{"description", about},
          {"content", {{"application/json", {{"schema", {{"type", "object"}}}}}}}};
}

document operation_of(const described& what) {
  auto parameters = parameters_of_path(what.path);
  for (const auto& p : what.query)
    parameters.push_back({{"name", p.name},
                          {"in", "query"},
                          {"description", p.about},
                          {"schema", {{"type", p.type}}}});
  document operation{{"summary", what.about}, {"parameters", parameters}};
  if (std::string{what.method} == "post") {
    auto members = document::object();
    for (const auto& p : what.body) members[p.name] = {{"type", p.type}, {"description", p.about}};
    operation["security"] = {{{"token", document::array()}}};
    operation["requestBody"] = {
        {"content",
         {{"application/json",
           {{"schema",
             {{"type", "object"}, {"properties", members}, {"additionalProperties", false}}}}}}}};
  }
  operation["responses"] = {
      {"default", answer("as the command line prints it with -o json, or an error")}};
  return operation;
}

}  // namespace

const std::string& openapi_text() {
  static const std::string text = [] {
    auto paths = document::object();
    for (const auto& one : operations())
      paths["/api/v1" + std::string{one.path}][one.method] = operation_of(one);
    const document all{
        {"openapi", "3.1.0"},
        {"info", {{"title", "Partita"}, {"version", cli::program_version()}}},
        {"servers", {{{"url", "../.."}}}},
        {"paths", paths},
        {"components",
         {{"securitySchemes", {{"token", {{"type", "http"}, {"scheme", "bearer"}}}}}}}};
    return cli::dump(all) + "\n";
  }();
  return text;
}

}  // namespace partita::http
