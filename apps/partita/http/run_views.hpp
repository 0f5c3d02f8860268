#pragma once

#include "apps/partita/http/cluster_views.hpp"
#include "apps/partita/http/message.hpp"
#include "apps/partita/http/tile_cache.hpp"
#include "apps/partita/text.hpp"
#include "storage/store.hpp"

// What the API tells of runs.
namespace partita::http {

/// state=A,B job= since= until= param.NAME=VALUE before= limit=. A value may end in '*': a prefix.
/// Throws http_error 400, with what is wrong.
cli::document runs_view(const reader& look, const request& what);
/// The same filters: {"count", "capped"}.
cli::document runs_count_view(const reader& look, const request& what);

/// These throw http_error 404 when there is no such run.
cli::document run_view(const reader& look, tile_cache& tiles, run_id run);
cli::document steps_view(const reader& look, tile_cache& tiles, run_id run);
/// step= state= after= limit= sort=no|took
cli::document partitions_view(const reader& look, run_id run, const request& what);
cli::document partition_view(const reader& look, run_id run, const std::string& step,
                             partition_no no);
cli::document errors_view(const reader& look, run_id run);
/// step= after= limit=. `next` is what `after` of the next page must be.
cli::document skipped_view(const reader& look, run_id run, const request& what);
/// Of a run, or of all (none). after= limit=
cli::document events_view(const reader& look, run_id run, const request& what);
/// since=ID: which runs and nodes have events behind it, and whether there are "more" of them than
/// were looked at; without it only the id of the newest event.
cli::document changes_view(const reader& look, const request& what);

/// The short document of one run, as it is after a change.
cli::document changed_run(const reader& look, const run_row& run);

/// One run of a list, with its steps.
cli::document run_item(const reader& look, const run_row& run,
                       const std::vector<step_summary>& steps, const seen_nodes& nodes);
/// The same of several, each with its steps.
std::vector<cli::document> run_items(const reader& look, const std::vector<run_row>& runs,
                                     const seen_nodes& nodes);

/// A step with more results than this is not sorted while somebody waits.
constexpr int ended_few = 20'000;

/// Throws http_error 404.
run_row require_run(const reader& look, run_id run);

/// What ended lately, a second; nothing while too little has.
std::optional<double> rate_of(const reader& look, const std::vector<step_summary>& steps,
                              db_time now);

}  // namespace partita::http
