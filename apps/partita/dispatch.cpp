#include <algorithm>
#include <iostream>

#include "apps/partita/command_table.hpp"
#include "apps/partita/documents.hpp"
#include "apps/partita/render.hpp"
#include "apps/partita/settings_file.hpp"
#include "apps/partita/text.hpp"
#include "batch/description.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

namespace {

/// The option that a word such as "--db", "--db=URL", "-o" or "-ojson" gives, of any command.
const option* option_of(const std::string& word) {
  const auto is_long = word.starts_with("--");
  const auto name = is_long ? word.substr(2, word.find('=') - 2) : "";
  for (const auto& one : command_table())
    for (const auto& each : one.options)
      if (is_long ? each.name == name : each.letter == word[1]) return &each;
  return nullptr;
}

/// Whether the word after this option is its value.
bool takes_next_word(const std::string& word) {
  const auto* found = option_of(word);
  if (!found || found->is_flag() || found->value_is_optional()) return false;
  return word.starts_with("--") ? word.find('=') == std::string::npos : word.size() == 2;
}

/// These work whatever the file of settings says.
bool takes_settings(const command& what) {
  return what.name != "help" && what.name != "completion";
}

}  // namespace

const command& find_command(const std::string& name) {
  std::vector<std::string> shown;
  for (const auto& one : command_table()) {
    if (one.name == name) return one;
    shown.push_back(one.name);
  }
  auto close = nearest(name, shown);
  throw usage_error("there is no command " + name,
                    close ? "did you mean " + *close + "?" : "`help` lists the commands");
}

command_line split_command_line(const std::vector<std::string>& words) {
  command_line line;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto& word = words[i];
    const auto is_option = word.size() > 1 && word.front() == '-';
    if (!is_option && line.name.empty()) {
      line.name = word;
      continue;
    }
    line.others.push_back(word);
    if (line.name.empty() && i + 1 < words.size() && takes_next_word(word))
      line.others.push_back(words[++i]);
  }
  return line;
}

exit_code dispatch(const std::string& program, const std::vector<std::string>& words,
                   const registry& jobs) {
  auto line = split_command_line(words);
  if (line.name.empty()) {
    const auto asks = [&](const char* letter, const char* name) {
      return std::find_if(words.begin(), words.end(), [&](const std::string& word) {
               return word == letter || word == name;
             }) != words.end();
    };
    if (asks("-V", "--version")) {
      line = {"version", {}};
    } else if (asks("-h", "--help")) {
      line = {"help", {}};
    } else {
      std::cerr << overview(program);
      return exit_code::usage;
    }
  }
  const auto& wanted = find_command(line.name);
  arguments args(wanted.options, line.others);
  if (args.has("help")) {
    std::cout << help_of(wanted, program);
    const bool takes_job = wanted.words.starts_with("JOB") && !args.words().empty();
    if (const auto* named = takes_job ? jobs.find(args.words().front()) : nullptr)
      std::cout << "\nThe job\n" << describe_job(job_document(named->ref(), describe(*named)));
    return exit_code::ok;
  }
  if (takes_settings(wanted))
    args.use(read_settings_file(settings_path(args.text("config")), command_table()).of(wanted));
  return wanted.run({program, jobs, args});
}

}  // namespace partita::cli
