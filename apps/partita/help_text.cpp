#include <algorithm>

#include "apps/partita/command_table.hpp"

namespace partita::cli {

namespace {

std::string in_columns(const std::string& text, std::size_t columns) {
  return text + std::string(columns > text.size() ? columns - text.size() : 1, ' ');
}

}  // namespace

std::string overview(const std::string& program) {
  std::string out =
      "Partitioned batch jobs over nodes that share nothing but a database.\n\n"
      "Usage: " +
      program + " COMMAND [OPTIONS]\n";
  std::size_t longest = 0;
  for (const auto& one : command_table()) longest = std::max(longest, one.name.size());
  std::string group;
  for (const auto& one : command_table()) {
    if (one.group != group) out += "\n" + one.group + "\n";
    group = one.group;
    out += "  " + in_columns(one.name, longest + 2) + one.summary + "\n";
  }
  return out + "\n`" + program + " help COMMAND` tells more, with examples.\n";
}

std::string help_of(const command& what, const std::string& program) {
  auto out = "Usage: " + program + " " + what.name + (what.words.empty() ? "" : " " + what.words) +
             " [OPTIONS]\n\n" + what.summary + "\n";
  if (!what.details.empty()) out += what.details + "\n";
  out += "\nOptions\n";
  for (const auto& one : what.options) {
    auto flag = (one.letter ? std::string{"-"} + one.letter + ", " : "    ") + "--" + one.name;
    if (one.value_is_optional())
      flag += "[=" + one.value.substr(1);
    else if (!one.is_flag())
      flag += " " + one.value;
    out += "  " + in_columns(flag, 32) + one.help;
    if (!one.fallback.empty()) out += " (" + one.fallback + ")";
    if (!one.env.empty()) out += " [" + one.env + "]";
    out += "\n";
  }
  if (!what.examples.empty()) out += "\nExamples\n";
  for (const auto& one : what.examples) out += "  " + program + " " + one + "\n";
  return out;
}

}  // namespace partita::cli
