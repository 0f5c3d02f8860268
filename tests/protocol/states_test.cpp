#include "protocol/states.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace partita;

namespace {

const std::vector nodes{node_state::active, node_state::draining, node_state::unreachable,
                        node_state::deregistered, node_state::left};
const std::vector runs{run_state::created, run_state::running, run_state::completed,
                       run_state::failed, run_state::stopped};
const std::vector steps{step_state::running, step_state::completed, step_state::failed,
                        step_state::stopped};
const std::vector leases{lease_state::live, lease_state::done, lease_state::released,
                         lease_state::revoked};

template <class State>
void round_trip(const std::vector<State>& all) {
  for (auto s : all) CHECK(parse_state<State>(to_string(s)) == s);
  CHECK_FALSE(parse_state<State>("SOMETHING"));
  CHECK_FALSE(parse_state<State>(""));
}

/// Nothing follows a terminal state, and nothing follows itself.
template <class State>
void check_moves(const std::vector<State>& all) {
  for (auto from : all)
    for (auto to : all) {
      if (from == to) CHECK_FALSE(may_move(from, to));
      if (is_terminal(from)) CHECK_FALSE(may_move(from, to));
    }
}

}  // namespace

TEST_CASE("every state is read back from its name, and nothing else is") {
  round_trip(nodes);
  round_trip(runs);
  round_trip(steps);
  round_trip(leases);
  round_trip(std::vector{partition_state::pending, partition_state::claimed,
                         partition_state::completed, partition_state::failed});
  round_trip(std::vector{step_kind::tasklet, step_kind::partitioned});
  round_trip(std::vector{stop_mode::none, stop_mode::stop, stop_mode::now});
  CHECK_FALSE(parse_state<run_state>("running"));
}

TEST_CASE("terminal states never change") {
  check_moves(nodes);
  check_moves(runs);
  check_moves(steps);
  check_moves(leases);
}

TEST_CASE("a node that was given up or has left never comes back") {
  CHECK(is_terminal(node_state::deregistered));
  CHECK(is_terminal(node_state::left));
  CHECK(may_move(node_state::unreachable, node_state::active));
  CHECK(may_move(node_state::unreachable, node_state::deregistered));
  CHECK(may_move(node_state::active, node_state::deregistered));
}

TEST_CASE("a run runs before it ends, unless it is stopped before anybody took it") {
  CHECK(may_move(run_state::created, run_state::running));
  CHECK(may_move(run_state::created, run_state::stopped));
  CHECK_FALSE(may_move(run_state::created, run_state::completed));
  CHECK_FALSE(may_move(run_state::created, run_state::failed));
  for (auto end : {run_state::completed, run_state::failed, run_state::stopped})
    CHECK(may_move(run_state::running, end));
}

TEST_CASE("a lease ends in one of three ways") {
  for (auto end : {lease_state::done, lease_state::released, lease_state::revoked}) {
    CHECK(may_move(lease_state::live, end));
    CHECK(is_terminal(end));
  }
}
