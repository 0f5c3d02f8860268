#include "apps/partita/render.hpp"

#include <catch2/catch.hpp>

using namespace partita;
using namespace partita::cli;

namespace {

const listing things{{{"ID", "/id"},
                      {"STATE", "/state", cell::state},
                      {"PARTS", "/parts", cell::ratio},
                      {"DONE", "/share", cell::percent},
                      {"AT", "/at", cell::time},
                      {"TOOK", "/took_s", cell::duration},
                      {"NOTE", "/note", cell::sentence},
                      {"ROWS", "/items/read", cell::number, true}}};

const std::vector<document> two{{{"id", "7"},
                                 {"state", "RUNNING"},
                                 {"parts", {{"completed", 12}, {"total", 28}}},
                                 {"share", 12.0 / 28},
                                 {"at", "2026-03-01T10:20:30.123Z"},
                                 {"took_s", 61.5},
                                 {"note", "a\x1b[2J"},
                                 {"items", {{"read", 86000}}}},
                                {{"id", "12"},
                                 {"state", "COMPLETED"},
                                 {"parts", {{"completed", 3}, {"total", 3}}},
                                 {"share", 1.0},
                                 {"at", nullptr},
                                 {"took_s", nullptr},
                                 {"note", nullptr},
                                 {"items", {{"read", 5}}}}};

style as(output_format format) {
  style how;
  how.format = format;
  how.now = parse_iso_time("2026-03-01T10:22:30.123Z");
  return how;
}

}  // namespace

TEST_CASE("a table is aligned, escaped and made for people") {
  CHECK(render(things, two, as(output_format::table)) ==
        "ID  STATE      PARTS  DONE  AT        TOOK  NOTE\n"
        "7   RUNNING    12/28   42%  2m ago  1m 01s  a\\x1b[2J\n"
        "12  COMPLETED    3/3  100%  -            -  -\n");
}

TEST_CASE("the columns of a table are as wide as their widest cell") {
  auto how = as(output_format::table);
  how.header = false;
  CHECK(render(things, two, how) ==
        "7   RUNNING    12/28   42%  2m ago  1m 01s  a\\x1b[2J\n"
        "12  COMPLETED    3/3  100%  -            -  -\n");
}

TEST_CASE("a wide table has more columns, and whole sentences") {
  auto items = two;
  items[0]["note"] = std::string(100, 'x');
  CHECK(render(things, items, as(output_format::table)).find(std::string(59, 'x') + "…\n") !=
        std::string::npos);
  auto wide = render(things, items, as(output_format::wide));
  CHECK(wide.find(std::string(100, 'x') + "  86,000\n") != std::string::npos);
}

TEST_CASE("colour marks states and nothing else, and only if asked") {
  auto how = as(output_format::table);
  CHECK(render(things, two, how).find("\x1b[") == std::string::npos);
  how.color = true;
  CHECK(render(things, two, how).find("\x1b[32mCOMPLETED\x1b[0m") != std::string::npos);
}

TEST_CASE("absolute times are shown on request") {
  auto how = as(output_format::table);
  how.relative_time = false;
  CHECK(render(things, two, how).find("2026-03-01T10:20:30.123Z") != std::string::npos);
}

TEST_CASE("a list as JSON has items and the cursor of the next page") {
  auto all = document::parse(render(things, two, as(output_format::json), "12"));
  CHECK(all["items"].size() == 2);
  CHECK(all["items"][0] == two[0]);
  CHECK(all["next"] == "12");
  CHECK(render(things, {}, as(output_format::json)) == "{\"items\":[],\"next\":null}\n");
  CHECK(render(things, two, as(output_format::jsonl)) == dump(two[0]) + "\n" + dump(two[1]) + "\n");
}

TEST_CASE("CSV has all columns, raw values and names made of paths") {
  auto items = two;
  items[0]["note"] = "say \"x\", y";
  CHECK(render(things, items, as(output_format::csv)) ==
        "id,state,parts_completed,parts_total,share,at,took_s,note,items_read\n"
        "7,RUNNING,12,28," +
            dump(two[0]["share"]) +
            ",2026-03-01T10:20:30.123Z,61.5,\"say \"\"x\"\", y\",86000\n"
            "12,COMPLETED,3,3,1.0,,,,5\n");
}

TEST_CASE("no cell of CSV is made for people") {
  const listing page{{{"ROWS", "/rows", cell::number}, {"PROGRESS", "/progress", cell::advance}}};
  const std::vector<document> items{
      {{"rows", 1'000'000}, {"progress", {{"done", 1000}, {"total", 2000}}}},
      {{"rows", nullptr}, {"progress", nullptr}}};
  CHECK(render(page, items, as(output_format::csv)) ==
        "rows,progress_done,progress_total\n1000000,1000,2000\n,,\n");
  CHECK(render(page, {}, as(output_format::csv)) == "rows,progress_done,progress_total\n");
}

TEST_CASE("names are one a line; an empty table is empty") {
  CHECK(render(things, two, as(output_format::name)) == "7\n12\n");
  CHECK(render(things, {}, as(output_format::table)).empty());
}

TEST_CASE("a percentage is 100 only when all is done, and a growing total says so") {
  auto how = as(output_format::table);
  CHECK(cell_text({"", "/s", cell::percent}, {{"s", 0.9999}}, how) == "99%");
  CHECK(cell_text({"", "/p", cell::ratio},
                  {{"p", {{"completed", 1}, {"total", 4}, {"sealed", false}}}}, how) == "1/4+");
  CHECK(cell_text({"", "/missing/deep", cell::text}, document::object(), how) == "-");
}

TEST_CASE("fields are aligned and escaped") {
  CHECK(render_fields({{"run", "7"}, {"parameters", "a\nb"}}) ==
        "run         7\nparameters  a\\nb\n");
}
