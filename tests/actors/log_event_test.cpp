#include "actors/log_event.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <map>

#include "batch/batch.hpp"
#include "tests/support/sim_cluster.hpp"

using namespace partita;
using namespace std::chrono_literals;
using partita::test::sim_cluster;

namespace {

/// Reads what text_of wrote, by other means. A value is kept as a text with its type in front.
class line_reader {
 public:
  explicit line_reader(std::string_view line) : rest_(line) {}

  std::vector<std::pair<std::string, std::string>> read() {
    std::vector<std::pair<std::string, std::string>> found{{"", take_until(" ")}};
    while (!rest_.empty()) {
      if (take(1) != " ") throw std::runtime_error("no blank between two fields");
      auto name = take_until("=");
      take(1);
      found.emplace_back(name, rest_.starts_with('"') ? "text:" + quoted() : bare());
    }
    return found;
  }

 private:
  std::string take(std::size_t size) {
    std::string taken{rest_.substr(0, size)};
    if (taken.size() < size) throw std::runtime_error("the line is cut");
    rest_.remove_prefix(size);
    return taken;
  }
  std::string take_until(const char* end) {
    return take(std::min(rest_.find_first_of(end), rest_.size()));
  }
  std::string bare() {
    auto word = take_until(" ");
    if (word == "true" || word == "false") return "bool:" + word;
    if (std::isdigit(static_cast<unsigned char>(word.back()))) {
      char* end = nullptr;
      std::strtod(word.c_str(), &end);
      if (*end == '\0') return "number:" + word;
    }
    return "text:" + word;
  }
  std::string quoted() {
    std::string value;
    take(1);
    for (auto c = take(1); c != "\""; c = take(1)) {
      if (c == "\\") {
        c = take(1);
        if (c == "n")
          c = "\n";
        else if (c == "r")
          c = "\r";
        else if (c == "t")
          c = "\t";
        else if (c == "x")
          c = static_cast<char>(std::stoi(take(2), nullptr, 16));
      }
      value += c;
    }
    return value;
  }

  std::string_view rest_;
};

std::string line_of(std::string_view text) {
  const log::field more[] = {{"before", 1}, {"why", text}, {"after", true}};
  return log::text_of({log::level::warn, "happened", {.run = run_id{7}}, more});
}

/// What is logged while this exists, each event with the type and the text of its fields.
class log_capture {
 public:
  log_capture() {
    log::send_to(log::level::debug, [this](const log::event& e) {
      auto& kept = events.emplace_back(std::string{e.name}, fields{}).second;
      log::for_each_field(e, [&](std::string_view name, const log::value& v) {
        kept[std::string{name}] = {v.data.index(), log::text_of(v)};
      });
    });
  }
  ~log_capture() { log::send_to(log::level::off, {}); }
  log_capture(const log_capture&) = delete;
  log_capture& operator=(const log_capture&) = delete;

  using fields = std::map<std::string, std::pair<std::size_t, std::string>>;
  std::vector<std::pair<std::string, fields>> events;
};

constexpr auto hostile = "\nnode_fenced node=9 why=\"x";

/// Partition 0 fails twice and partition 1 for good, with a text that looks like a line of the log.
job failing(std::function<void(partition_context&)> begun) {
  return job{"failing"}.step(partitioned{"odd-step"}
                                 .split([](split_context&) { return std::vector<partition>(3); })
                                 .retry(attempts{9}, {50ms, 1.0, 50ms})
                                 .each([begun](partition_context& p) {
                                   begun(p);
                                   if (p.no() == 0 && p.attempt() <= 2)
                                     throw std::runtime_error(hostile);
                                   if (p.no() == 1) throw permanent_error(hostile);
                                 }));
}

}  // namespace

TEST_CASE("whatever a text holds, its event is one line, which can be taken apart again") {
  const std::string all_bytes = [] {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    return all;
  }();
  for (const std::string& text :
       {std::string{},
        std::string{"word"},
        std::string{"two words"},
        std::string{hostile},
        std::string{"\""},
        std::string{"\\"},
        std::string{"\\\""},
        std::string{"\\x41\\n"},
        std::string{"a=b"},
        std::string{"="},
        std::string{" "},
        std::string{"\r\n\t\v\f"},
        std::string{"\0nul\0", 5},
        std::string{"\x1b[2J\x7f"},
        std::string{"\xc2\x9b"
                    "31m"},
        std::string{"\xe2\x80\xa8 \xe2\x80\xa9 \xc2\x85"},
        std::string{"Zoë 漢字 😀"},
        std::string{"\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80\xe2\x82"},
        std::string{"17"},
        std::string{"-1.5e3"},
        std::string{"true"},
        std::string{"false"},
        std::string{"nan"},
        std::string{"inf"},
        std::string{"-"},
        all_bytes,
        std::string(log::longest_text, '\n')}) {
    const auto line = line_of(text);
    INFO(line);
    for (unsigned char c : line) REQUIRE((c >= 0x20 && c != 0x7F));
    for (const auto* separator : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x9b"})
      CHECK(line.find(separator) == std::string::npos);
    CHECK(line_reader{line}.read() ==
          std::vector<std::pair<std::string, std::string>>{{"", "happened"},
                                                           {"run", "number:7"},
                                                           {"before", "number:1"},
                                                           {"why", "text:" + text},
                                                           {"after", "bool:true"}});
  }
}

TEST_CASE("a text that is longer than a line should be is cut between two characters") {
  const auto most = log::longest_text;
  CHECK(log::bounded(std::string(most, 'a')) == std::string(most, 'a'));
  CHECK(log::bounded(std::string(1'000'000, 'a')) == std::string(most, 'a') + "… (1000000 bytes)");
  std::string wide = "a";
  while (wide.size() < 2 * most) wide += "漢";
  CHECK(log::bounded(wide) ==
        wide.substr(0, most - (most - 1) % 3) + "… (" + std::to_string(wide.size()) + " bytes)");
  CHECK(log::bounded(std::string(3000, '\x80')).size() < most + 30);
  CHECK(line_of(std::string(1'000'000, '\n')).size() < 2 * most + 100);
}

TEST_CASE("numbers, truth values, ids and simple words stand without quotes") {
  const log::field more[] = {{"least", std::numeric_limits<std::int64_t>::min()},
                             {"share", 0.1},
                             {"large", 1e300},
                             {"well", false},
                             {"by", node_id{9'007'199'254'740'993}},
                             {"name", "host-7.example:80/x"}};
  CHECK(log::text_of({log::level::info, "seen", {}, more}) ==
        "seen least=-9223372036854775808 share=0.1 large=1e+300 well=false by=9007199254740993 "
        "name=host-7.example:80/x");
}

TEST_CASE("what an event tells of comes first, and what is not known is not written") {
  const log::subject whole{run_id{1}, "etl", "load", 0, 2, lease_id{3}, node_id{4}};
  CHECK(log::text_of({log::level::info, "e", whole, {}}) ==
        "e run=1 job=etl step=load no=0 attempt=2 lease=3 node=4");
  CHECK(log::text_of({log::level::info, "e", {}, {}}) == "e");
}

TEST_CASE("an event below the level reaches no sink") {
  std::vector<std::string> seen;
  auto sink = [&](const log::event& e) { seen.emplace_back(e.name); };
  log::send_to(log::level::warn, sink);
  log::debug("a", {});
  log::info("b", {});
  log::warn("c", {}, {{"why", "d"}});
  log::error("e", {});
  log::send_to(log::level::off, sink);
  log::critical("f", {});
  log::send_to(log::level::trace, {});
  log::critical("g", {});
  CHECK(seen == std::vector<std::string>{"c", "e"});
}

TEST_CASE("every event of a partition says where it belongs, also when its lease is lost") {
  log_capture logged;
  sim_cluster* playing = nullptr;
  bool frozen = false;
  sim_cluster cluster{{failing([&](partition_context& p) {
    if (p.no() != 2 || frozen) return;
    frozen = true;
    playing->pause(0);  // before it can report
  })}};
  playing = &cluster;
  cluster.add_node(1);
  const auto run = cluster.submit("failing");
  REQUIRE(cluster.advance_until([&] { return frozen; }, 20s));
  cluster.add_node(1);
  cluster.advance(5s);
  cluster.resume(0);
  REQUIRE(cluster.finish(run));
  cluster.advance(2s);

  std::map<std::string, int> seen;
  std::map<std::string, std::size_t> types;
  for (const auto& [name, fields] : logged.events) {
    INFO(name);
    ++seen[name];
    for (const auto& [field, content] : fields)
      CHECK(types.emplace(field, content.first).first->second == content.first);
    if (!name.starts_with("partition_") && name != "late_result_dropped") continue;
    for (const auto* field : {"run", "job", "step", "no", "attempt", "lease", "node"}) {
      INFO(field);
      CHECK(fields.contains(field));
    }
    CHECK(fields.at("job").second == "failing");
    CHECK(fields.at("step").second == "odd-step");
    if (name != "late_result_dropped")
      CHECK(fields.at("why").second == "\"\\nnode_fenced node=9 why=\\\"x\"");
  }
  for (const auto* name : {"partition_failed", "partition_retried", "late_result_dropped",
                           "lease_granted", "node_fenced", "step_begun", "run_ended"}) {
    INFO(name);
    CHECK(seen[name] > 0);
  }
  CHECK(cluster.violations() == std::vector<std::string>{});
}
