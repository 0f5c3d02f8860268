#include "batch/parameters.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/objects/object_name.hpp"
#include "batch/utf8.hpp"
#include "protocol/settings.hpp"

namespace partita {

std::string_view to_string(parameter_type type) {
  switch (type) {
    case parameter_type::text:
      return "text";
    case parameter_type::integer:
      return "integer";
    case parameter_type::number:
      return "number";
    case parameter_type::boolean:
      return "boolean";
    case parameter_type::path:
      return "path";
  }
  return "?";
}

const json& parameters::at(const std::string& name) const {
  auto found = values_->find(name);
  if (found == values_->end())
    throw definition_error("parameter " + name + " is read but was not given");
  return *found;
}

const std::shared_ptr<const json>& parameters::none() {
  static const auto empty = std::make_shared<const json>(json::object());
  return empty;
}

std::filesystem::path parameters::confined_path(std::string value) {
  std::filesystem::path path{std::move(value)};
  require_confined(path);
  return path;
}

namespace {

template <class Number>
std::optional<json> whole_number(const std::string& text) {
  Number value{};
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  if constexpr (std::is_floating_point_v<Number>)
    if (!std::isfinite(value)) return std::nullopt;
  return json(value + Number{});  // there is one zero
}

std::optional<json> parse(parameter_type type, const std::string& text) {
  switch (type) {
    case parameter_type::text:
      return json(text);
    case parameter_type::integer:
      return whole_number<std::int64_t>(text);
    case parameter_type::number:
      return whole_number<double>(text);
    case parameter_type::boolean:
      if (text == "true" || text == "yes" || text == "1") return json(true);
      if (text == "false" || text == "no" || text == "0") return json(false);
      return std::nullopt;
    case parameter_type::path:
      if (text.empty()) return std::nullopt;
      return json(plain_path(text).string());
  }
  return std::nullopt;
}

bool is_text(const std::string& bytes) {
  return utf8::is_valid(bytes) && bytes.find('\0') == std::string::npos;
}

/// Why a name that begins as one of an object does names none; "": it names one, or a file.
std::string not_an_object(const parameter_spec& spec, const std::string& text) {
  if (spec.type != parameter_type::path || (!is_object(text) && !is_nearly_object(text))) return {};
  try {
    parse_object_folder(text);
    return {};
  } catch (const permanent_error& e) {
    return "parameter " + spec.name + ": " + e.what();
  }
}

std::string article(parameter_type type) {
  return (type == parameter_type::integer ? "an " : "a ") + std::string{to_string(type)};
}

/// Why a value is none of those the parameter may have; empty: it is one.
std::string not_a_choice(const parameter_spec& spec, const std::string& value) {
  const auto& all = spec.choices;
  if (all.empty() || std::find(all.begin(), all.end(), value) != all.end()) return {};
  std::string listed;
  for (const auto& one : all) listed += (listed.empty() ? "" : ", ") + one;
  const auto close = nearest(value, all);
  return "parameter " + spec.name + "=" + value + " is none of " + listed +
         (close ? "; did you mean " + *close + "?" : "");
}

}  // namespace

checked_parameters check_parameters(const std::vector<parameter_spec>& specs,
                                    const std::map<std::string, std::string>& given) {
  checked_parameters checked;
  std::vector<std::string> known;
  // Databases, logs and JSON take nothing else.
  for (const auto& [name, value] : given)
    if (!is_text(name) || !is_text(value))
      checked.problems.push_back("parameter " + utf8::printable(name) + "=" +
                                 utf8::printable(value) + " is not UTF-8 text");
  if (!checked.problems.empty()) return checked;
  for (const auto& spec : specs) {
    known.push_back(spec.name);
    auto found = given.find(spec.name);
    if (found == given.end()) {
      if (spec.required)
        checked.problems.push_back("parameter " + spec.name + " is missing: give " + spec.name +
                                   "=" + std::string{to_string(spec.type)});
      else if (!spec.fallback.is_null())
        checked.values[spec.name] = spec.fallback;
      continue;
    }
    if (auto why = not_a_choice(spec, found->second); !why.empty())
      checked.problems.push_back(std::move(why));
    else if (auto not_one = not_an_object(spec, found->second); !not_one.empty())
      checked.problems.push_back(std::move(not_one));
    else if (auto value = parse(spec.type, found->second))
      checked.values[spec.name] = *value;
    else
      checked.problems.push_back("parameter " + spec.name + "=" + found->second + " is not " +
                                 article(spec.type));
  }
  for (const auto& [name, value] : given) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto close = nearest(name, known);
    checked.problems.push_back("there is no parameter " + name +
                               (close ? "; did you mean " + *close + "?" : ""));
  }
  if (const auto bytes = checked.values.dump().size(), most = settings{}.max_parameters_bytes;
      bytes > most)
    checked.problems.push_back("the parameters are " + std::to_string(bytes) +
                               " bytes, more than the " + std::to_string(most) + " a run may have");
  return checked;
}

json checked_values(const std::string& job, const std::vector<parameter_spec>& specs,
                    const json& given) {
  if (!given.is_object() && !given.is_null())
    throw definition_error("parameters are an object of names and values, not " + given.dump());
  std::map<std::string, std::string> texts;
  for (const auto& [name, value] : given.items())
    if (!value.is_null()) texts[name] = value.is_string() ? value.get<std::string>() : value.dump();
  auto found = check_parameters(specs, texts);
  if (found.problems.empty()) return std::move(found.values);
  std::string all;
  for (const auto& one : found.problems) all += (all.empty() ? "" : "; ") + one;
  throw definition_error("job " + job + ": " + all);
}

std::string identity_of(const std::vector<parameter_spec>& specs, const json& values) {
  auto identifying = json::object();  // keys in ascending order: canonical
  for (const auto& spec : specs)
    if (spec.identifying && values.contains(spec.name))
      identifying[spec.name] = values.at(spec.name);
  return identifying.dump();
}

std::optional<std::string> nearest(const std::string& word,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  auto best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const auto& candidate : candidates) {
    std::vector<std::size_t> row(candidate.size() + 1);  // Levenshtein, one row at a time
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= word.size(); ++i) {
      auto diagonal = row[0];
      row[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        auto replaced = diagonal + (word[i - 1] == candidate[j - 1] ? 0 : 1);
        diagonal = row[j];
        row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = candidate;
    }
  }
  return best;
}

}  // namespace partita
