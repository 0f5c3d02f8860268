#include "protocol/trace.hpp"

#include <algorithm>
#include <cstdio>

namespace partita {

namespace {

constexpr std::size_t length_00 = 55;  // "00-" 32 "-" 16 "-" 2

std::string hex_of(std::uint64_t value) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

/// Lower-case digits only: upper case is not allowed there.
std::optional<std::uint64_t> number_in(std::string_view digits) {
  std::uint64_t value = 0;
  for (const char c : digits) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0) return std::nullopt;
    value = value << 4U | static_cast<std::uint64_t>(digit);
  }
  return value;
}

/// FNV-1a, and a last round that lets every bit of the input reach every bit of the answer. Never
/// 0, which means "none".
std::uint64_t mixed(std::string_view purpose, std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  const auto take = [&](std::string_view bytes) {
    for (const unsigned char c : bytes) hash = (hash ^ c) * 1099511628211ULL;
  };
  take(purpose);
  take(std::string_view{"\0", 1});
  take(text);
  hash = (hash ^ (hash >> 33U)) * 0xff51afd7ed558ccdULL;
  hash = (hash ^ (hash >> 33U)) * 0xc4ceb9fe1a85ec53ULL;
  hash ^= hash >> 33U;
  return std::max<std::uint64_t>(hash, 1);
}

/// A launch key names one run of a cluster; two clusters that use the same key have not submitted
/// within the same microsecond, too.
std::string identity_in(const run_row& run) {
  return run.launch_key + '\0' + std::to_string(run.id.value) + '\0' +
         std::to_string(run.created_at.time_since_epoch().count());
}

}  // namespace

std::string hex(trace_id id) { return hex_of(id.high) + hex_of(id.low); }
std::string hex(span_id id) { return hex_of(id.value); }

std::optional<span_context> parse_trace_parent(std::string_view text) {
  if (text.size() < length_00) return std::nullopt;
  const auto version = number_in(text.substr(0, 2));
  const auto high = number_in(text.substr(3, 16));
  const auto low = number_in(text.substr(19, 16));
  const auto span = number_in(text.substr(36, 16));
  const auto flags = number_in(text.substr(53, 2));
  const bool parted = text[2] == '-' && text[35] == '-' && text[52] == '-';
  if (!version || *version == 0xff || !high || !low || !span || !flags || !parted)
    return std::nullopt;
  if (text.size() > length_00 && (*version == 0 || text[length_00] != '-')) return std::nullopt;
  const span_context found{{*high, *low}, {*span}, (*flags & 1U) != 0};
  if (found.trace == trace_id{} || found.span == span_id{}) return std::nullopt;
  return found;
}

std::string trace_parent_of(const span_context& from) {
  return "00-" + hex(from.trace) + '-' + hex(from.span) + (from.sampled ? "-01" : "-00");
}

std::string kept_trace_parent(std::string_view text) {
  const auto parent = parse_trace_parent(text);
  return parent ? trace_parent_of(*parent) : std::string{};
}

run_trace trace_of(const run_row& run) {
  run_trace of;
  if (const auto parent = parse_trace_parent(run.trace_parent)) {
    of.submit = *parent;
    of.has_parent = true;
  } else {
    const auto identity = identity_in(run);
    of.submit = {{mixed("trace, high", identity), mixed("trace, low", identity)},
                 {mixed("submit", identity)}};
  }
  of.run = {mixed("run", hex(of.submit.trace) + '-' + std::to_string(run.id.value))};
  return of;
}

span_id span_of(const run_trace& of, lease_id lease) {
  return {
      mixed("lease", hex(of.submit.trace) + '-' + hex(of.run) + '-' + std::to_string(lease.value))};
}

}  // namespace partita
