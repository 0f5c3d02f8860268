#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;

namespace {

const std::string parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

}  // namespace

TEST_CASE_METHOD(contract, "the parent of a run's trace is kept with the run") {
  auto asked = launch("{\"year\":2024}");
  asked.trace_parent = parent;
  const auto made = db->submit(asked);
  CHECK(made.trace_parent == parent);
  CHECK(run(made.id).trace_parent == parent);
  CHECK(db->list_runs(1, {}).front().trace_parent == parent);

  SECTION("the first parent stays, whoever asks with the launch key again") {
    asked.trace_parent.back() = '0';
    CHECK(db->submit(asked).trace_parent == parent);
    asked.trace_parent.clear();
    CHECK(db->submit(asked).trace_parent == parent);
  }
  SECTION("a run that continues it has the same parent") {
    db->request_stop(made.id, stop_mode::stop);
    CHECK(db->restart(made.id, "again").trace_parent == parent);
  }
}

TEST_CASE_METHOD(contract, "a run without a parent, or with one that says nothing, has none") {
  CHECK(db->submit(launch("{\"year\":2024}")).trace_parent.empty());
  auto asked = launch("{\"year\":2025}");
  asked.trace_parent = "00-what-is-this";
  CHECK(db->submit(asked).trace_parent.empty());
}
