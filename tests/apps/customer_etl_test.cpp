#include "apps/jobs/customer_etl/customer_etl.hpp"

#include <catch2/catch.hpp>
#include <thread>

#include "apps/jobs/customer_etl/check.hpp"
#include "apps/jobs/customer_etl/customer.hpp"
#include "apps/jobs/customer_etl/generate.hpp"
#include "apps/testing/testing.hpp"
#include "batch/registry.hpp"
#include "tests/apps/job_runner.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::job_runner;
using test::read_file;
using test::temp_dir;
using test::write_file;
namespace fs = std::filesystem;

namespace {

const std::string header = std::string{customers::csv_header} + "\n";
const std::string ada = "C1,Ada,Abel,ada@test.net,2022-01-01\n";

struct fixture {
  temp_dir dir;
  fs::path input = dir / "in.csv";
  fs::path output = dir / "a/b";

  job_runner runner(std::int64_t partitions = 1) const {
    return {
        customer_etl(),
        {{"input", input.string()}, {"output_dir", output.string()}, {"partitions", partitions}}};
  }
  std::string refusal(const std::string& rows) {
    write_file(input, header + rows);
    auto text = runner().refusal();
    const auto prefix = input.string() + ", ";
    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
  }
};

}  // namespace

TEST_CASE("an address gets +tag before its first @, once") {
  CHECK(customers::tagged("ada.abel1@test.net") == "ada.abel1+tag@test.net");
  CHECK(customers::tagged("ada+tag@test.net") == "ada+tag@test.net");
  CHECK(customers::tagged("a@b@c") == "a+tag@b@c");
  CHECK(customers::tagged("@") == "+tag@");
  CHECK_FALSE(customers::tagged("ada"));
  CHECK_FALSE(customers::tagged("ada+tag"));
}

TEST_CASE("every row is in the parts exactly once, whatever the rows and slices") {
  fixture f;
  const std::int64_t rows = GENERATE(0, 1, 2, 999, 1000, 10007);
  const std::int64_t slices = GENERATE(1, 2, 3, 5, 7, 12, 28);
  generate_customers(f.input, rows);
  const auto result = f.runner(slices).run();
  CAPTURE(rows, slices);
  CHECK(result["rows"] == rows);
  CHECK(result["files"] <= std::max<std::int64_t>(1, std::min(rows, slices)));
  CHECK(result["output_dir"] == f.output.string());
  const auto report = check_customers(f.input, f.output);
  CHECK(report.rows == rows);
  CHECK(report.problems.empty());
}

TEST_CASE("a part is the XML that users of the old job know") {
  fixture f;
  write_file(f.input, header + ada + "C2,\"Zoë \"\"Z\"\"\",\"<B>, & Co\",z+tag@x.org,\n");
  f.runner().run();
  CHECK(read_file(f.output / "customers-part-0.xml") ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<customers><customer><customerId>C1</customerId><firstName>Ada</firstName>"
        "<lastName>Abel</lastName><email>ada+tag@test.net</email>"
        "<signupDate>2022-01-01</signupDate></customer>"
        "<customer><customerId>C2</customerId><firstName>Zoë &quot;Z&quot;</firstName>"
        "<lastName>&lt;B&gt;, &amp; Co</lastName><email>z+tag@x.org</email>"
        "<signupDate/></customer></customers>\n");
}

TEST_CASE("byte order mark, CRLF, quoted line ends and blank last lines change nothing") {
  fixture f;
  std::string text = "\xEF\xBB\xBF" + std::string{customers::csv_header} + "\r\n";
  for (int i = 0; i < 50; ++i)
    text += "C" + std::to_string(i) + ",\"A\r\n,\"\"" +
            std::string(static_cast<std::size_t>(i), '\n') + "\",é,a@b, \r\n";
  write_file(f.input, text + "\r\n\n");
  CHECK(f.runner(GENERATE(1, 3, 7, 28)).run()["rows"] == 50);
  CHECK(check_customers(f.input, f.output).rows == 50);
  CHECK(check_customers(f.input, f.output).problems.empty());
}

TEST_CASE("without a number of partitions there are four for each executor") {
  fixture f;
  generate_customers(f.input, 100);
  const auto parts = f.runner(0).split(3);
  CHECK(parts.size() == 12);
  CHECK(parts.front().key.starts_with("rows 1-"));
  CHECK(parts.back().key.ends_with("-100"));
  write_file(f.input, header);
  CHECK(f.runner(0).split(3).front().key == "no rows");
}

TEST_CASE("bad rows fail the partition with file, line and reason") {
  fixture f;
  CHECK(f.refusal(ada + "C2,B,C,nobody,2022-01-01\n") == "line 3: an e-mail address without @");
  CHECK(f.refusal("C2,B,C,a@b\n") == "line 2: 4 columns instead of 5");
  CHECK(f.refusal(ada + "\n" + ada) == "line 3: 1 column instead of 5");
  CHECK(f.refusal("C2,\"B,C,a@b,d\n") == "line 2: a quoted field is not closed");
  CHECK(f.refusal(ada + "\"C\n2\",B,C,a@b,d\nC3,\x01,C,a@b,d\n") ==
        "line 5: element firstName: the character U+0001 cannot be written as XML");
}

TEST_CASE("the split refuses what would fail every partition") {
  fixture f;
  CHECK_THROWS_WITH(f.runner().split(),
                    "cannot read " + f.input.string() + ": No such file or directory");
  write_file(f.input, "id,name\n");
  CHECK(f.runner().refusal() == f.input.string() + ", line 1: the header must be \"" +
                                    std::string{customers::csv_header} +
                                    "\", but it is \"id,name\"");
  write_file(f.input, header);
  CHECK(f.runner(-1).refusal() == "parameter partitions is -1; it must be between 0 and 1000000");
  write_file(f.dir / "a", "");
  CHECK(f.runner().refusal() == "cannot create folder " + f.output.string() + ": Not a directory");
}

TEST_CASE("every row is in the parts exactly once, although nodes end and freeze") {
  fixture f;
  generate_customers(f.input, 45'000);  // several chunks a part
  test::cluster c{{customer_etl()}, {.nodes = 3, .seed = 42}};
  c.kill(test::whoever, test::during_commit(1));
  c.freeze(test::whoever, std::chrono::seconds{60}, test::during_commit(3));
  c.kill(test::whoever, test::after_commits(4));
  const auto run =
      c.submit("customer_etl",
               {{"input", f.input.string()}, {"output_dir", f.output.string()}, {"partitions", 2}});
  c.run_until_done();
  CHECK(c.result(run)["rows"] == 45'000);
  CHECK(c.faults_to_come() == 0);
  CHECK(check_customers(f.input, f.output).rows == 45'000);
  CHECK(check_customers(f.input, f.output).problems.empty());
  CHECK(c.invariants() == std::vector<std::string>{});
}

TEST_CASE("a customer keeps its fields but for the e-mail address") {
  const customers::customer ada_abel{"C1", "Ada", "Abel", "ada@test.net", "2022-01-01"};
  const auto made = test::process(customer_etl(), "convert", ada_abel);
  CHECK(made == customers::customer{"C1", "Ada", "Abel", "ada+tag@test.net", "2022-01-01"});
  CHECK_THROWS_AS(test::process(customer_etl(), "convert", customers::customer{}), data_error);
}

TEST_CASE("an attempt stages its file under a name of its own") {
  fixture f;
  write_file(f.input, header + ada);
  const auto runner = f.runner();
  auto setup = runner.setup(runner.split().front(), 0);
  partition_context p{setup};
  runner.step().body()(p);
  CHECK(p.counts() == item_counts{1, 1, 0, 0});
  CHECK(setup.progress->done == 1);
  CHECK(setup.progress->total == 1);
  REQUIRE(p.files().size() == 1);
  CHECK(p.files()[0].final_path == f.output / "customers-part-0.xml");
  CHECK(fs::exists(p.files()[0].staged_path));
  CHECK_FALSE(fs::exists(p.files()[0].final_path));
}

TEST_CASE("a stop ends a partition at once") {
  fixture f;
  generate_customers(f.input, 1000);
  const auto runner = f.runner();
  std::stop_source stop;
  stop.request_stop();
  auto setup = runner.setup(runner.split().front(), 0);
  setup.stop = stop.get_token();
  partition_context p{setup};
  CHECK_THROWS_AS(runner.step().body()(p), stop_requested_error);
  CHECK(p.counts().read == 0);
}

TEST_CASE("parts of an earlier, wider run are removed, and nothing else") {
  fixture f;
  generate_customers(f.input, 100);
  f.runner(7).run();
  for (const auto* other : {"customers-part-x.xml", "customers-part-09.xml", "customers-part-.xml",
                            "customers-part-9.xml.bak", "notes.txt"})
    write_file(f.output / other, "");
  auto narrow = f.runner(3);
  const auto result = narrow.run();
  CHECK(customer_parts(f.output).size() == 3);
  CHECK(check_customers(f.input, f.output).problems.empty());
  CHECK(std::distance(fs::directory_iterator{f.output}, {}) == 3 + 5);
  CHECK(narrow.aggregate() == result);  // again, after a takeover
}

TEST_CASE("the check finds lost, doubled, changed and broken customers") {
  fixture f;
  generate_customers(f.input, 30);
  f.runner(3).run();
  const auto part = f.output / "customers-part-1.xml";
  const auto text = read_file(part);
  const auto problems = [&] { return check_customers(f.input, f.output).problems.size(); };
  REQUIRE(problems() == 0);
  const auto first = text.find("<customer>");
  const auto after = text.find("</customer>") + std::string{"</customer>"}.size();
  SECTION("lost") { write_file(part, std::string{text}.erase(first, after - first)); }
  SECTION("doubled") {
    write_file(part, std::string{text}.insert(after, text.substr(first, after - first)));
  }
  SECTION("changed") { write_file(part, std::string{text}.replace(text.find("+tag"), 4, "")); }
  SECTION("another field") { write_file(part, std::string{text}.insert(after - 11, "<x/>")); }
  SECTION("cut") { write_file(part, text.substr(0, text.size() / 2)); }
  SECTION("empty") { write_file(part, ""); }
  SECTION("something behind the root") { write_file(part, text + "<more/>"); }
  SECTION("a part lost") { fs::remove(part); }
  SECTION("a part too many") { write_file(f.output / "customers-part-3.xml", text); }
  SECTION("no part") {
    for (const auto& [no, path] : customer_parts(f.output)) fs::remove(path);
  }
  CHECK(problems() > 0);
}

TEST_CASE("generated customers are always the same") {
  fixture f;
  generate_customers(f.input, 1002);
  const auto text = read_file(f.input);
  CHECK(text.starts_with(header + "C00001,Ada,Abel,ada.abel1@test.net,2022-01-01\n"
                                  "C00002,Bruno,Abel,bruno.abel2@demo.org,2022-01-02\n"));
  CHECK(text.find("\nC01001,Ada,Abel,ada.abel1001@demo.org,2024-09-27\nC01002,") != text.npos);
  CHECK(std::count(text.begin(), text.end(), '\n') == 1003);
  generate_customers(f.input, 1002);
  CHECK(read_file(f.input) == text);
  CHECK(std::distance(fs::directory_iterator{f.dir.path()}, {}) == 1);
  CHECK_THROWS_AS(generate_customers(f.input, -1), permanent_error);
  CHECK_THROWS_AS(generate_customers(f.dir / "none/x.csv", 1), std::system_error);
}
