#include "protocol/trace.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

const std::string good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

run_row some_run() {
  run_row run;
  run.id = run_id{17};
  run.launch_key = "nightly";
  run.created_at = db_time{microseconds{1'700'000'000'000'000}};
  return run;
}

}  // namespace

TEST_CASE("a traceparent of version 00 is read, and written as it was") {
  const auto found = parse_trace_parent(good);
  REQUIRE(found);
  CHECK(found->trace == trace_id{0x4bf92f3577b34da6, 0xa3ce929d0e0e4736});
  CHECK(found->span == span_id{0x00f067aa0ba902b7});
  CHECK(found->sampled);
  CHECK(trace_parent_of(*found) == good);
  CHECK(kept_trace_parent(good) == good);
}

TEST_CASE("flags tell whether a trace is recorded, and no more is kept of them") {
  const auto with = [](const char* flags) {
    return "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-" + std::string{flags};
  };
  CHECK_FALSE(parse_trace_parent(with("00"))->sampled);
  CHECK_FALSE(parse_trace_parent(with("fe"))->sampled);
  CHECK(parse_trace_parent(with("ff"))->sampled);
  CHECK(kept_trace_parent(with("03")) == with("01"));
  CHECK(kept_trace_parent(with("02")) == with("00"));
}

TEST_CASE("a traceparent that breaks a rule of W3C says nothing") {
  for (const std::string bad :
       {"", "00", "hello", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01 ",
        " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902bx-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0x",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    INFO(bad);
    CHECK_FALSE(parse_trace_parent(bad));
    CHECK(kept_trace_parent(bad).empty());
  }
}

TEST_CASE("of a later version of traceparent the known part counts") {
  const std::string rest = "-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  CHECK(kept_trace_parent("01" + rest) == good);
  CHECK(kept_trace_parent("fe" + rest + "-what-comes") == good);
  CHECK_FALSE(parse_trace_parent("01" + rest + "x"));
}

TEST_CASE("a run with a parent belongs to its trace, and the parent is the submit") {
  auto run = some_run();
  run.trace_parent = good;
  const auto of = trace_of(run);
  CHECK(of.has_parent);
  CHECK(trace_parent_of(of.submit) == good);
  CHECK(hex(of.run) == "7607dfe0e78c4c6e");
  CHECK(of.run_context() == span_context{of.submit.trace, of.run, true});
  run.trace_parent.back() = '0';
  CHECK_FALSE(trace_of(run).submit.sampled);
  CHECK(trace_of(run).run == of.run);
}

TEST_CASE("the spans of a run without a parent follow from its row") {
  const auto of = trace_of(some_run());
  CHECK_FALSE(of.has_parent);
  CHECK(of.submit.sampled);
  CHECK(hex(of.submit.trace) == "176cec4f4422deb6a12ad70b78b36fb7");
  CHECK(hex(of.submit.span) == "82a1ed598cc40121");
  CHECK(hex(of.run) == "f35f58ef351b7fe7");
  CHECK(hex(span_of(of, lease_id{5})) == "391b54ce79b186b9");
  CHECK(parse_trace_parent(trace_parent_of(of.submit)) == of.submit);
}

TEST_CASE("each run and each lease has a span of its own") {
  const auto of = trace_of(some_run());
  auto other = some_run();
  other.id = run_id{18};
  CHECK_FALSE(trace_of(other).submit.trace == of.submit.trace);
  other = some_run();
  other.launch_key = "again";
  CHECK_FALSE(trace_of(other).submit.trace == of.submit.trace);
  other = some_run();
  other.created_at += microseconds{1};  // in another cluster
  CHECK_FALSE(trace_of(other).submit.trace == of.submit.trace);
  CHECK_FALSE(span_of(of, lease_id{5}) == span_of(of, lease_id{6}));

  auto first = some_run(), second = some_run();  // it continues the first, under its parent
  first.trace_parent = second.trace_parent = good;
  second.id = run_id{18};
  CHECK(trace_of(first).submit == trace_of(second).submit);
  CHECK_FALSE(trace_of(first).run == trace_of(second).run);
}
