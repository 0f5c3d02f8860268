#include "apps/partita/completion.hpp"

#include <fmt/format.h>

#include <set>

#include "apps/partita/text.hpp"

namespace partita::cli {

namespace {

/// Whether its value names a file or a folder.
bool takes_path(const option& one) {
  return one.value.starts_with("FILE") || one.value.starts_with("DIR");
}

bool takes_job(const command& what) { return what.words.starts_with("JOB"); }

bool takes_command(const command& what) { return what.words == "[COMMAND]"; }

bool takes_next(const option& one) { return !one.is_flag() && !one.value_is_optional(); }

/// "--output|-o"
std::string pattern_of(const option& one) {
  return "--" + one.name + (one.letter ? std::string{"|-"} + one.letter : "");
}

/// The name of the shell's function.
std::string function_of(const std::string& program) {
  std::string name = "_";
  for (const char c : program)
    name += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  return name;
}

/// In single quotes, for a POSIX shell.
std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string{"'\\''"} : std::string{c};
  return out + "'";
}

std::string names_of_commands(const std::vector<command>& commands) {
  std::vector<std::string> names;
  for (const auto& one : commands) names.push_back(one.name);
  return join(names, " ");
}

/// Options of any command whose value is the next word: "--key", "-o", …
std::vector<std::string> with_values(const std::vector<command>& commands) {
  std::set<std::string> found;
  for (const auto& one : commands)
    for (const auto& each : one.options) {
      if (!takes_next(each)) continue;
      found.insert("--" + each.name);
      if (each.letter) found.insert(std::string{"-"} + each.letter);
    }
  return {found.begin(), found.end()};
}

std::string bash_case(const command& what, const std::vector<command>& commands) {
  std::vector<std::string> flags, paths, others;
  std::string values;
  for (const auto& one : what.options) {
    flags.push_back("--" + one.name);
    if (!one.choices.empty())
      values += fmt::format("        {}) values={} ;;\n", pattern_of(one),
                            quoted(join(one.choices, " ")));
    else if (takes_path(one))
      paths.push_back(pattern_of(one));
    else if (takes_next(one))
      others.push_back(pattern_of(one));
  }
  if (!paths.empty()) values += "        " + join(paths, "|") + ") files=1 ;;\n";
  if (!others.empty()) values += "        " + join(others, "|") + ") return ;;\n";
  auto out = fmt::format("    {})\n      options={}\n", what.name, quoted(join(flags, " ")));
  if (takes_job(what))
    out += "      words=$(timeout 2 \"${COMP_WORDS[0]}\" jobs --known -o name 2>/dev/null)\n";
  else if (takes_command(what))
    out += "      words=" + quoted(names_of_commands(commands)) + "\n";
  else if (!what.first_words.empty())
    out += "      words=" + quoted(join(what.first_words, " ")) + "\n";
  return out + "      case $before in\n" + values + "      esac ;;\n";
}

std::string bash_script(const std::string& program, const std::vector<command>& commands) {
  const auto function = function_of(program);
  std::string cases;
  for (const auto& one : commands) cases += bash_case(one, commands);
  return fmt::format(R"(# bash completion of {0}, written by `{0} completion bash`
{1}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
  local command='' options='' words='' values='' files='' given=0 i
  # bash takes the '=' of --option=value for a word.
  if [[ $current == '=' ]]; then
    current=''
  elif [[ $before == '=' ]]; then
    before=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  for ((i = 1; i < COMP_CWORD; ++i)); do
    case ${{COMP_WORDS[i]}} in
      {2})
        [[ ${{COMP_WORDS[i+1]}} == '=' ]] && ((++i))
        ((++i)) ;;
      -*|'=') ;;
      *) if [[ -z $command ]]; then command=${{COMP_WORDS[i]}}; else ((++given)); fi ;;
    esac
  done
  COMPREPLY=()
  [[ -z $command ]] && ((i > COMP_CWORD)) && return  # the value of an option
  case $command in
    '') words='{3}' options='--help --version' ;;
{4}  esac
  if [[ -n $values ]]; then
    COMPREPLY=($(compgen -W "$values" -- "$current"))
  elif [[ -n $files ]]; then
    compopt -o filenames 2>/dev/null
    COMPREPLY=($(compgen -f -- "$current"))
  elif [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W "$options" -- "$current"))
  elif ((given == 0)); then
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}}
complete -F {1} {5}
)",
                     program, function, join(with_values(commands), "|"),
                     names_of_commands(commands), cases, shell_word(program));
}

/// What _arguments takes apart is escaped: brackets, colons, backslashes.
std::string zsh_text(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

std::string zsh_spec(const option& one) {
  const auto help = "[" + zsh_text(one.help) + "]";
  auto value = std::string{};
  if (!one.is_flag()) {
    const auto action = !one.choices.empty() ? "(" + join(one.choices, " ") + ")"
                        : takes_path(one)    ? "_files"
                                             : " ";
    value = (one.value_is_optional() ? "::" : ":") + zsh_text(one.value) + ":" + action;
  }
  // "=": the value may stand behind it; "=-": it must.
  const auto* joint = one.is_flag() ? "" : one.value_is_optional() ? "=-" : "=";
  auto spec = "      " + quoted("--" + one.name + joint + help + value) + " \\\n";
  if (one.letter) spec += "      " + quoted(std::string{"-"} + one.letter + help + value) + " \\\n";
  return spec;
}

std::string zsh_script(const std::string& program, const std::vector<command>& commands) {
  const auto function = function_of(program);
  std::string list, cases;
  for (const auto& one : commands) {
    list += "    " + quoted(zsh_text(one.name) + ":" + one.summary) + "\n";
    cases += "    " + one.name + ") _arguments -s \\\n";
    for (const auto& each : one.options) cases += zsh_spec(each);
    if (takes_job(one))
      cases +=
          "      \"1:job:(${(j: :)${(f)$(timeout 2 $program jobs --known -o name 2>/dev/null)}})\" "
          "'*:parameter: ' ;;\n";
    else if (!one.first_words.empty())
      cases += "      " + quoted("1:word:(" + join(one.first_words, " ") + ")") + " '*: : ' ;;\n";
    else if (takes_command(one))
      cases += "      " + quoted("1:command:(" + names_of_commands(commands) + ")") + " ;;\n";
    else
      cases += "      '*: : ' ;;\n";
  }
  return fmt::format(R"(#compdef {0}
# zsh completion of {0}, written by `{0} completion zsh`
{1}() {{
  local program=$words[1]
  local -a commands=(
{2}  )
  local -i at=2  # where the command stands, behind options
  while ((at < CURRENT)); do
    case $words[at] in
      {4}) ((at += 2)) ;;
      -*) ((++at)) ;;
      *) break ;;
    esac
  done
  ((at > CURRENT)) && return
  if ((at == CURRENT)); then
    _describe command commands
    return
  fi
  shift $((at - 1)) words
  ((CURRENT -= at - 1))
  case $words[1] in
{3}  esac
}}
if [[ $funcstack[1] == {1} ]]; then {1} "$@"; else compdef {1} {0}; fi
)",
                     program, function, list, cases, join(with_values(commands), "|"));
}

/// In single quotes, for fish.
std::string fish_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string fish_script(const std::string& program, const std::vector<command>& commands) {
  const auto begin = "complete -c " + fish_text(program);
  const auto function = function_of(program);
  auto out = fmt::format(R"(# fish completion of {0}, written by `{0} completion fish`
function {1}_words -d 'the command, and words behind it that are no options'
  set -l words (commandline -opc)
  set -e words[1]
  while set -q words[1]
    switch $words[1]
      case {2}
        set -e words[1]
        set -q words[1]; or echo --  # its value is typed now
      case '-*'
      case '*'
        echo $words[1]
    end
    set -e words[1]
  end
end
function {1}_begins -d 'whether the command comes now'
  set -l words ({1}_words)
  not set -q words[1]
end
function {1}_in -d 'whether this is the command'
  set -l words ({1}_words)
  test "$words[1]" = $argv[1]
end
function {1}_behind -d 'whether this is the command, and no word stands behind it'
  set -l words ({1}_words)
  test "$words" = $argv[1]
end
{3} -f
)",
                         program, function, join(with_values(commands), " "), begin);
  for (const auto& one : commands) {
    const auto here = fmt::format("{} -n '{}_in {}'", begin, function, one.name);
    const auto behind = fmt::format("{} -n '{}_behind {}'", begin, function, one.name);
    out += fmt::format("{} -n {}_begins -a {} -d {}\n", begin, function, one.name,
                       fish_text(one.summary));
    for (const auto& each : one.options) {
      out += here + " -l " + each.name + (each.letter ? std::string{" -s "} + each.letter : "");
      if (!each.choices.empty())
        out += " -x -a " + fish_text(join(each.choices, " "));
      else if (takes_path(each))
        out += " -r -F";
      else if (takes_next(each))
        out += " -x";
      out += " -d " + fish_text(each.help) + "\n";
    }
    if (takes_job(one))
      out += behind + " -a '(timeout 2 " + program + " jobs --known -o name 2>/dev/null)'\n";
    else if (!one.first_words.empty())
      out += behind + " -a " + fish_text(join(one.first_words, " ")) + "\n";
    else if (takes_command(one))
      out += behind + " -a " + fish_text(names_of_commands(commands)) + "\n";
  }
  return out;
}

}  // namespace

std::string completion_script(const std::string& shell, const std::string& program,
                              const std::vector<command>& commands) {
  if (shell == "bash") return bash_script(program, commands);
  if (shell == "zsh") return zsh_script(program, commands);
  if (shell == "fish") return fish_script(program, commands);
  throw usage_error("there is no completion for " + shell, "there is one for bash, zsh and fish");
}

}  // namespace partita::cli
