#include "protocol/states.hpp"

#include <catch2/catch.hpp>
#include <vector>

using namespace partita;

namespace {

template <class State>
void check_machine(const std::vector<State>& all, const std::vector<State>& ends) {
  for (auto from : all) {
    CHECK(parse_state<State>(to_string(from)) == from);
    CHECK_FALSE(may_move(from, from));
    auto terminal = std::find(ends.begin(), ends.end(), from) != ends.end();
    CHECK(is_terminal(from) == terminal);
    for (auto to : all)
      if (terminal) CHECK_FALSE(may_move(from, to));
  }
}

}  // namespace

TEST_CASE("every state has a name of its own, none follows itself, nothing follows an end") {
  using n = node_state;
  check_machine<n>({n::active, n::draining, n::unreachable, n::condemned, n::deregistered, n::left},
                   {n::deregistered, n::left});
  using r = run_state;
  check_machine<r>({r::created, r::running, r::completed, r::failed, r::stopped},
                   {r::completed, r::failed, r::stopped});
  using s = step_state;
  check_machine<s>({s::running, s::completed, s::failed, s::stopped},
                   {s::completed, s::failed, s::stopped});
  using l = lease_state;
  check_machine<l>({l::live, l::done, l::released, l::revoked}, {l::done, l::released, l::revoked});
}

TEST_CASE("an unknown name is no state") {
  CHECK_FALSE(parse_state<run_state>("COMPLETE"));
  CHECK_FALSE(parse_state<node_state>(""));
  CHECK_FALSE(parse_state<lease_state>("live"));
}

TEST_CASE("an unreachable node comes back, a deregistered one never") {
  CHECK(may_move(node_state::unreachable, node_state::active));
  CHECK_FALSE(may_move(node_state::deregistered, node_state::active));
  CHECK_FALSE(may_move(node_state::left, node_state::active));
}

TEST_CASE("a run that nobody drives may be stopped, but completes only after it was running") {
  CHECK(may_move(run_state::created, run_state::stopped));
  CHECK_FALSE(may_move(run_state::created, run_state::completed));
}
