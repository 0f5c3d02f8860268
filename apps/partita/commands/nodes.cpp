#include <algorithm>
#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/repeat.hpp"

namespace partita::cli {

namespace {

/// STUCK is shown where it tells something.
const listing nodes{{{"ID", "/id"},
                     {"NAME", "/name"},
                     {"STATE", "/state", cell::state},
                     {"RUNNING", "/running", cell::number},
                     {"SLOTS", "/slots", cell::number},
                     {"STUCK", "/stuck", cell::number, true},
                     {"TOKENS", "/tokens", cell::number, true},
                     {"HEARTBEAT", "/heartbeat_at", cell::time},
                     {"JOINED", "/joined_at", cell::time},
                     {"HOST", "/host", cell::text, true},
                     {"PID", "/pid", cell::text, true},
                     {"VERSION", "/version", cell::text, true},
                     {"LEFT", "/left_at", cell::time, true},
                     {"JOBS", "/jobs", cell::text, true}}};

listing listing_of(const std::vector<document>& items) {
  auto what = nodes;
  const auto any = std::any_of(items.begin(), items.end(),
                               [](const document& node) { return node["stuck"] != 0; });
  for (auto& column : what.columns)
    if (column.pointer == "/stuck" && any) column.wide_only = false;
  return what;
}

}  // namespace

exit_code nodes_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {}, 0);
  style_of(in.args);
  const reader look{open_existing(database_url(in.args))->connect({})};
  return print(in.args, [&](std::ostream& out, const style& how) {
    std::vector<document> items;
    for (const auto& row : look.list_nodes(in.args.has("all")))
      items.push_back(node_document(row, how.now));
    if (items.empty() && how.format == output_format::table) std::cerr << "no nodes\n";
    out << render(listing_of(items), items, how);
  });
}

}  // namespace partita::cli
