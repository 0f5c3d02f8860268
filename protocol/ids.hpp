#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace partita {

/// A database-issued identifier. Each kind is a type of its own, so that a run can never be
/// passed where a step is meant. Value 0 is "none"; real ids start at 1 and are never reused.
template <class Tag>
struct basic_id {
  std::int64_t value = 0;

  constexpr basic_id() = default;
  constexpr explicit basic_id(std::int64_t v) : value(v) {}
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(const basic_id&, const basic_id&) = default;
};

/// One process incarnation: a process that starts again, or rejoins after it was given up, gets a
/// new one.
using node_id = basic_id<struct node_id_tag>;
using run_id = basic_id<struct run_id_tag>;
using step_id = basic_id<struct step_id_tag>;
/// The fencing token of a worker: every write of a worker names the lease it was made under.
using lease_id = basic_id<struct lease_id_tag>;
/// The fencing token of a master: +1 at every takeover of a run, 0 before the first master.
using term = basic_id<struct term_tag>;
using schedule_id = basic_id<struct schedule_id_tag>;

/// Number of a partition inside its step: 0-based and dense. An ordinal, not an id: arithmetic on
/// it (ranges, widths) is its purpose.
using partition_no = std::int64_t;

}  // namespace partita

template <class Tag>
struct std::hash<partita::basic_id<Tag>> {
  std::size_t operator()(const partita::basic_id<Tag>& id) const noexcept {
    return std::hash<std::int64_t>{}(id.value);
  }
};
