#include "apps/partita/settings_file.hpp"

#include <toml++/toml.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "apps/partita/passwords.hpp"
#include "apps/partita/text.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t longest_file = 1'000'000;

// Typed with each call, and of one call only.
const std::vector<std::string> no_settings{"help", "config"};
const std::vector<std::string> addresses{"db", "author-db", "operator-db"};

bool is_among(const std::string& name, const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// What may stand in a file.
option_list settings_in(const option_list& options) {
  option_list kept;
  for (const auto& one : options)
    if (!is_among(one.name, no_settings)) kept.push_back(one);
  return kept;
}

const option* option_named(const option_list& options, const std::string& name) {
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const option& one) { return one.name == name; });
  return found == options.end() ? nullptr : &*found;
}

std::string did_you_mean(const std::string& name, const option_list& options) {
  std::vector<std::string> known;
  for (const auto& one : options) known.push_back(one.name);
  const auto close = nearest(name, known);
  return close ? "did you mean " + *close + "?" : "`config show` lists the settings";
}

/// The value of an option, as it would be typed.
std::string typed_value(const option& what, const toml::node& value, const std::string& place) {
  const auto refuse = [&](const std::string& kind, const std::string& example) {
    throw usage_error(place + ": " + what.name + " must be " + kind,
                      "write it like this: " + what.name + " = " + example);
  };
  const auto is_count = what.value == "N" || what.value == "MS";
  const auto is_time = what.value == "S" || what.value == "[S]";
  if (what.is_flag()) {
    if (!value.is_boolean()) refuse("true or false", "true");
    return value.value_or(false) ? "true" : "false";
  }
  if (is_count) {
    if (!value.is_integer()) refuse("a whole number", "4");
    return std::to_string(value.value_or(std::int64_t{0}));
  }
  if (is_time) {
    if (!value.is_number() || value.is_boolean()) refuse("a number of seconds", "2.5");
    return value.is_integer() ? std::to_string(value.value_or(std::int64_t{0}))
                              : dump(value.value_or(0.0));
  }
  if (!value.is_string()) refuse("a text, in quotes", "\"…\"");
  auto text = value.value_or(std::string{});
  if (is_among(what.name, addresses) && holds_password(text))
    throw usage_error(
        place + ": " + what.name + " holds a password, and such files are copied and shown",
        "put the password into PGPASSFILE, or name a file that holds the address "
        "with " +
            what.env + "_FILE");
  return text;
}

}  // namespace

settings_file::settings_file(const std::string& name, const std::string& text,
                             const std::vector<command>& commands) {
  const auto place_of = [&](const toml::node& at) {
    return name + ":" + std::to_string(at.source().begin.line);
  };
  option_list known;
  std::vector<std::string> tables;
  for (const auto& one : commands) {
    known = known + settings_in(one.options);
    tables.push_back(one.name);
  }
  toml::table root;
  try {
    root = toml::parse(text, name);
  } catch (const toml::parse_error& e) {
    throw usage_error(name + ":" + std::to_string(e.source().begin.line) +
                          ": this is no TOML: " + std::string{e.description()},
                      "settings look like this: db = \"sqlite:partita.db\"");
  }
  const auto read = [&](const toml::table& from, const option_list& options, const std::string& of,
                        settings_in_file& to) {
    for (const auto& [key, value] : from) {
      const std::string named{key.str()};
      if (of.empty() && value.is_table()) continue;
      const auto place = place_of(value);
      const auto* option = option_named(options, named);
      if (!option)
        throw usage_error(place + ": " +
                              (of.empty() ? "there is no setting " + named
                                          : "command " + of + " has no setting " + named),
                          did_you_mean(named, options));
      to[named] = {typed_value(*option, value, place), place};
    }
  };
  read(root, known, "", all_);
  for (const auto& [key, value] : root) {
    if (!value.is_table()) continue;
    const std::string table{key.str()};
    const auto found = std::find_if(commands.begin(), commands.end(),
                                    [&](const command& one) { return one.name == table; });
    if (found == commands.end()) {
      const auto close = nearest(table, tables);
      throw usage_error(place_of(value) + ": [" + table + "] is named after no command",
                        close ? "did you mean [" + *close + "]?" : "`help` lists the commands");
    }
    read(*value.as_table(), settings_in(found->options), table, of_command_[table]);
  }
}

settings_in_file settings_file::of(const command& what) const {
  settings_in_file found;
  const auto own = of_command_.find(what.name);
  if (own != of_command_.end()) found = own->second;
  for (const auto& one : what.options)
    if (const auto general = all_.find(one.name); general != all_.end())
      found.insert(*general);  // where its own table says nothing
  return found;
}

bool settings_file::names(const std::string& option) const {
  return all_.contains(option) ||
         std::any_of(of_command_.begin(), of_command_.end(),
                     [&](const auto& one) { return one.second.contains(option); });
}

std::string settings_path(const std::string& typed) {
  const auto variable = [](const char* name) {
    const auto* set = std::getenv(name);
    return std::string{set ? set : ""};
  };
  if (!typed.empty()) return typed;
  if (auto named = variable("PARTITA_CONFIG"); !named.empty()) return named;
  auto home = variable("XDG_CONFIG_HOME");
  if (home.empty() && !variable("HOME").empty()) home = variable("HOME") + "/.config";
  std::vector<std::string> places{"partita.toml"};
  if (!home.empty()) places.push_back(home + "/partita/config.toml");
  places.emplace_back("/etc/partita/partita.toml");
  std::error_code ignored;
  for (auto& place : places)
    if (fs::exists(place, ignored)) return place;
  return "";
}

settings_file read_settings_file(const std::string& path, const std::vector<command>& commands) {
  if (path.empty()) return {};
  std::ifstream in(path, std::ios::binary);
  std::string text(longest_file + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.gcount() == 0 && !in.eof()))
    throw usage_error("the settings in " + path + " cannot be read",
                      "--config and PARTITA_CONFIG name a file that this user may read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > longest_file) throw usage_error(path + " is too long for a file of settings");
  return {path, text, commands};
}

}  // namespace partita::cli
