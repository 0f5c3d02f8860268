#pragma once

#include <optional>
#include <string>
#include <vector>

#include "apps/partita/documents.hpp"
#include "apps/partita/http/pace_cache.hpp"
#include "apps/partita/text.hpp"
#include "storage/store.hpp"

// What the API tells of nodes, jobs and the cluster as a whole.
namespace partita::http {

using cli::clock_of;

/// The nodes, and what is made of them once for a whole answer.
struct seen_nodes {
  std::vector<node_row> rows;
  cli::node_names names;
  db_time now;  // of the database
};
/// `all`: those that have left too.
seen_nodes see_nodes(const reader& look, bool all);

/// {"items": […], "next": null}
cli::document list_of(std::vector<cli::document> items, const std::string& next = "");

/// One node of a list.
cli::document node_item(const node_row& row, db_time now);
/// {"leases", "more_leases", "doing"}: what a node holds, and what its executors were at when it
/// told last; at most so many of each.
cli::document work_of(const reader& look, const node_row& row, db_time now, int most);

cli::document nodes_view(const reader& look, bool all);
/// Throws http_error 404.
cli::document node_view(const reader& look, node_id id);
cli::document jobs_view(const reader& look);
/// Each once.
std::vector<std::string> names_of_jobs(const std::vector<known_job>& jobs);
/// Ended partitions by minute, oldest first. Tiles are counted where they begin, up to a minute
/// early.
cli::document throughput_view(const reader& look, pace_cache& pace);

/// A sentence, warnings, and what they are about. `may_operate`: somebody may change something
/// here.
cli::document health_view(const reader& look, const std::string& database, bool may_operate);

/// An id above 0, as a path gives it. Throws http_error 404.
std::int64_t parse_id(const std::string& what, const std::string& text);

}  // namespace partita::http
