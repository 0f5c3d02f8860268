#include "apps/partita/options.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <cxxopts.hpp>
#include <fstream>

#include "apps/partita/errors.hpp"
#include "apps/partita/secret_file.hpp"
#include "apps/partita/text.hpp"
#include "batch/parameters.hpp"

namespace partita::cli {

namespace {

/// Put before a negative number, which cxxopts would take for options of one letter each.
constexpr char no_option = '\x01';

bool is_negative_number(std::string_view word) {
  return word.size() > 1 && word[0] == '-' && word[1] >= '0' && word[1] <= '9';
}

std::string marked(const std::string& word) {
  return is_negative_number(word) ? no_option + word : word;
}

std::string unmarked(const std::string& word) {
  const auto is_marked = word.starts_with(no_option) && is_negative_number(word.substr(1));
  return is_marked ? word.substr(1) : word;
}

/// cxxopts knows that an option is unknown, but not which one was meant.
void require_known(const option_list& options, const std::vector<std::string>& words) {
  std::vector<std::string> known;
  for (const auto& one : options) known.push_back(one.name);
  for (const auto& word : words) {
    if (word == "--") return;
    if (!word.starts_with("--")) continue;
    auto name = word.substr(2, word.find('=') - 2);
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto close = nearest(name, known);
    throw usage_error("there is no option --" + name,
                      close ? "did you mean --" + *close + "?" : "");
  }
}

cxxopts::Options parser_for(const option_list& options) {
  cxxopts::Options parser("partita");
  auto add = parser.add_options();
  for (const auto& one : options) {
    auto names = one.letter ? std::string{one.letter} + "," + one.name : one.name;
    auto value = cxxopts::value<std::string>();
    if (one.is_flag()) value = cxxopts::value<std::string>()->implicit_value("true");
    if (one.value_is_optional()) value = cxxopts::value<std::string>()->implicit_value("");
    add(names, one.help, value);
  }
  return parser;
}

template <class Number>
std::optional<Number> parse_number(const std::string& text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// A value in a file of its own, as secrets of containers are: without the line end behind it.
std::string text_of_file(const std::string& variable, const std::string& path) {
  constexpr std::size_t longest = 65'536;
  // What stands in a file of its own is a secret, as a rule.
  if (const auto trouble = trouble_of_secret_file(path); !trouble.empty())
    throw usage_error("the file " + path + ", which " + variable + " names, " + trouble,
                      "name a file with mode 0600, or 0640 with a group of its own");
  std::ifstream in(path, std::ios::binary);
  std::string text(longest + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.gcount() == 0 && !in.eof()))
    throw usage_error(variable + " names " + path + ", which cannot be read",
                      "name a file that this user may read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > longest)
    throw usage_error(variable + " names " + path + ", which is too long for a value");
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  if (text.empty())
    throw usage_error("the file " + path + ", which " + variable + " names, is empty");
  return text;
}

/// A flag that a variable or a file sets.
bool is_on(const std::string& variable, std::string_view value) {
  for (auto on : {"1", "true", "yes", "on"})
    if (value == on) return true;
  for (auto off : {"", "0", "false", "no", "off"})
    if (value == off) return false;
  throw usage_error(variable + " must be on or off, not " + std::string{value});
}

}  // namespace

option_list operator+(option_list left, const option_list& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

arguments::arguments(const option_list& options, const std::vector<std::string>& words)
    : options_(options) {
  require_known(options, words);
  std::vector<std::string> given;
  for (const auto& word : words) given.push_back(marked(word));
  std::vector<const char*> argv{"partita"};
  for (const auto& word : given) argv.push_back(word.c_str());
  try {
    auto parser = parser_for(options);
    auto result = parser.parse(static_cast<int>(argv.size()), argv.data());
    for (const auto& pair : result.arguments()) {
      typed_[pair.key()] = unmarked(pair.value());
      all_typed_.emplace_back(pair.key(), unmarked(pair.value()));
    }
    for (const auto& word : result.unmatched()) words_.push_back(unmarked(word));
  } catch (const cxxopts::exceptions::exception& e) {
    throw usage_error(e.what());
  }
  for (const auto& one : options_)
    if (one.is_flag() && typed_.contains(one.name) && typed_[one.name] != "true")
      throw usage_error("--" + one.name + " takes no value");
}

const option& arguments::find(const std::string& name) const {
  auto found = std::find_if(options_.begin(), options_.end(),
                            [&](const option& one) { return one.name == name; });
  if (found == options_.end()) throw std::logic_error("no option --" + name + " in the table");
  return *found;
}

bool arguments::has(const std::string& name) const {
  const auto& one = find(name);
  if (typed_.contains(name)) return true;
  const auto [value, from] = value_of(name);
  if (from.what == value_source::fallback) return false;
  return one.is_flag() ? is_on(from.place, value) : !value.empty();
}

std::pair<std::string, value_source> arguments::value_of(const std::string& name) const {
  const auto& one = find(name);
  if (auto found = typed_.find(name); found != typed_.end())
    return {found->second, {value_source::flag, "--" + name}};
  if (!one.env.empty()) {
    const auto* set = std::getenv(one.env.c_str());
    // A flag that is set to nothing is off; any other option is not given then.
    if (set && (*set || one.is_flag())) return {set, {value_source::variable, one.env}};
    const auto of_file = one.env + "_FILE";
    if (const auto* path = std::getenv(of_file.c_str()); path && *path)
      return {text_of_file(of_file, path), {value_source::variable, of_file}};
  }
  if (auto found = file_.find(name); found != file_.end())
    return {found->second.text, {value_source::file, found->second.place}};
  return {one.fallback, {value_source::fallback, "default"}};
}

std::string arguments::called(const std::string& name) const {
  const auto from = source(name);
  switch (from.what) {
    case value_source::variable:
      return from.place;
    case value_source::file:
      return name + " (" + from.place + ")";
    case value_source::flag:
    case value_source::fallback:
      break;
  }
  return "--" + name;
}

std::vector<std::string> arguments::texts(const std::string& name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : all_typed_)
    if (key == name) values.push_back(value);
  return values;
}

std::int64_t arguments::number(const std::string& name, std::int64_t least,
                               std::int64_t most) const {
  auto given = text(name);
  auto value = parse_number<std::int64_t>(given);
  if (value && *value >= least && *value <= most) return *value;
  throw usage_error(called(name) + " must be a whole number from " + std::to_string(least) +
                    " to " + std::to_string(most) + ", not " + (given.empty() ? "empty" : given));
}

std::optional<std::int64_t> arguments::maybe_number(const std::string& name, std::int64_t least,
                                                    std::int64_t most) const {
  if (!typed(name) && text(name).empty()) return std::nullopt;
  return number(name, least, most);
}

double arguments::seconds(const std::string& name) const {
  constexpr double longest = 86'400.0 * 3650;
  auto value = parse_number<double>(text(name));
  if (!value || !std::isfinite(*value) || *value < 0 || *value > longest)
    throw usage_error(called(name) + " must be a number of seconds, not " + text(name));
  return *value;
}

std::string arguments::one_of(const std::string& name,
                              const std::vector<std::string>& allowed) const {
  auto value = text(name);
  if (std::find(allowed.begin(), allowed.end(), value) != allowed.end()) return value;
  auto close = nearest(value, allowed);
  throw usage_error(called(name) + " must be " + join(allowed, ", ") + ", not " + value,
                    close ? "did you mean " + *close + "?" : "");
}

std::map<std::string, std::string> parse_assignments(const std::vector<std::string>& words) {
  std::map<std::string, std::string> given;
  for (const auto& word : words) {
    auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0)
      throw usage_error(word + " is not of the form key=value");
    auto key = word.substr(0, equals);
    if (!given.emplace(key, word.substr(equals + 1)).second)
      throw usage_error("parameter " + key + " is given twice");
  }
  return given;
}

void require_words(const std::vector<std::string>& words, const std::vector<std::string>& names,
                   std::size_t most) {
  if (words.size() < names.size()) throw usage_error(names[words.size()] + " is missing");
  if (words.size() > most) throw usage_error("one word too many: " + words[most]);
}

}  // namespace partita::cli
