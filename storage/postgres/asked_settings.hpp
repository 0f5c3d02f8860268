#pragma once

#include <string>
#include <vector>

namespace partita::postgres {

struct server_setting {
  std::string name;
  std::string value;
};

/// The settings in `options`, as libpq sends them to the server, in the order given.
std::vector<server_setting> parse_options(const std::string& options);

/// A setting of a session as the server tells it: in its own unit, and as people see it.
struct session_setting {
  std::string name;
  std::string raw;
  std::string shown;
};

/// Names of settings that were asked for and are not in effect. What is asked for twice, or with a
/// unit, is left out: the server alone knows how it compares.
std::vector<std::string> not_in_effect(const std::vector<server_setting>& asked,
                                       const std::vector<session_setting>& found);

}  // namespace partita::postgres
