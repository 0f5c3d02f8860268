#include "apps/partita/traces/otlp.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

#include "protocol/overloaded.hpp"

// In OTLP's JSON ids are hexadecimal, enums are numbers, and numbers of 64 bits are strings.
namespace partita::traces {

namespace {

using cli::document;

constexpr int status_error = 2;
// `flags`: those of W3C, whether it is known that a context came from elsewhere, and that it did.
constexpr int flag_sampled = 0x001;
constexpr int flags_from_elsewhere = 0x300;

document pair_of(const span_attribute& one) {
  return {{"key", one.name},
          {"value", std::visit(overloaded{[](std::int64_t number) {
                                            return document{{"intValue", std::to_string(number)}};
                                          },
                                          [](const std::string& text) {
                                            return document{{"stringValue", text}};
                                          }},
                               one.value)}};
}

document pairs_of(const std::vector<span_attribute>& attributes) {
  auto all = document::array();
  for (const auto& one : attributes) all.push_back(pair_of(one));
  return all;
}

std::string nanoseconds_of(db_time at) {
  return std::to_string(std::chrono::nanoseconds{at.time_since_epoch()}.count());
}

std::pair<db_time, db_time> times_of(const span_time& when, microseconds to_database) {
  const auto moved = [&](mono_time at) {
    return db_time{std::chrono::duration_cast<microseconds>(at.time_since_epoch()) + to_database};
  };
  return std::visit(overloaded{[](const std::pair<db_time, db_time>& told) { return told; },
                               [&](const std::pair<mono_time, mono_time>& measured) {
                                 return std::pair{moved(measured.first), moved(measured.second)};
                               }},
                    when);
}

/// What comes from another node, or from who submitted the run, came by the database.
int flags_of(const span_context& of, bool from_elsewhere) {
  return (of.sampled ? flag_sampled : 0) | (from_elsewhere ? flags_from_elsewhere : 0);
}

document span_document(const trace_span& one, microseconds to_database) {
  const auto [began, ended] = times_of(one.when, to_database);
  const bool has_parent = one.parent != span_id{};
  document all{{"traceId", hex(one.self.trace)}, {"spanId", hex(one.self.span)}};
  if (has_parent) all["parentSpanId"] = hex(one.parent);
  all["flags"] = flags_of(one.self, has_parent);
  all["name"] = one.name;
  all["kind"] = static_cast<int>(one.kind);
  all["startTimeUnixNano"] = nanoseconds_of(began);
  all["endTimeUnixNano"] = nanoseconds_of(ended);
  all["attributes"] = pairs_of(one.attributes);
  auto links = document::array();
  for (const auto& to : one.links)
    links.push_back(
        {{"traceId", hex(to.trace)}, {"spanId", hex(to.span)}, {"flags", flags_of(to, true)}});
  if (!links.empty()) all["links"] = std::move(links);
  if (one.failed) all["status"] = {{"code", status_error}, {"message", one.message}};
  return all;
}

/// Of several of one name, the last counts.
std::vector<span_attribute> attributes_of(const resource& of) {
  std::vector<span_attribute> all{{"service.name", "partita"},
                                  {"service.version", of.version},
                                  {"service.instance.id", of.node},
                                  {"host.name", of.host}};
  for (const auto& one : of.named) {
    const auto same = std::find_if(all.begin(), all.end(), [&](const span_attribute& other) {
      return other.name == one.name;
    });
    if (same == all.end())
      all.push_back(one);
    else
      same->value = one.value;
  }
  return all;
}

std::string_view without_blanks(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// Nothing: a '%' without two digits behind it.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      plain += text[i];
      continue;
    }
    const auto digits = text.substr(i + 1, 2);
    unsigned byte = 0;
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), byte, 16);
    if (digits.size() != 2 || error != std::errc{} || end != digits.data() + digits.size())
      return std::nullopt;
    plain += static_cast<char>(byte);
    i += 2;
  }
  return plain;
}

}  // namespace

std::optional<std::vector<span_attribute>> attributes_in(std::string_view text) {
  std::vector<span_attribute> found;
  while (!text.empty()) {
    const auto end = std::min(text.find(','), text.size());
    const auto one = without_blanks(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    const auto equals = one.find('=');
    if (equals == one.npos) return std::nullopt;
    const auto name = percent_decoded(without_blanks(one.substr(0, equals)));
    const auto value = percent_decoded(without_blanks(one.substr(equals + 1)));
    if (!name || name->empty() || !value) return std::nullopt;
    found.push_back({*name, *value});
  }
  return found;
}

document otlp_document(std::span<const trace_span> spans, const resource& of,
                       microseconds to_database) {
  auto all = document::array();
  for (const auto& one : spans) all.push_back(span_document(one, to_database));
  const auto about = pairs_of(attributes_of(of));
  document scope{{"scope", {{"name", "partita"}, {"version", of.version}}}};
  scope["spans"] = std::move(all);
  document resource_spans{{"resource", {{"attributes", about}}}};
  resource_spans["scopeSpans"] = document::array({std::move(scope)});
  document request;
  request["resourceSpans"] = document::array({std::move(resource_spans)});
  return request;
}

std::int64_t refused_in(const std::string& answer) {
  if (cli::nests_deeper(answer, cli::deepest)) return 0;
  const auto said = document::parse(answer, nullptr, false);
  if (!said.is_object() || !said.contains("partialSuccess")) return 0;
  const auto& partial = said["partialSuccess"];
  if (!partial.is_object() || !partial.contains("rejectedSpans")) return 0;
  const auto& count = partial["rejectedSpans"];
  std::int64_t refused = 0;
  if (count.is_number_integer()) refused = count.get<std::int64_t>();
  if (count.is_string()) refused = std::strtoll(count.get<std::string>().c_str(), nullptr, 10);
  return std::max<std::int64_t>(refused, 0);
}

}  // namespace partita::traces
