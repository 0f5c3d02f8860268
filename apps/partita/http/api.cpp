#include "apps/partita/http/api.hpp"

#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/openapi.hpp"
#include "apps/partita/http/query.hpp"
#include "apps/partita/http/run_views.hpp"
#include "apps/partita/http/schedule_views.hpp"
#include "apps/partita/http/timeline_view.hpp"

namespace partita::http {

using cli::document;

namespace {

run_id run_in(const call& c) { return run_id{parse_id("run", c["id"])}; }

}  // namespace

std::vector<route> reading_routes(api_state& state, const access_rules& access) {
  // `view` gets a session and the call.
  const auto get = [&](const std::string& path, auto view) {
    return route{"GET", "/api/v1/" + path, [&state, &access, view](const call& c) {
                   access.allow_reading(c.what);
                   return state.shared.get(c.what, [&] {
                     const auto shown =
                         state.readers.look([&](const reader& look) { return view(look, c); });
                     return response{200, "application/json", cli::dump(shown) + "\n"};
                   });
                 }};
  };
  return {
      get("health",
          [&state, &access](const reader& look, const call& c) {
            allow_only(c.what, {});
            return health_view(look, state.readers.db()->address(), access.may_operate());
          }),
      get("throughput",
          [&state](const reader& look, const call& c) {
            allow_only(c.what, {});
            return throughput_view(look, state.pace);
          }),
      get("nodes",
          [](const reader& look, const call& c) {
            allow_only(c.what, {"all"});
            return nodes_view(look, yes_or_no_in(c.what, "all"));
          }),
      get("nodes/{id}",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return node_view(look, node_id{parse_id("node", c["id"])});
          }),
      get("jobs",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return jobs_view(look);
          }),
      get("limits",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return limits_view(look);
          }),
      get("retention",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return retention_view(look);
          }),
      get("schedules",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return schedules_view(look);
          }),
      get("schedules/{name}",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return schedule_view(look, c["name"]);
          }),
      get("runs", [](const reader& look, const call& c) { return runs_view(look, c.what); }),
      get("runs/count",
          [](const reader& look, const call& c) { return runs_count_view(look, c.what); }),
      get("runs/{id}",
          [&state](const reader& look, const call& c) {
            allow_only(c.what, {});
            return run_view(look, state.tiles, run_in(c));
          }),
      get("runs/{id}/steps",
          [&state](const reader& look, const call& c) {
            allow_only(c.what, {});
            return steps_view(look, state.tiles, run_in(c));
          }),
      get("runs/{id}/partitions",
          [](const reader& look, const call& c) {
            return partitions_view(look, run_in(c), c.what);
          }),
      get("runs/{id}/partitions/{step}/{no}",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            const auto no = c["no"] == "0" ? 0 : parse_id("partition", c["no"]);
            return partition_view(look, run_in(c), c["step"], no);
          }),
      get("runs/{id}/timeline",
          [&state](const reader& look, const call& c) {
            return timeline_view(look, state.tiles, run_in(c), c.what);
          }),
      get("runs/{id}/errors",
          [](const reader& look, const call& c) {
            allow_only(c.what, {});
            return errors_view(look, run_in(c));
          }),
      get("runs/{id}/skipped",
          [](const reader& look, const call& c) { return skipped_view(look, run_in(c), c.what); }),
      get("runs/{id}/events",
          [](const reader& look, const call& c) { return events_view(look, run_in(c), c.what); }),
      get("events",
          [](const reader& look, const call& c) { return events_view(look, {}, c.what); }),
      get("changes", [](const reader& look, const call& c) { return changes_view(look, c.what); }),
      {"GET", "/api/v1/whoami",
       [&access](const call& c) {
         allow_only(c.what, {});
         const auto holder = access.who(c.what);
         const document shown{{"name", holder.name},
                              {"role", holder.role == token_role::operate ? "operate" : "read"}};
         return response{200, "application/json", cli::dump(shown) + "\n"};
       }},
      {"GET", "/api/v1/openapi.json", [](const call&) {
         return response{200, "application/json", openapi_text()};
       }}};
}

}  // namespace partita::http
