#include "storage/text.hpp"

#include <catch2/catch.hpp>

#include "tests/support/contract.hpp"

using namespace partita;
using namespace partita::test;
using namespace std::string_literals;

namespace {

const std::vector<std::string> refused{"\0"s,  // NUL
                                       "a\0b"s,
                                       "\x80",  // continuation without a lead
                                       "\xC3",  // cut off
                                       "\xE2\x82",
                                       "\xF0\x9D\x84",
                                       "\xC3(",  // lead without a continuation
                                       "\xE2\x82(",
                                       "\xC0\x80",
                                       "\xC1\xBF",  // overlong
                                       "\xE0\x9F\xBF",
                                       "\xF0\x8F\xBF\xBF",
                                       "\xED\xA0\x80",
                                       "\xED\xBF\xBF",      // surrogates
                                       "\xF4\x90\x80\x80",  // above U+10FFFF
                                       "\xF5\x80\x80\x80",
                                       "\xFE",
                                       "\xFF",
                                       "fine until here \xFF"};

const std::vector<std::string> accepted{"",
                                        "plain",
                                        "\x01\x7F",
                                        "\xC2\x80",
                                        "\xDF\xBF",
                                        "\xE0\xA0\x80",
                                        "\xED\x9F\xBF",
                                        "\xEE\x80\x80",
                                        "\xEF\xBF\xBF",
                                        "\xF0\x90\x80\x80",
                                        "\xF4\x8F\xBF\xBF",
                                        "'; DROP TABLE partita_run; -- \" \\ % _ $1 {} []",
                                        "ü 漢 𝄞 \r\n\t\x1B[31m"};

}  // namespace

TEST_CASE("what no database would store as it is, is refused") {
  for (const auto& text : refused) {
    CHECK_FALSE(is_storable(text));
    CHECK(error_of([&] { require_text("the name", text); }) == errc::bad_request);
  }
  for (const auto& text : accepted) CHECK(is_storable(text));
}

TEST_CASE("a refusal says what is wrong and where") {
  CHECK(sentence_of([] { require_text("the key", "ab\0c"s); }) ==
        "the key holds a NUL character (at byte 2)");
  CHECK(sentence_of([] { require_text("the key", "ü\xFF"); }) ==
        "the key is not valid UTF-8 (at byte 2)");
}

TEST_CASE_METHOD(contract,
                 "no verb takes a text that cannot be stored, and none changes anything") {
  auto node = join();
  auto r = drive(node);
  auto open = begin(r, spec());
  auto grant = take(node, split(r, 2, spec("leased", 1)));
  auto before = db->list_events({}, 0, 1000).size();
  for (const auto& bad : {"a\0b"s, "\xFF"s}) {
    auto refuses = [](const std::function<void()>& verb) {
      return error_of(verb) == errc::bad_request;
    };
    CHECK(refuses([&] { db->register_node({bad, "h", 1, 1, "v", {}}); }));
    CHECK(refuses([&] { db->register_node({"n", bad, 1, 1, "v", {}}); }));
    CHECK(refuses([&] { db->register_node({"n", "h", 1, 1, bad, {}}); }));
    CHECK(refuses([&] { db->register_node({"n", "h", 1, 1, "v", {{bad, 1}}}); }));
    CHECK(refuses([&] { db->submit({{bad, 1}, "{}", "i", "k"}); }));
    CHECK(refuses([&] { db->submit({job, bad, "i", "k"}); }));
    CHECK(refuses([&] { db->submit({job, "{}", bad, "k"}); }));
    CHECK(refuses([&] { db->submit({job, "{}", "i", bad}); }));
    CHECK(refuses([&] { db->restart(r.run, bad); }));
    auto s = spec(bad, 7);
    CHECK(refuses([&] { begin(r, s); }));
    s = spec("context", 7);
    s.split_context = bad;
    CHECK(refuses([&] { begin(r, s); }));
    const std::vector<new_partition> keys{{"fine", "1"}, {bad, "1"}};
    const std::vector<new_partition> inputs{{"fine", "1"}, {"fine", bad}};
    CHECK(refuses([&] { db->append_partitions(open, r.master, r.term, 0, keys); }));
    CHECK(refuses([&] { db->append_partitions(open, r.master, r.term, 0, inputs); }));
    auto ending = step_state::failed;
    CHECK(refuses([&] { db->end_step(open, r.master, r.term, ending, bad, "", {}); }));
    CHECK(refuses([&] { db->end_step(open, r.master, r.term, ending, "", bad, {}); }));
    CHECK(refuses([&] { db->end_step(open, r.master, r.term, ending, "", "", bad); }));
    CHECK(refuses([&] { db->end_run(r.run, r.master, r.term, run_state::failed, bad); }));
    auto item = ended(grant.lease, 0);
    item.output = bad;
    CHECK(refuses([&] { report(node, item); }));
    item = ended(grant.lease, 0, attempt_outcome::failed);
    item.error = bad;
    CHECK(refuses([&] { report(node, item); }));
    CHECK(refuses([&] { db->commit_checkpoint(grant.lease, 0, {1, bad, {}}); }));
  }
  CHECK(db->list_events({}, 0, 1000).size() == before);
  CHECK(db->list_partitions(open, -1, 10).empty());
  CHECK(step(r, open).state == step_state::running);
}

TEST_CASE_METHOD(contract, "any other text comes back byte for byte") {
  auto node = join();
  auto r = drive(node);
  for (const auto& text : accepted) {
    auto named = db->register_node({text, text, 1, 1, text, {{text, 1}}});
    CHECK(this->node(named).info.name == text);
    CHECK(this->node(named).info.host == text);
    CHECK(this->node(named).info.version == text);
    CHECK(this->node(named).info.jobs == std::vector<job_ref>{{text, 1}});
    db->leave(named);
    auto made = db->submit({{text, 1}, text, "identity " + text, "key " + text});
    CHECK(run(made.id).job.name == text);
    CHECK(run(made.id).parameters == text);
    CHECK(run(made.id).identity == "identity " + text);
    CHECK(run(made.id).launch_key == "key " + text);
  }
  auto id = begin(r, spec());
  std::vector<new_partition> rows;
  for (const auto& text : accepted) rows.push_back({text, text});
  db->append_partitions(id, r.master, r.term, 0, rows);
  const auto last = static_cast<partition_no>(rows.size()) - 1;
  seal(r, id, {{{0, last}, {}, 0}});
  auto grant = take(node, id);
  std::vector<attempt_report> items;
  for (const auto& p : grant.partitions) {
    const auto& text = accepted[static_cast<std::size_t>(p.no)];
    CHECK(p.key == text);
    CHECK(p.input == text);
    if (!text.empty()) db->commit_checkpoint(grant.lease, p.no, {1, text, {}});
    items.push_back(ended(grant.lease, p.no));
    items.back().output = text;
  }
  db->report(node, items);
  for (const auto& row : db->list_results(id, -1, 100))
    CHECK(row.output == accepted[static_cast<std::size_t>(row.no)]);
  db->end_step(id, r.master, r.term, step_state::completed, accepted.back(), "", accepted.back());
  CHECK(step(r, id).result == accepted.back());
  CHECK(run(r.run).result == accepted.back());
}
