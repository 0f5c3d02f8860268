#include <httplib.h>

#include <iostream>
#include <map>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/http/server.hpp"

namespace partita::cli {

/// For images without another program that speaks HTTP.
exit_code healthcheck_command(const invocation& in) {
  require_words(in.args.words(), {}, 1);
  const auto which = in.args.words().empty() ? std::string{"ready"} : in.args.words().front();
  const std::map<std::string, std::string> paths{
      {"live", "/livez"}, {"ready", "/readyz?verbose"}, {"startup", "/startupz"}};
  const auto path = paths.find(which);
  if (path == paths.end())
    throw usage_error("there is no check " + which, "it is live, ready or startup");
  // The listener that asks for no token, where there is one.
  const bool at_http = in.args.typed("http") && !in.args.typed("probes");
  const std::string option = at_http || in.args.text("probes").empty() ? "http" : "probes";
  const auto at = http::address::parse(option, in.args.text(option));
  httplib::Client client{at.host, at.port};
  client.set_connection_timeout(std::chrono::seconds{3});
  client.set_read_timeout(std::chrono::seconds{5});
  const auto answer = client.Get(path->second);
  if (!answer)
    throw command_error(exit_code::unreachable, "unreachable", "nobody answers at " + at.text());
  std::cout << answer->body;
  return answer->status == 200 ? exit_code::ok : exit_code::failed;
}

}  // namespace partita::cli
