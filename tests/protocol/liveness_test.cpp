#include "protocol/liveness.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace std::chrono_literals;

namespace {

mono_time at(std::chrono::milliseconds since_boot) { return mono_time{since_boot}; }

}  // namespace

TEST_CASE("silence is judged by two limits, each included") {
  CHECK(judge(0us, 4000ms, 8000ms) == sweep_verdict::alive);
  CHECK(judge(3'999'999us, 4000ms, 8000ms) == sweep_verdict::alive);
  CHECK(judge(4'000'000us, 4000ms, 8000ms) == sweep_verdict::unreachable);
  CHECK(judge(7'999'999us, 4000ms, 8000ms) == sweep_verdict::unreachable);
  CHECK(judge(8'000'000us, 4000ms, 8000ms) == sweep_verdict::condemned);
}

TEST_CASE("a heartbeat from the future is no silence") {
  CHECK(judge(-5s, 4000ms, 8000ms) == sweep_verdict::alive);
}

TEST_CASE("a node that never renewed trusts nothing") {
  const trust_window window{settings{}};
  CHECK(window.at(at(1h)) == trust::expired);
  CHECK_FALSE(window.may_sweep(at(1h)));
}

TEST_CASE("trust fades with the time since the last renewal was sent") {
  const settings s;  // 4 s, 8 s, renewed every second
  trust_window window{s};
  window.renewed(at(10s));
  CHECK(window.at(at(10s)) == trust::full);
  CHECK(window.at(at(13'999ms)) == trust::full);
  CHECK(window.at(at(14s)) == trust::suspect);
  CHECK(window.at(at(16'999ms)) == trust::suspect);
  CHECK(window.at(at(17s)) == trust::expired);
  window.renewed(at(16s));
  CHECK(window.at(at(17s)) == trust::full);
}

TEST_CASE("a node stops by itself before the cluster can give its work away") {
  for (const auto& s : {settings{}, fast_settings()}) {
    trust_window window{s};
    window.renewed(at(0ms));  // the database writes the heartbeat at this moment or later
    CHECK(window.at(at(s.deregister_after - 1ms)) == trust::expired);
    CHECK(judge(s.deregister_after - 1ms, s.unreachable_after, s.deregister_after) !=
          sweep_verdict::condemned);
  }
}

TEST_CASE("a node judges others only after it renewed without a gap for a while") {
  trust_window window{settings{}};
  window.renewed(at(0s));
  CHECK_FALSE(window.may_sweep(at(3s)));
  window.renewed(at(2s));
  window.renewed(at(4s));
  CHECK(window.may_sweep(at(4s)));
  window.renewed(at(9s));  // 5 s without: the database was away, everybody is overdue
  CHECK_FALSE(window.may_sweep(at(9s)));
  window.renewed(at(11s));
  CHECK_FALSE(window.may_sweep(at(12'999ms)));
  CHECK(window.may_sweep(at(13s)));
}

TEST_CASE("a silent node is shown UNREACHABLE, also where nobody is alive to judge it") {
  node_row node;
  node.info.unreachable_after = milliseconds{800};
  for (auto state : {node_state::active, node_state::draining}) {
    node.state = state;
    node.silence = microseconds{799'000};
    CHECK(shown_state(node) == state);
    node.silence = microseconds{800'000};
    CHECK(shown_state(node) == node_state::unreachable);
  }
  node.state = node_state::left;
  CHECK(shown_state(node) == node_state::left);
  node.info.unreachable_after = milliseconds{0};  // not told: the usual limit
  node.state = node_state::active;
  CHECK(shown_state(node) == node_state::active);
  node.silence = microseconds{4'000'000};
  CHECK(shown_state(node) == node_state::unreachable);
}
