#include <catch2/catch.hpp>

#include <map>
#include <sstream>

#include "apps/jobs/marc/generate.hpp"
#include "apps/jobs/marc/marc.hpp"
#include "apps/testing/testing.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::cluster;
using test::read_file;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

using folder_content = std::map<std::string, std::string>;

/// But for what tells whose they are.
folder_content content_of(const fs::path& folder) {
  folder_content all;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().filename() != "migration.json")
      all[entry.path().filename().string()] = read_file(entry.path());
  return all;
}

std::vector<std::string> lines_of(const folder_content& files, const std::string& suffix) {
  std::vector<std::string> lines;
  for (int no = 0;; ++no) {
    const auto found = files.find(std::to_string(no) + suffix);
    if (found == files.end()) return lines;
    std::istringstream text{found->second};
    for (std::string line; std::getline(text, line);) lines.push_back(line);
  }
}

struct migration {
  temp_dir dir;
  fs::path input = dir / "records.mrc";

  json parameters(const char* output, std::int64_t chunk_size = 50) const {
    return {{"input", input.string()},
            {"output_dir", (dir / output).string()},
            {"chunk_size", chunk_size}};
  }
};

}  // namespace

TEST_CASE("good records become entities, bad ones are told, each once") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 300, 50, 7);
  cluster c{{marc_map()}, {.nodes = 2}};
  const auto run = c.submit("marc_map", m.parameters("out"));
  c.run_until_done();
  REQUIRE(c.error(run) == "");
  auto result = c.result(run);
  CHECK(result["chunks"].get<int>() >= 5);
  result.erase("chunks");
  CHECK(result == json{{"status", "DATA_MAPPING_FAILED"},
                       {"total", 300},
                       {"mapped", 285},
                       {"errors", 15},
                       {"output_dir", (m.dir / "out").string()}});
  const auto files = content_of(m.dir / "out");
  const auto entities = lines_of(files, "_entity");
  REQUIRE(entities.size() == 285);
  const auto first = json::parse(entities.front());
  CHECK(first["id"] == "n000000000");
  CHECK(first["source"] == "MARC");
  CHECK(first["subjectHeadings"] == "a");
  CHECK(first["identifiers"][0] ==
        json{{"value", "n000000000"}, {"identifierTypeId", "Control number"}});
  CHECK(lines_of(files, "_entity-error").size() == 15);
  const auto errors = lines_of(files, "_error");
  REQUIRE(errors.size() == 15);
  CHECK_THAT(errors[0], Catch::StartsWith("<unknown>,\"its leader says that it has 42 bytes, and"));
  CHECK_THAT(errors[5], Catch::Contains("it has no control number"));
  const auto skipped = c.skipped_items(run);
  REQUIRE(skipped.size() == 15);
  CHECK_THAT(skipped[0].what.place, Catch::Contains("records.mrc, byte "));
  CHECK(c.invariants().empty());
}

TEST_CASE("a migration is the same, byte for byte, whatever fails") {
  migration m;
  const auto how = GENERATE(marc::format::iso2709, marc::format::marcxml);
  marc::generate_marc(m.input, how, 200, 50, 7);
  const auto run_with = [&](int faults, std::int64_t seed, const char* output) {
    cluster c{{marc_map()}, {.nodes = 3, .seed = seed, .faults_per_1000 = faults}};
    const auto run = c.submit("marc_map", m.parameters(output, 20));
    c.run_until_done();
    REQUIRE(c.error(run) == "");
    CHECK(c.invariants().empty());
    auto result = c.result(run);
    result.erase("output_dir");
    return result;
  };
  const auto result = run_with(0, 1, "undisturbed");
  const auto files = content_of(m.dir / "undisturbed");
  for (std::int64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    CHECK(run_with(30, seed, "disturbed") == result);
    CHECK(content_of(m.dir / "disturbed") == files);
    fs::remove_all(m.dir / "disturbed");
  }
}

TEST_CASE("a migration that may have no bad record fails with the first of them") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 100, 10, 7);
  cluster c{{marc_map()}};
  auto given = m.parameters("out");
  given["max_errors"] = 0;
  const auto run = c.submit("marc_map", given);
  c.run_until_done();
  CHECK_THAT(c.error(run), Catch::Contains("more than 0 items would be let go"));
}

TEST_CASE("rules that cannot be end a migration before it begins") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 10, 0, 7);
  const auto rules = m.dir / "rules.json";
  write_file(rules, R"({"100": [{"target": "personalNam"}]})");
  cluster c{{marc_map()}};
  auto given = m.parameters("out");
  given["rules"] = rules.string();
  const auto run = c.submit("marc_map", given);
  c.run_until_done();
  CHECK_THAT(c.error(run), Catch::Contains(rules.string() + ": 100: there is no target"));
  CHECK_FALSE(fs::exists(m.dir / "out"));
}

TEST_CASE("files of a migration with more chunks do not stay in its folder") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 100, 0, 7);
  cluster c{{marc_map()}};
  c.submit("marc_map", m.parameters("out", 10));
  c.run_until_done();
  const auto many = content_of(m.dir / "out").size();
  auto given = m.parameters("out", 50);
  given["tenant"] = "again";
  given["overwrite"] = true;
  c.submit("marc_map", given);
  c.run_until_done();
  const auto files = content_of(m.dir / "out");
  CHECK(files.size() < many);
  CHECK(lines_of(files, "_entity").size() == 100);
}

TEST_CASE("a folder holds one migration, and tells whether it has ended") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 60, 0, 7);
  const auto told = [&](const char* folder) {
    return json::parse(read_file(m.dir / folder / "migration.json"));
  };
  cluster c{{marc_map()}, {.tables = {"CREATE TABLE source (id TEXT PRIMARY KEY, marc TEXT)"}}};
  const auto error_of = [&](run_id run) {
    c.run_until_done();
    return c.error(run);
  };
  const auto map_into = [&](const char* folder, const char* tenant, json more = json::object()) {
    auto given = m.parameters(folder);
    given["tenant"] = tenant;
    given.update(more);
    return c.submit("marc_map", given);
  };
  const auto first = map_into("out", "a");
  REQUIRE(error_of(first) == "");
  const auto whole = content_of(m.dir / "out");
  const auto claim = told("out");
  CHECK(claim["run"] == std::to_string(first.value));
  CHECK(claim["state"] == "MAPPED");
  CHECK(claim["chunks"] == c.result(first)["chunks"]);
  CHECK(claim["total"] == 60);
  CHECK(claim["mapped"] == 60);
  CHECK(claim["errors"] == 0);
  // Neither another run nor one without records takes it.
  const auto taken = "holds the migration of run " + std::to_string(first.value) + ": name another";
  CHECK_THAT(error_of(map_into("out", "b")), Catch::Contains(taken));
  const auto empty =
      c.submit("marc_map", {{"table", "source"}, {"output_dir", (m.dir / "out").string()}});
  CHECK_THAT(error_of(empty), Catch::Contains(taken));
  CHECK(content_of(m.dir / "out") == whole);
  CHECK(told("out") == claim);
  const auto next = map_into("out", "c", {{"overwrite", true}});
  CHECK(error_of(next) == "");
  CHECK(told("out")["run"] == std::to_string(next.value));
  // One that has FAILED keeps it for the run that continues it.
  marc::generate_marc(m.input, marc::format::iso2709, 60, 50, 7);
  const auto failed = map_into("bad", "d", {{"max_errors", 0}});
  CHECK_THAT(error_of(failed), Catch::Contains("more than 0 items would be let go"));
  CHECK(told("bad")["state"] == "MAPPING");
  CHECK_THAT(error_of(map_into("bad", "e", {{"overwrite", true}})),
             Catch::Contains("run " + std::to_string(failed.value) + ", which has not ended"));
  CHECK_THAT(error_of(c.restart(failed)), Catch::Contains("more than 0 items would be let go"));
}

TEST_CASE("a file that was mended is not what a run that is continued has read") {
  migration m;
  marc::generate_marc(m.input, marc::format::iso2709, 60, 50, 7);
  cluster c{{marc_map()}};
  auto given = m.parameters("out");
  given["max_errors"] = 0;
  const auto first = c.submit("marc_map", given);
  c.run_until_done();
  marc::generate_marc(m.input, marc::format::iso2709, 60, 0, 7);
  const auto again = c.restart(first);
  c.run_until_done();
  CHECK_THAT(c.error(again),
             Catch::Contains("records.mrc changed since run " + std::to_string(first.value) +
                             " read it: map a file of the mended records"));
}

TEST_CASE("an entity has the id and the version of its row") {
  migration m;
  const auto rules = m.dir / "rules.json";
  write_file(rules, R"({"001": [{"target": "id", "rules": [{"conditions": [], "value": "x"}]}]})");
  const std::string table = "CREATE TABLE source (id TEXT PRIMARY KEY, marc TEXT, version INTEGER)";
  cluster c{{marc_map()}, {.tables = {table}}};
  const auto text = marc::to_json_text(marc::generated_authority(1, 7));
  c.execute("INSERT INTO source VALUES ('a', $1, 3), ('b', $1, NULL)", text);
  const auto entities = [&](json given, const char* folder) {
    given["rules"] = rules.string();
    given["output_dir"] = (m.dir / folder).string();
    const auto run = c.submit("marc_map", given);
    c.run_until_done();
    REQUIRE(c.error(run) == "");
    return lines_of(content_of(m.dir / folder), "_entity");
  };
  CHECK(entities({{"table", "source"}, {"version_column", "version"}}, "table") ==
        std::vector<std::string>{R"({"_version":3,"id":"a","source":"MARC"})",
                                 R"({"id":"b","source":"MARC"})"});
  marc::generate_marc(m.input, marc::format::iso2709, 1, 0, 7);
  CHECK(entities({{"input", m.input.string()}}, "file") ==
        std::vector<std::string>{R"({"id":"x","source":"MARC"})"});
}

TEST_CASE("a record that is too long is told in its place") {
  migration m;
  const auto one = marc::to_iso2709(marc::generated_authority(1, 7));
  write_file(m.input, one + std::string(5 << 20, '1') + marc::record_terminator + one);
  cluster c{{marc_map()}};
  const auto run = c.submit("marc_map", m.parameters("out"));
  c.run_until_done();
  REQUIRE(c.error(run) == "");
  CHECK(c.result(run)["errors"] == 1);
  const auto files = content_of(m.dir / "out");
  CHECK(lines_of(files, "_entity").size() == 2);
  CHECK(lines_of(files, "_entity-error").size() == 1);
  const auto errors = lines_of(files, "_error");
  REQUIRE(errors.size() == 1);
  CHECK_THAT(errors[0], Catch::Contains("byte " + std::to_string(one.size())) &&
                            Catch::Contains("a record longer than 4 MiB"));
}

TEST_CASE("a file without records is a migration of none, and another file is none") {
  migration m;
  cluster c{{marc_map()}};
  int tenants = 0;
  for (const auto* text : {"", "\n\n", "<collection/>"}) {
    CAPTURE(text);
    write_file(m.input, text);
    auto given = m.parameters("out");
    given["tenant"] = std::to_string(++tenants);
    const auto run = c.submit("marc_map", given);
    c.run_until_done();
    CHECK(c.error(run) == "");
    CHECK(c.result(run)["total"] == 0);
    fs::remove_all(m.dir / "out");
  }
  write_file(m.input, "<html></html>");
  const auto run = c.submit("marc_map", m.parameters("out"));
  c.run_until_done();
  CHECK_THAT(c.error(run), Catch::Contains("holds no record of ISO 2709 or MARC-XML"));
}

TEST_CASE("records of a table are mapped, each once, whatever fails") {
  migration m;
  const auto faults = GENERATE(0, 30);
  cluster c{{marc_map()},
            {.nodes = 3,
             .seed = 5,
             .tables = {"CREATE TABLE source (no INTEGER PRIMARY KEY, record TEXT)"},
             .faults_per_1000 = faults}};
  for (std::int64_t n = 0; n < 230; ++n)
    c.execute(
        "INSERT INTO source VALUES ($1, $2)", 2 * n,
        n % 100 == 9 ? std::string{"{}"} : marc::to_json_text(marc::generated_authority(n, 7)));
  const auto run = c.submit("marc_map", {{"table", "source"},
                                         {"id_column", "no"},
                                         {"marc_column", "record"},
                                         {"output_dir", (m.dir / "out").string()},
                                         {"chunk_size", 50}});
  c.run_until_done();
  REQUIRE(c.error(run) == "");
  auto result = c.result(run);
  result.erase("output_dir");
  CHECK(result == json{{"status", "DATA_MAPPING_FAILED"},
                       {"total", 230},
                       {"mapped", 227},
                       {"errors", 3},
                       {"chunks", 5}});
  const auto files = content_of(m.dir / "out");
  CHECK(files.size() == 15);
  const auto entities = lines_of(files, "_entity");
  REQUIRE(entities.size() == 227);
  CHECK(json::parse(entities[9])["id"] == "20");
  CHECK(lines_of(files, "_error") == std::vector<std::string>{"18,it has no leader",
                                                              "218,it has no leader",
                                                              "418,it has no leader"});
  CHECK(c.invariants().empty());
}

TEST_CASE("records come from a file or from a table, and a table has a name") {
  migration m;
  const auto error_of = [&](json given) {
    cluster c{{marc_map()}};
    given["output_dir"] = (m.dir / "out").string();
    const auto run = c.submit("marc_map", given);
    c.run_until_done();
    return c.error(run);
  };
  CHECK_THAT(error_of(json::object()), Catch::Contains("neither input nor table is given"));
  CHECK_THAT(error_of({{"input", "/x"}, {"table", "y"}}),
             Catch::Contains("input and table are both given"));
  CHECK_THAT(error_of({{"table", "a; DROP TABLE b"}}),
             Catch::Contains("parameter table is a; DROP TABLE b; a name has letters"));
  for (const auto* table : {"partita_run", "main.Partita_run", "partita.run", "SQLITE_master",
                            "pg_catalog.pg_class", "information_schema.tables"})
    CHECK_THAT(error_of({{"table", table}}),
               Catch::Contains(std::string{"parameter table is "} + table +
                               ", which belongs to the engine"));
  CHECK_THAT(error_of({{"table", "gone"}}), Catch::Contains("gone"));
}
