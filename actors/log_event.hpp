#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>

#include "protocol/ids.hpp"
#include "protocol/lease_origin.hpp"

// What a node logs. An event is a name, what it tells of, and further fields. It reaches the sink
// as data; the sink writes it as a line (apps/partita/log.hpp), and nothing is escaped before that.
//
//   log::warn("node_fenced", {.node = id}, {{"why", explain(e.code())}});
//
// Names are literals, checked by the compiler. Values only refer to what they were made from:
// nothing is copied or formatted while the level is off.

namespace partita::log {

enum class level { trace, debug, info, warn, error, critical, off };

/// An id is shown as it is, and is no number to calculate with: JSON has it as a string.
struct id_value {
  std::int64_t value = 0;
};

struct value {
  std::variant<std::int64_t, double, bool, id_value, std::string_view> data;

  template <std::integral T>
  value(T number) {
    if constexpr (std::same_as<T, bool>)
      data = number;
    else
      data = static_cast<std::int64_t>(number);
  }
  template <std::floating_point T>
  value(T number) : data(double{number}) {}
  template <class Tag>
  value(basic_id<Tag> id) : data(id_value{id.value}) {}
  template <std::convertible_to<std::string_view> T>
  value(const T& text) : data(std::string_view{text}) {}
};

/// Of text, a line holds at most so many bytes of one value, and then how many there were. So a
/// usual line is shorter than what a pipe takes in one piece (4096 bytes).
inline constexpr std::size_t longest_text = 2000;

/// Lower-case letters, digits and '_'.
consteval std::string_view checked_name(std::string_view text) {
  if (text.empty()) throw std::invalid_argument("a name is empty");
  for (char c : text)
    if (c != '_' && (c < 'a' || c > 'z') && (c < '0' || c > '9'))
      throw std::invalid_argument("a name holds another character");
  return text;
}

struct event_name {
  std::string_view text;
  consteval event_name(const char* literal) : text(checked_name(literal)) {}
};

/// Not one of the names that every line has, or that belong to a `subject`.
struct field_name {
  std::string_view text;
  consteval field_name(const char* literal) : text(checked_name(literal)) {
    for (std::string_view taken : {"ts", "level", "msg", "node_name", "run", "job", "step", "no",
                                   "attempt", "lease", "node"})
      if (text == taken) throw std::invalid_argument("this name has its own meaning");
  }
};

struct field {
  field_name name;
  value content;
};

/// What an event tells of: always the same fields, of the same types. An event of a partition has
/// all of them, one of a lease all but `no`, one of a run the run, its node and, where it is known,
/// its job. What is empty is not written.
struct subject {
  run_id run{};
  std::string_view job{};
  std::string_view step{};  // its name
  std::optional<partition_no> no{};
  int attempt = 0;
  lease_id lease{};
  node_id node{};
};

/// What is known of a lease, and of one of its partitions.
inline subject about(const lease_origin& from, std::optional<partition_no> no = {}) {
  return {from.run, from.job, from.step, no, from.attempt, from.lease, from.node};
}

struct event {
  level how = level::info;
  std::string_view name;
  subject of;
  std::span<const field> more;
};

/// Calls `visit(name, value)` for each field, those of the subject first.
template <class Visit>
void for_each_field(const event& e, Visit&& visit) {
  using name = std::string_view;
  if (e.of.run) visit(name{"run"}, value{e.of.run});
  if (!e.of.job.empty()) visit(name{"job"}, value{e.of.job});
  if (!e.of.step.empty()) visit(name{"step"}, value{e.of.step});
  if (e.of.no) visit(name{"no"}, value{*e.of.no});
  if (e.of.attempt > 0) visit(name{"attempt"}, value{e.of.attempt});
  if (e.of.lease) visit(name{"lease"}, value{e.of.lease});
  if (e.of.node) visit(name{"node"}, value{e.of.node});
  for (const auto& one : e.more) visit(one.name.text, one.content);
}

/// Called by many threads at once. The event lives as long as the call.
using sink = std::function<void(const event&)>;

/// Where events of this level and above go from here on. Before that they go nowhere. Not thread
/// safe: called before actors start, or after they have ended.
void send_to(level least, sink to);

void write(level how, event_name name, const subject& of, std::initializer_list<field> more);

inline void debug(event_name name, const subject& of, std::initializer_list<field> more = {}) {
  write(level::debug, name, of, more);
}
inline void info(event_name name, const subject& of, std::initializer_list<field> more = {}) {
  write(level::info, name, of, more);
}
inline void warn(event_name name, const subject& of, std::initializer_list<field> more = {}) {
  write(level::warn, name, of, more);
}
inline void error(event_name name, const subject& of, std::initializer_list<field> more = {}) {
  write(level::error, name, of, more);
}
inline void critical(event_name name, const subject& of, std::initializer_list<field> more = {}) {
  write(level::critical, name, of, more);
}

/// `node_fenced node=9 why="it was \"given up\""`: on one line. Quoted is every text that is not a
/// simple word; in quotes stand \" \\ \n \r \t, and \xNN for each byte of other control characters,
/// of line separators, and of what is not UTF-8.
std::string text_of(const event& e);
std::string text_of(const value& v);

/// The text, or its first `longest_text` bytes and how many there were.
std::string bounded(std::string_view text);

}  // namespace partita::log
