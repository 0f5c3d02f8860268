#pragma once

#include <catch2/catch.hpp>

#include "protocol/errors.hpp"
#include "protocol/values.hpp"

// How values look in a failed assertion.
namespace Catch {

template <class Tag>
struct StringMaker<partita::basic_id<Tag>> {
  static std::string convert(const partita::basic_id<Tag>& id) {
    return "#" + std::to_string(id.value);
  }
};

template <class State>
struct named_state {
  static std::string convert(State state) { return std::string{partita::to_string(state)}; }
};

template <>
struct StringMaker<partita::node_state> : named_state<partita::node_state> {};
template <>
struct StringMaker<partita::run_state> : named_state<partita::run_state> {};
template <>
struct StringMaker<partita::step_state> : named_state<partita::step_state> {};
template <>
struct StringMaker<partita::lease_state> : named_state<partita::lease_state> {};
template <>
struct StringMaker<partita::partition_state> : named_state<partita::partition_state> {};
template <>
struct StringMaker<partita::stop_mode> : named_state<partita::stop_mode> {};
template <>
struct StringMaker<partita::errc> : named_state<partita::errc> {};

template <>
struct StringMaker<partita::sweep_verdict> {
  static std::string convert(partita::sweep_verdict verdict) {
    constexpr const char* names[] = {"alive", "unreachable", "condemned", "deregistered"};
    return names[static_cast<int>(verdict)];
  }
};

template <>
struct StringMaker<partita::report_verdict> {
  static std::string convert(partita::report_verdict verdict) {
    constexpr const char* names[] = {"recorded", "rejected", "name_taken"};
    return names[static_cast<int>(verdict)];
  }
};

template <>
struct StringMaker<partita::range> {
  static std::string convert(const partita::range& r) {
    return std::to_string(r.lo) + ".." + std::to_string(r.hi);
  }
};

template <>
struct StringMaker<partita::ready_range> {
  static std::string convert(const partita::ready_range& r) {
    return StringMaker<partita::range>::convert(r.span) + " for node " +
           std::to_string(r.node.value) + " after " + std::to_string(r.attempt) + " tries";
  }
};

}  // namespace Catch
