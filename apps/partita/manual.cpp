#include <algorithm>

#include "apps/partita/completion.hpp"
#include "apps/partita/text.hpp"
#include "apps/partita/version.hpp"

namespace partita::cli {

namespace {

/// Text that roff takes for nothing but text, on one line.
std::string roff(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else if (c == '\n')
      out += ' ';
    else
      out += c;
  }
  return !out.empty() && (out.front() == '.' || out.front() == '\'') ? "\\&" + out : out;
}

/// An argument of a macro.
std::string argument(const std::string& text) {
  std::string out = "\"";
  for (const char c : roff(text)) out += c == '"' ? std::string{"\\(dq"} : std::string{c};
  return out + "\"";
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

/// Lines of a text, each on a line of its own.
std::string lines(const std::string& text) {
  std::string out;
  for (std::size_t from = 0; from <= text.size();) {
    const auto end = std::min(text.find('\n', from), text.size());
    out += roff(text.substr(from, end - from)) + "\n.br\n";
    from = end + 1;
  }
  return out;
}

std::string option_entry(const option& one) {
  auto flag = (one.letter ? std::string{"\\fB\\-"} + one.letter + "\\fR, " : "") + "\\fB\\-\\-" +
              roff(one.name) + "\\fR";
  if (one.value_is_optional())
    flag += "[=\\fI" + roff(one.value.substr(1, one.value.size() - 2)) + "\\fR]";
  else if (!one.is_flag())
    flag += " \\fI" + roff(one.value) + "\\fR";
  auto text = one.help;
  if (!one.fallback.empty()) text += " (" + one.fallback + ")";
  if (!one.env.empty()) text += " [" + one.env + "]";
  return ".TP\n" + flag + "\n" + roff(text) + "\n";
}

std::string command_entry(const std::string& program, const command& what) {
  auto out = ".SS " + argument(program + " " + what.name) + "\n\\fB" + roff(program) + " " +
             roff(what.name) + "\\fR " + roff(what.words) + "\n.PP\n" + roff(what.summary) + ".\n";
  if (!what.details.empty()) out += ".PP\n" + lines(what.details);
  for (const auto& one : what.options)
    if (one.name != "help" && one.name != "config") out += option_entry(one);
  if (what.examples.empty()) return out;
  out += ".PP\nExamples:\n.PP\n.RS\n.nf\n";
  for (const auto& one : what.examples) out += roff(program + " " + one) + "\n";
  return out + ".fi\n.RE\n";
}

// Not made of the table: what holds for all commands.
constexpr const char* files_and_codes = R"(.SH FILES
Settings, as `config show` tells them, come from the first of these that is there:
.TP
\fIFILE\fR of \fB\-\-config\fR, else of \fBPARTITA_CONFIG\fR
.TQ
\fIpartita.toml\fR in the current folder
.TQ
\fI$XDG_CONFIG_HOME/partita/config.toml\fR
.TQ
\fI/etc/partita/partita.toml\fR
Keys are the names of options, without the leading dashes. A table that is named after a command
holds settings of that command.
.SH ENVIRONMENT
A variable in brackets behind an option gives its value where the option is not typed. The same
name with _FILE behind it names a file that holds the value. \fBDATABASE_URL\fR counts where
neither \fB\-\-db\fR nor \fBPARTITA_DB\fR is given.
.SH EXIT STATUS
0 done, or COMPLETED; 1 FAILED; 2 usage; 3 not found; 4 conflict; 5 no database; 6 timeout;
7 the tables do not fit; 8 STOPPED; 130 interrupted.
)";

}  // namespace

std::string manual_page(const std::string& program, const std::vector<command>& commands) {
  auto out = ".TH " + argument(upper(program)) + " 1 \"\" " +
             argument("partita " + program_version()) + "\n.SH NAME\n" + roff(program) +
             " \\- partitioned batch jobs over nodes that share nothing but a database\n"
             ".SH SYNOPSIS\n\\fB" +
             roff(program) + "\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n.SH COMMANDS\n";
  for (const auto& one : commands)
    out +=
        ".TP\n\\fB" + roff(one.name) + "\\fR " + roff(one.words) + "\n" + roff(one.summary) + "\n";
  out += ".SH OPTIONS\nOf every command:\n";
  for (const auto& one : commands.front().options)
    if (one.name == "help" || one.name == "config") out += option_entry(one);
  for (const auto& one : commands) out += command_entry(program, one);
  return out + files_and_codes;
}

}  // namespace partita::cli
