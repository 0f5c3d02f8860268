#include "apps/partita/errors.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

template <class Error>
failure described(const Error& error) {
  return describe(std::make_exception_ptr(error));
}

}  // namespace

TEST_CASE("every store error has the exit code of its kind") {
  CHECK(exit_of(errc::unavailable) == exit_code::unreachable);
  CHECK(exit_of(errc::access_denied) == exit_code::unreachable);
  CHECK(exit_of(errc::missing_right) == exit_code::failed);
  CHECK(exit_of(errc::not_found) == exit_code::not_found);
  CHECK(exit_of(errc::already_running) == exit_code::conflict);
  CHECK(exit_of(errc::launch_key_taken) == exit_code::conflict);
  CHECK(exit_of(errc::wrong_state) == exit_code::conflict);
  CHECK(exit_of(errc::bad_request) == exit_code::usage);
  CHECK(exit_of(errc::schema_missing) == exit_code::schema);
  CHECK(exit_of(errc::schema_mismatch) == exit_code::schema);
  CHECK(exit_of(errc::damaged) == exit_code::failed);
}

TEST_CASE("exit codes are what scripts were promised") {
  CHECK(static_cast<int>(exit_code::ok) == 0);
  CHECK(static_cast<int>(exit_code::failed) == 1);
  CHECK(static_cast<int>(exit_code::usage) == 2);
  CHECK(static_cast<int>(exit_code::not_found) == 3);
  CHECK(static_cast<int>(exit_code::conflict) == 4);
  CHECK(static_cast<int>(exit_code::unreachable) == 5);
  CHECK(static_cast<int>(exit_code::timeout) == 6);
  CHECK(static_cast<int>(exit_code::schema) == 7);
  CHECK(static_cast<int>(exit_code::stopped) == 8);
  CHECK(static_cast<int>(exit_code::interrupted) == 130);
}

TEST_CASE("the end of a run decides the exit code") {
  CHECK(exit_of(run_state::completed) == exit_code::ok);
  CHECK(exit_of(run_state::failed) == exit_code::failed);
  CHECK(exit_of(run_state::stopped) == exit_code::stopped);
}

TEST_CASE("any exception becomes a sentence, never a trace") {
  CHECK(described(store_error(errc::already_running, "run 7 is live")).code == "already_running");
  CHECK(described(usage_error("no")).exit == exit_code::usage);
  CHECK(described(std::out_of_range("index")).exit == exit_code::failed);
  CHECK(described(42).exit == exit_code::failed);
}

TEST_CASE("an error is one line, with the hint below it") {
  failure what{exit_code::usage, "usage", "bad\nline", "do this"};
  CHECK(render(what, "mine", false) == "mine: bad\\nline\n  do this\n");
  what.hint.clear();
  CHECK(render(what, "mine", false) == "mine: bad\\nline\n");
}

TEST_CASE("an error as JSON has code, message and hint") {
  auto text = render({exit_code::usage, "usage", "say \"x\"", ""}, "mine", true);
  auto error = nlohmann::json::parse(text)["error"];
  CHECK(error["code"] == "usage");
  CHECK(error["message"] == "say \"x\"");
  CHECK(error["hint"].is_null());
  CHECK(text.back() == '\n');
}
