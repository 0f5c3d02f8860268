#include "protocol/settings.hpp"

#include <catch2/catch.hpp>

using namespace partita;

namespace {

bool complains_of(const settings& s, const std::string& about) {
  for (const auto& sentence : problems(s))
    if (sentence.find(about) != std::string::npos) return true;
  return false;
}

}  // namespace

TEST_CASE("the settings we ship are safe") {
  CHECK(problems(settings{}).empty());
  CHECK(problems(fast_settings()).empty());
}

TEST_CASE("one slow answer of the database must not convict a node") {
  settings s;
  s.unreachable_after = 3 * s.heartbeat + s.heartbeat_retry + s.heartbeat_timeout;
  s.deregister_after = 2 * s.unreachable_after;
  CHECK(problems(s).empty());
  s.unreachable_after -= milliseconds{1};
  CHECK(complains_of(s, "unreachable_after"));
}

TEST_CASE("a node must have time to fence itself before its work is given away") {
  settings s;
  s.deregister_after = 2 * s.unreachable_after - milliseconds{1};
  CHECK(complains_of(s, "deregister_after"));
}

TEST_CASE("senseless settings are named, all of them at once") {
  settings s;
  s.heartbeat = milliseconds{0};
  s.poll = milliseconds{-1};
  s.max_lease_width = 0;
  s.executors = -1;
  s.retry_max = milliseconds{1};
  s.drain_grace = milliseconds{-1};
  for (const auto* name :
       {"heartbeat", "poll", "max_lease_width", "executors", "retry_max", "drain_grace"})
    CHECK(complains_of(s, name));
}
