#include <fmt/format.h>

#include <iostream>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/common_options.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/launch.hpp"
#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

/// By its number, or by its name if only one has it.
node_row node_called(const std::vector<node_row>& nodes, const std::string& word) {
  std::vector<node_row> found;
  for (const auto& node : nodes) {
    if (std::to_string(node.id.value) == word) return node;
    if (node.info.name == word) found.push_back(node);
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    throw command_error(exit_code::not_found, "not_found", "there is no node " + word,
                        "`nodes` lists them");
  std::string ids;
  for (const auto& node : found) ids += (ids.empty() ? "" : ", ") + std::to_string(node.id.value);
  throw usage_error("several nodes are called " + word + ": " + ids, "name one by its number");
}

}  // namespace

exit_code drain_command(const invocation& in) {
  start_log(in.args);
  require_words(in.args.words(), {"NODE"}, 1);
  const auto session = open_existing(database_url(in.args))->connect({});
  const auto node =
      node_called(ask([&] { return reader{session}.list_nodes(false); }), in.args.words().front());
  ask([&] { launcher_store{session}.request_drain(node.id); });
  std::cerr << fmt::format(
      "node {} ({}) is asked to drain: it claims nothing new, ends what it has, and leaves\n"
      "  {} nodes{} shows how far it is\n",
      node.id.value, escape_controls(node.info.name), in.program, db_flag(in.args));
  return exit_code::ok;
}

}  // namespace partita::cli
