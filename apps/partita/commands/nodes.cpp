#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/repeat.hpp"

namespace partita::cli {

namespace {

const listing nodes{{{"ID", "/id"},
                     {"NAME", "/name"},
                     {"STATE", "/state", cell::state},
                     {"RUNNING", "/running", cell::number},
                     {"SLOTS", "/slots", cell::number},
                     {"HEARTBEAT", "/heartbeat_at", cell::time},
                     {"JOINED", "/joined_at", cell::time},
                     {"HOST", "/host", cell::text, true},
                     {"PID", "/pid", cell::text, true},
                     {"VERSION", "/version", cell::text, true},
                     {"LEFT", "/left_at", cell::time, true},
                     {"JOBS", "/jobs", cell::text, true}}};

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
    out << render(nodes, items, how);
  });
}

}  // namespace partita::cli
