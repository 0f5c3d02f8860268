#include <algorithm>
#include <iostream>
#include <utility>

#include "apps/partita/commands/commands.hpp"
#include "apps/partita/database_url.hpp"
#include "apps/partita/http/server.hpp"
#include "apps/partita/node_settings.hpp"
#include "apps/partita/passwords.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/settings_file.hpp"
#include "apps/partita/trace_collector.hpp"

namespace partita::cli {

namespace {

const listing settings_listed{{{"SETTING", "/name"},
                               {"VALUE", "/value", cell::sentence},
                               {"ORIGIN", "/origin"},
                               {"COMMANDS", "/commands"}},
                              "/name"};

constexpr std::size_t few_commands = 4;  // so many are named one by one

/// An address without its password.
std::string shown_value(const std::string& value) {
  if (!holds_password(value)) return value;
  try {
    auto address = open_database(value)->address();
    if (!holds_password(address)) return address;
  } catch (const std::exception&) {
    // What cannot be parsed cannot be cut either.
  }
  return "(an address that holds a password)";
}

/// A setting as one command sees it.
document setting_document(const invocation& in, const option& what, const arguments& of_command) {
  // What was typed here counts as if it were typed there.
  const auto& args = in.args.typed(what.name) ? in.args : of_command;
  auto from = args.source(what.name);
  auto value = args.text(what.name);
  if (what.name == "db") {
    from = database_source(args);
    value = from.place == "DATABASE_URL" ? database_url(args) : value;
  }
  if (what.name == "traces") {
    from = trace_source(args);
    value = trace_url(args);
  }
  if (what.is_flag()) value = args.has(what.name) ? "true" : "false";
  return {{"name", what.name},
          {"value", shown_value(value)},
          {"origin", from.place},
          {"commands", document::array()}};
}

/// Settings that mean the same to several commands are one line.
std::vector<document> all_settings(const invocation& in, const settings_file& file,
                                   const std::string& only) {
  std::vector<document> items;
  for (const auto& one : command_table()) {
    if (one.name == "config") continue;
    if (!only.empty() && one.name != only) continue;
    arguments args(one.options, {});
    args.use(file.of(one));
    for (const auto& what : one.options) {
      if (what.name == "config" || (what.env.empty() && !file.names(what.name))) continue;
      auto item = setting_document(in, what, args);
      auto same = std::find_if(items.begin(), items.end(), [&](const document& other) {
        return other["name"] == item["name"] && other["value"] == item["value"] &&
               other["origin"] == item["origin"];
      });
      if (same == items.end()) same = items.insert(items.end(), std::move(item));
      (*same)["commands"].push_back(one.name);
    }
  }
  std::stable_sort(items.begin(), items.end(), [](const document& a, const document& b) {
    return a["name"].get<std::string>() < b["name"].get<std::string>();
  });
  return items;
}

/// A long list of commands tells a reader nothing: they are told where they differ.
void shorten_commands(std::vector<document>& items) {
  for (auto& item : items) {
    const auto others = std::count_if(items.begin(), items.end(), [&](const document& other) {
      return other["name"] == item["name"];
    });
    if (others == 1 && item["commands"].size() > few_commands)
      item["commands"] = "all that have it";
  }
}

/// The sentence with which a command would refuse its settings; "": none.
std::string refusal_of(const command& one, const arguments& args) {
  try {
    for (const auto& what : one.options) {
      const auto value = args.text(what.name);
      if (!what.env.empty() && !what.choices.empty() && !value.empty())
        args.one_of(what.name, what.choices);
      if (what.value == "HOST:PORT" && !value.empty()) http::address::parse(what.name, value);
      if (what.name == "executors") settings_of(args);
      if (what.name == "traces") trace_collector_of(args);
    }
    return "";
  } catch (const command_error& e) {
    return e.what();
  }
}

/// A sentence that several commands would say is told once.
void tell_refusals(const settings_file& file, const std::string& only) {
  std::vector<std::pair<std::string, std::vector<std::string>>> told;  // what is said, by whom
  for (const auto& one : command_table()) {
    if (one.name == "config" || (!only.empty() && one.name != only)) continue;
    arguments args(one.options, {});
    args.use(file.of(one));
    const auto said = refusal_of(one, args);
    if (said.empty()) continue;
    const auto same = std::find_if(told.begin(), told.end(),
                                   [&](const auto& other) { return other.first == said; });
    if (same == told.end())
      told.push_back({said, {one.name}});
    else
      same->second.push_back(one.name);
  }
  for (const auto& [said, commands] : told)
    std::cerr << "refused by "
              << (commands.size() > few_commands ? "all commands that have it"
                                                 : join(commands, ", "))
              << ": " << escape_controls(said) << "\n";
}

}  // namespace

exit_code config_command(const invocation& in) {
  const auto& words = in.args.words();
  require_words(words, {"show"}, 2);
  if (words.front() != "show")
    throw usage_error("config " + words.front() + " is not known", "`config show` is");
  const auto only = words.size() > 1 ? find_command(words[1]).name : "";
  const auto how = style_of(in.args);
  const auto path = settings_path(in.args.text("config"));
  const auto file = read_settings_file(path, command_table());
  auto items = all_settings(in, file, only);
  tell_refusals(file, only);
  const auto is_table = how.format == output_format::table || how.format == output_format::wide;
  if (is_table) {
    std::cerr << (path.empty() ? "no file of settings was found\n"
                               : "settings are read from " + escape_controls(path) + "\n");
    shorten_commands(items);
  }
  auto what = settings_listed;
  if (!in.args.has("origin") && is_table)
    std::erase_if(what.columns, [](const column& c) { return c.pointer == "/origin"; });
  std::cout << render(what, items, how);
  return exit_code::ok;
}

}  // namespace partita::cli
