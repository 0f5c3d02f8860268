#include "storage/postgres/deadline.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>

using namespace partita;
using partita::postgres::answer_deadline;

namespace {

struct wire {
  wire() { REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
  ~wire() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  int ends[2] = {-1, -1};
};

/// Waits for bytes, as libpq does. Returns how many came; 0 when the socket was shut.
ssize_t receive(int socket) {
  char byte = 0;
  return ::read(socket, &byte, 1);
}

}  // namespace

TEST_CASE("a server that does not answer is not waited for any longer than allowed") {
  wire l;
  answer_deadline limit{l.ends[0]};
  limit.begin(milliseconds{20});
  CHECK(receive(l.ends[0]) == 0);
  CHECK(limit.passed());
}

TEST_CASE("a later question has its own limit, also when an earlier one was longer") {
  wire l;
  answer_deadline limit{l.ends[0]};
  limit.begin(milliseconds{3'600'000});
  limit.end();
  limit.begin(milliseconds{20});
  CHECK(receive(l.ends[0]) == 0);
}

TEST_CASE("after an answer in time, or the end of the connection, nothing is shut") {
  wire answered, silent;
  answer_deadline limit{answered.ends[0]};
  limit.begin(milliseconds{500});
  limit.end();
  {
    answer_deadline gone{silent.ends[0]};
    gone.begin(milliseconds{500});
  }
  // Whoever began later is shut later: when this one is, the others would have been.
  wire last;
  answer_deadline after{last.ends[0]};
  after.begin(milliseconds{600});
  CHECK(receive(last.ends[0]) == 0);
  CHECK_FALSE(limit.passed());
  REQUIRE(::write(answered.ends[1], "x", 1) == 1);
  CHECK(receive(answered.ends[0]) == 1);
  REQUIRE(::write(silent.ends[1], "x", 1) == 1);
  CHECK(receive(silent.ends[0]) == 1);
}

TEST_CASE("the socket stays the one of the connection when its number is used again") {
  auto* first = new wire;
  const int number = first->ends[0];
  answer_deadline limit{number};
  limit.begin(milliseconds{20});
  delete first;
  wire second;  // has the numbers that were closed
  REQUIRE(second.ends[0] == number);
  wire last;
  answer_deadline after{last.ends[0]};
  after.begin(milliseconds{40});
  CHECK(receive(last.ends[0]) == 0);
  CHECK(limit.passed());
  REQUIRE(::write(second.ends[1], "x", 1) == 1);
  CHECK(receive(second.ends[0]) == 1);
}
