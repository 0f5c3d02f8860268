#include "apps/partita/log.hpp"

#include <catch2/catch.hpp>

#include <limits>

using namespace partita;
using namespace partita::cli;

namespace {

const db_time at{std::chrono::microseconds{1'772'360'430'123'456}};
const std::string_view whole_name = "n-1";

log::event with(std::span<const log::field> more) {
  return {log::level::warn, "happened", {}, more};
}

nlohmann::json parsed(const log::event& e, std::string_view node_name = "") {
  const auto line = json_log_line({at, node_name, e});
  for (unsigned char c : line) REQUIRE((c >= 0x20 && c < 0x7F));
  return nlohmann::json::parse(line);
}

/// The text as JSON brings it back.
nlohmann::json through_json(std::string_view text) {
  const log::field more[] = {{"why", text}};
  return parsed(with(more))["why"];
}

}  // namespace

TEST_CASE("an event is one JSON object, whose members have the types of its fields") {
  const log::field more[] = {{"width", 500},   {"fast", true},
                             {"ratio", 0.5},   {"by", node_id{9'007'199'254'740'993}},
                             {"digits", "17"}, {"least", std::numeric_limits<std::int64_t>::min()}};
  const log::subject of{run_id{1}, "etl", "load", 0, 2, lease_id{3}, node_id{4}};
  CHECK(parsed({log::level::info, "lease_granted", of, more}, whole_name) ==
        nlohmann::json{{"ts", "2026-03-01T10:20:30.123Z"},
                       {"level", "info"},
                       {"msg", "lease_granted"},
                       {"node_name", "n-1"},
                       {"run", "1"},
                       {"job", "etl"},
                       {"step", "load"},
                       {"no", 0},
                       {"attempt", 2},
                       {"lease", "3"},
                       {"node", "4"},
                       {"width", 500},
                       {"fast", true},
                       {"ratio", 0.5},
                       {"by", "9007199254740993"},
                       {"digits", "17"},
                       {"least", std::numeric_limits<std::int64_t>::min()}});
}

TEST_CASE("any text comes back from JSON as it was given; what is not UTF-8 is replaced") {
  for (const std::string& text :
       {std::string{}, std::string{"\nnode_fenced node=9 why=\"x"}, std::string{"\\\"\\u0041="},
        std::string{"\0nul\0", 5}, std::string{"\x1b[2J\x7f\r\n\t"},
        std::string{"\xc2\x9b"
                    "31m"},
        std::string{"\xe2\x80\xa8\xe2\x80\xa9"}, std::string{"Zoë 漢字 😀"},
        std::string{"{\"a\":1}"}, std::string(log::longest_text, '"')})
    CHECK(through_json(text) == text);
  CHECK(through_json("a\xff\xfe z") == "a\xef\xbf\xbd\xef\xbf\xbd z");
  CHECK(through_json(std::string(1'000'000, 'a')) ==
        std::string(log::longest_text, 'a') + "… (1000000 bytes)");
}

TEST_CASE("a line of text is its time, its level, the name of the node, then the event") {
  const log::field more[] = {{"why", "a\nb"}};
  CHECK(text_log_line({at, whole_name, with(more)}) ==
        "2026-03-01T10:20:30.123Z warning n-1 happened why=\"a\\nb\"");
  CHECK(text_log_line({at, "", with({})}) == "2026-03-01T10:20:30.123Z warning - happened");
  CHECK(text_log_line({at, "my node\x1b[2J\n\"", with({})}) ==
        "2026-03-01T10:20:30.123Z warning \"my node\\x1b[2J\\n\\\"\" happened");
}
