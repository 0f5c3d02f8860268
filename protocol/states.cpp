#include "protocol/states.hpp"

#include <array>
#include <utility>

namespace partita {

namespace {

template <class State>
struct machine;  // names, and the legal moves

template <>
struct machine<node_state> {
  using s = node_state;
  static constexpr std::array names{std::pair{s::active, "ACTIVE"},
                                    std::pair{s::draining, "DRAINING"},
                                    std::pair{s::unreachable, "UNREACHABLE"},
                                    std::pair{s::condemned, "CONDEMNED"},
                                    std::pair{s::deregistered, "DEREGISTERED"},
                                    std::pair{s::left, "LEFT"}};
  static constexpr std::array moves{
      std::pair{s::active, s::draining}, std::pair{s::active, s::unreachable},
      std::pair{s::draining, s::unreachable}, std::pair{s::draining, s::left},
      std::pair{s::unreachable, s::active}, std::pair{s::unreachable, s::draining},
      std::pair{s::unreachable, s::condemned},
      // Nobody may have looked while it was overdue: the first sweep can find it past both limits.
      std::pair{s::active, s::condemned}, std::pair{s::draining, s::condemned},
      std::pair{s::condemned, s::deregistered}};
};

template <>
struct machine<run_state> {
  using s = run_state;
  static constexpr std::array names{
      std::pair{s::created, "CREATED"}, std::pair{s::running, "RUNNING"},
      std::pair{s::completed, "COMPLETED"}, std::pair{s::failed, "FAILED"},
      std::pair{s::stopped, "STOPPED"}};
  static constexpr std::array moves{
      std::pair{s::created, s::running}, std::pair{s::created, s::stopped},
      std::pair{s::running, s::completed}, std::pair{s::running, s::failed},
      std::pair{s::running, s::stopped}};
};

template <>
struct machine<step_state> {
  using s = step_state;
  static constexpr std::array names{
      std::pair{s::running, "RUNNING"}, std::pair{s::completed, "COMPLETED"},
      std::pair{s::failed, "FAILED"}, std::pair{s::stopped, "STOPPED"}};
  static constexpr std::array moves{std::pair{s::running, s::completed},
                                    std::pair{s::running, s::failed},
                                    std::pair{s::running, s::stopped}};
};

template <>
struct machine<lease_state> {
  using s = lease_state;
  static constexpr std::array names{std::pair{s::live, "LIVE"}, std::pair{s::done, "DONE"},
                                    std::pair{s::released, "RELEASED"},
                                    std::pair{s::revoked, "REVOKED"}};
  static constexpr std::array moves{std::pair{s::live, s::done}, std::pair{s::live, s::released},
                                    std::pair{s::live, s::revoked}};
};

template <>
struct machine<partition_state> {
  using s = partition_state;
  static constexpr std::array names{
      std::pair{s::pending, "PENDING"}, std::pair{s::claimed, "CLAIMED"},
      std::pair{s::completed, "COMPLETED"}, std::pair{s::failed, "FAILED"}};
};

template <>
struct machine<step_kind> {
  static constexpr std::array names{std::pair{step_kind::tasklet, "TASKLET"},
                                    std::pair{step_kind::partitioned, "PARTITIONED"}};
};

template <>
struct machine<attempt_outcome> {
  using o = attempt_outcome;
  static constexpr std::array names{std::pair{o::completed, "COMPLETED"},
                                    std::pair{o::failed, "FAILED"}, std::pair{o::retry, "RETRY"},
                                    std::pair{o::released, "RELEASED"}};
};

template <>
struct machine<stop_mode> {
  static constexpr std::array names{std::pair{stop_mode::none, "NONE"},
                                    std::pair{stop_mode::stop, "STOP"},
                                    std::pair{stop_mode::now, "NOW"}};
};

template <>
struct machine<decision_kind> {
  using d = decision_kind;
  static constexpr std::array names{std::pair{d::next, "NEXT"}, std::pair{d::go_to, "GO_TO"},
                                    std::pair{d::complete, "COMPLETE"}, std::pair{d::fail, "FAIL"}};
};

template <>
struct machine<overlap_policy> {
  using o = overlap_policy;
  static constexpr std::array names{std::pair{o::skip, "SKIP"},
                                    std::pair{o::queue_one, "QUEUE_ONE"},
                                    std::pair{o::allow, "ALLOW"}};
};

template <>
struct machine<skip_stage> {
  static constexpr std::array names{std::pair{skip_stage::read, "READ"},
                                    std::pair{skip_stage::process, "PROCESS"},
                                    std::pair{skip_stage::write, "WRITE"}};
};

template <class State>
std::string_view name_of(State state) {
  for (const auto& [value, name] : machine<State>::names)
    if (value == state) return name;
  return "?";
}

template <class State>
bool legal(State from, State to) {
  for (const auto& move : machine<State>::moves)
    if (move == std::pair{from, to}) return true;
  return false;
}

template <class State>
bool no_way_out(State state) {
  for (const auto& [from, to] : machine<State>::moves)
    if (from == state) return false;
  return true;
}

}  // namespace

std::string_view to_string(node_state s) { return name_of(s); }
std::string_view to_string(run_state s) { return name_of(s); }
std::string_view to_string(step_state s) { return name_of(s); }
std::string_view to_string(lease_state s) { return name_of(s); }
std::string_view to_string(partition_state s) { return name_of(s); }
std::string_view to_string(step_kind k) { return name_of(k); }
std::string_view to_string(attempt_outcome o) { return name_of(o); }
std::string_view to_string(stop_mode m) { return name_of(m); }
std::string_view to_string(decision_kind d) { return name_of(d); }
std::string_view to_string(overlap_policy o) { return name_of(o); }
std::string_view to_string(skip_stage s) { return name_of(s); }

template <class State>
std::optional<State> parse_state(std::string_view text) {
  for (const auto& [value, name] : machine<State>::names)
    if (text == name) return value;
  return std::nullopt;
}

template std::optional<node_state> parse_state(std::string_view);
template std::optional<run_state> parse_state(std::string_view);
template std::optional<step_state> parse_state(std::string_view);
template std::optional<lease_state> parse_state(std::string_view);
template std::optional<partition_state> parse_state(std::string_view);
template std::optional<step_kind> parse_state(std::string_view);
template std::optional<attempt_outcome> parse_state(std::string_view);
template std::optional<stop_mode> parse_state(std::string_view);
template std::optional<decision_kind> parse_state(std::string_view);
template std::optional<overlap_policy> parse_state(std::string_view);
template std::optional<skip_stage> parse_state(std::string_view);

bool may_move(node_state from, node_state to) { return legal(from, to); }
bool may_move(run_state from, run_state to) { return legal(from, to); }
bool may_move(step_state from, step_state to) { return legal(from, to); }
bool may_move(lease_state from, lease_state to) { return legal(from, to); }

bool is_member(node_state s) { return s != node_state::condemned && !is_terminal(s); }

bool is_terminal(node_state s) { return no_way_out(s); }
bool is_terminal(run_state s) { return no_way_out(s); }
bool is_terminal(step_state s) { return no_way_out(s); }
bool is_terminal(lease_state s) { return no_way_out(s); }

}  // namespace partita
