#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace partita::cli {

/// One option of a command. Parsing, help and the precedence flag > variable > file > default all
/// come from this.
struct option {
  std::string name;        // "output"; as a setting in a file too
  std::string value;       // stands for its value in help: "N"; "": a flag; "[S]": optional
  std::string help;        // one line
  std::string env{};       // the variable that gives it when the flag does not; and env + "_FILE"
  std::string fallback{};  // when neither does
  char letter = '\0';      // "-o"
  std::vector<std::string> choices{};  // its values, where they are known: for completion

  bool is_flag() const { return value.empty(); }
  bool value_is_optional() const { return value.starts_with('['); }
};

using option_list = std::vector<option>;

/// Several lists as one, in order.
option_list operator+(option_list left, const option_list& right);

/// A value that a file gives, as it would be typed; and where: "partita.toml:3".
struct setting {
  std::string text;
  std::string place;
};
/// By the names of options.
using settings_in_file = std::map<std::string, setting>;

/// Where the value of an option comes from.
struct value_source {
  enum kind { flag, variable, file, fallback } what = fallback;
  std::string place;  // "--db", "PARTITA_DB", "partita.toml:3", "default"
};

/// What was typed, read against the options of a command, and what counts where nothing was.
class arguments {
 public:
  /// `words` are what follows the command's name. Throws command_error (usage) for unknown options,
  /// with the nearest known one, and for missing or superfluous values.
  arguments(const option_list& options, const std::vector<std::string>& words);

  /// What a file says of these options: it counts where neither flag nor variable does.
  void use(settings_in_file file) { file_ = std::move(file); }

  /// Whether it is given anywhere; a flag without a value: whether it is on.
  bool has(const std::string& name) const;
  /// Whether the value comes from the command line (and so from a place others can see).
  bool typed(const std::string& name) const { return typed_.contains(name); }
  /// The value: typed, of its variable, of the file that the variable with "_FILE" behind it names,
  /// of the settings file, or the default. Throws command_error (usage) for a file that cannot be
  /// read.
  std::string text(const std::string& name) const { return value_of(name).first; }
  value_source source(const std::string& name) const { return value_of(name).second; }
  /// All values of an option that was typed more than once, in order.
  std::vector<std::string> texts(const std::string& name) const;
  /// The value as a whole number. Throws command_error (usage) unless it is one in [least, most].
  std::int64_t number(const std::string& name, std::int64_t least, std::int64_t most) const;
  /// The value, when there is one.
  std::optional<std::int64_t> maybe_number(const std::string& name, std::int64_t least,
                                           std::int64_t most) const;
  /// Seconds, whole or not: "0.5". Throws command_error (usage).
  double seconds(const std::string& name) const;
  /// The value, which must be one of these. Throws command_error (usage).
  std::string one_of(const std::string& name, const std::vector<std::string>& allowed) const;

  /// What is no option, in order. A negative number is none: "-5", "-1d".
  const std::vector<std::string>& words() const { return words_; }

 private:
  const option& find(const std::string& name) const;
  std::pair<std::string, value_source> value_of(const std::string& name) const;
  /// For sentences: "--executors", "PARTITA_EXECUTORS", "executors (partita.toml:3)".
  std::string called(const std::string& name) const;

  option_list options_;
  settings_in_file file_;
  std::map<std::string, std::string> typed_;  // the last value of each
  std::vector<std::pair<std::string, std::string>> all_typed_;
  std::vector<std::string> words_;
};

/// `key=value` words. Throws command_error (usage) for a word without '=', with an empty key, or
/// with a key that was given before.
std::map<std::string, std::string> parse_assignments(const std::vector<std::string>& words);

/// Refuses positional words beyond `most`, and fewer than the `names` of the required ones.
void require_words(const std::vector<std::string>& words, const std::vector<std::string>& names,
                   std::size_t most);

}  // namespace partita::cli
