#include <catch2/catch.hpp>

#include <fstream>

#include "batch/output_files.hpp"
#include "batch/writers/compose.hpp"
#include "batch/writers/csv.hpp"
#include "batch/writers/xml.hpp"
#include "tests/batch/chunk_engine.hpp"
#include "tests/support/temp_dir.hpp"

using namespace partita;
using test::engine;
using test::numbers;
using test::read_file;
using test::temp_dir;
namespace fs = std::filesystem;

namespace {

/// No file can hold what this number stands for.
constexpr int unwritable = 1000;

std::string text_of(int n) {
  return n == unwritable ? std::string{"\x01\0\xff", 3} : "n" + std::to_string(n);
}

csv::writer<int> csv_to(partition_context& p, const fs::path& file) {
  return {p.output_file(file), {"n"}, [](csv::fields& to, int n) { to.add(text_of(n)); }};
}
xml::writer<int> xml_to(partition_context& p, const fs::path& file) {
  return {p.output_file(file), "all",
          [](xml::elements& to, int n) { to.element("n", text_of(n)); }};
}

/// Writes numbers as rows of a table.
struct rows_writer {
  void write(std::span<const int> items, sql_transaction& tx) {
    for (const int i : items) tx.execute("INSERT", i);
  }
};

/// A stop is requested while it writes.
struct stopping_writer {
  csv::writer<int> to;
  std::stop_source* stop;

  void write(std::span<const int> items) {
    stop->request_stop();
    to.write(items);
  }
  json position() const { return to.position(); }
  void resume(const json& at) { to.resume(at); }
  void sync() { to.sync(); }
  void close() { to.close(); }
};

/// One partition, attempt by attempt; its files in a folder.
struct world {
  temp_dir dir;
  engine db;
  std::vector<output_file> files;  // of the last attempt
  int processed = 0;               // in it

  template <class Make>
  chunked<int> job(int count, int size, Make make) {
    chunked<int> c{size};
    c.read([=](partition_context&) { return numbers{count}; })
        .process([this](int n) {
          ++processed;
          if (n == fails_at) throw std::runtime_error("once");
          return n;
        })
        .write([this, make](partition_context& p) { return make(p, dir.path()); });
    return c;
  }

  item_counts run(const chunked_body& body) {
    processed = 0;
    partition_context p{db.attempt()};
    try {
      body.run(p);
    } catch (...) {
      files = p.files();
      for (const auto& file : files) p.may_have_stored() ? discard(file) : remove_staged(file);
      throw;
    }
    files = p.files();
    publication published;
    for (const auto& file : files) published.add(file);
    published.finish();
    return p.counts();
  }

  int fails_at = -1;
};

auto to_csv = [](partition_context& p, const fs::path& dir) { return csv_to(p, dir / "f.csv"); };
auto to_xml = [](partition_context& p, const fs::path& dir) { return xml_to(p, dir / "f.xml"); };
auto to_both = [](partition_context& p, const fs::path& dir) {
  return tee{csv_to(p, dir / "f.csv"), xml_to(p, dir / "f.xml")};
};
auto to_rows_and_csv = [](partition_context& p, const fs::path& dir) {
  return tee{rows_writer{}, csv_to(p, dir / "f.csv")};
};

std::string csv_of(int count) {
  std::string text = "n\n";
  for (int i = 0; i < count; ++i) text += "n" + std::to_string(i) + "\n";
  return text;
}

std::string xml_of(int count) {
  std::string text{xml::prolog};
  if (count == 0) return text + "<all/>\n";
  text += "<all>";
  for (int i = 0; i < count; ++i) text += "<n>n" + std::to_string(i) + "</n>";
  return text + "</all>\n";
}

}  // namespace

TEST_CASE("a file that another attempt goes on with is the same to the byte") {
  for (int fails_at = 0; fails_at < 11; ++fails_at) {
    CAPTURE(fails_at);
    world w;
    const auto job = w.job(11, 3, to_both);
    w.fails_at = fails_at;
    CHECK_THROWS_WITH(w.run(job), "once");
    w.fails_at = -1;
    CHECK(w.run(job) == item_counts{11, 11, 0, 0});
    CHECK(w.processed == 11 - fails_at / 3 * 3);
    CHECK(read_file(w.dir / "f.csv") == csv_of(11));
    CHECK(read_file(w.dir / "f.xml") == xml_of(11));
  }
}

TEST_CASE("every attempt may fail, and the file grows from one to the next") {
  world w;
  const auto job = w.job(9, 2, to_xml);
  for (const int fails_at : {2, 2, 5, 8, 8}) {
    w.fails_at = fails_at;
    CHECK_THROWS_WITH(w.run(job), "once");
  }
  w.fails_at = -1;
  w.run(job);
  CHECK(w.processed == 1);
  CHECK(read_file(w.dir / "f.xml") == xml_of(9));
  CHECK(std::distance(fs::directory_iterator{w.dir.path()}, {}) <= 2);  // copies do not pile up
  remove_leftovers({w.dir / "f.xml"}, run_id{1}, "");
  CHECK(std::distance(fs::directory_iterator{w.dir.path()}, {}) == 1);
}

TEST_CASE("what an attempt wrote behind its last chunk is no part of the file") {
  world w;
  const auto job = w.job(6, 3, to_csv);
  w.fails_at = 4;
  CHECK_THROWS(w.run(job));
  std::ofstream{w.files[0].staged_path, std::ios::app} << "half a li";
  w.fails_at = -1;
  w.run(job);
  CHECK(read_file(w.dir / "f.csv") == csv_of(6));
}

TEST_CASE("a partition without items has a file with its beginning and its end") {
  world w;
  CHECK(w.run(w.job(0, 3, to_both)) == item_counts{});
  CHECK(read_file(w.dir / "f.csv") == csv_of(0));
  CHECK(read_file(w.dir / "f.xml") == xml_of(0));
}

TEST_CASE("a partition that is one chunk of files stores nothing before its result") {
  world w;
  const auto stored_by = [&](const chunked<int>& job) {
    w.run(job);
    return w.db.stored.size();
  };
  SECTION("it is told by the result") {
    CHECK(w.run(w.job(5, 6, to_both)) == item_counts{5, 5, 0, 0});
    CHECK(w.db.stored.empty());
    CHECK(read_file(w.dir / "f.csv") == csv_of(5));
    CHECK(read_file(w.dir / "f.xml") == xml_of(5));
  }
  SECTION("the next attempt does it again") {
    const auto job = w.job(5, 6, to_csv);
    w.fails_at = 3;
    CHECK_THROWS_WITH(w.run(job), "once");
    w.fails_at = -1;
    CHECK(stored_by(job) == 0);
    CHECK(read_file(w.dir / "f.csv") == csv_of(5));
  }
  SECTION("a stop that comes behind its last item is too late") {
    const auto job = w.job(5, 6, [&](partition_context& p, const fs::path& dir) {
      return stopping_writer{csv_to(p, dir / "f.csv"), &w.db.stop};
    });
    CHECK(w.run(job) == item_counts{5, 5, 0, 0});
    CHECK(w.db.stored.empty());
    CHECK(read_file(w.dir / "f.csv") == csv_of(5));
  }
  SECTION("but not where the reader may have more items") {
    CHECK(stored_by(w.job(6, 6, to_csv)) == 1);
  }
  SECTION("nor where an item was let go, which is stored") {
    auto job = w.job(5, 6, to_csv);
    job.process([](int n) { return n == 1 ? unwritable : n; }).skip(on<data_error>(), at_most{1});
    CHECK(stored_by(job) == 1);
    CHECK(w.db.skipped().size() == 1);
  }
  SECTION("nor where rows are written") {
    CHECK(stored_by(w.job(5, 6, to_rows_and_csv)) == 1);
    CHECK(w.db.db.rows.size() == 5);
  }
  SECTION("nor for the last of several chunks, which says where the attempt before began") {
    CHECK(stored_by(w.job(8, 6, to_csv)) == 2);
  }
}

TEST_CASE("a file that is lost is made anew, and nothing is stored twice") {
  world w;
  const auto job = w.job(11, 3, to_both);
  w.fails_at = 7;
  CHECK_THROWS(w.run(job));
  SECTION("it is gone") { fs::remove(w.files[1].staged_path); }
  SECTION("it is shorter") { fs::resize_file(w.files[0].staged_path, 3); }
  const auto stored = w.db.stored.size();
  w.fails_at = -1;
  CHECK(w.run(job) == item_counts{11, 11, 0, 0});
  CHECK(w.processed == 11);
  CHECK(w.db.stored.size() == stored + 2);
  CHECK(read_file(w.dir / "f.csv") == csv_of(11));
  CHECK(read_file(w.dir / "f.xml") == xml_of(11));
}

TEST_CASE("a file is made anew only from the items that were there before") {
  world w;
  const auto fails = [&](const chunked<int>& now) {
    w.fails_at = 7;
    CHECK_THROWS(w.run(w.job(11, 3, to_csv)));
    fs::remove(w.files[0].staged_path);
    w.fails_at = -1;
    try {
      w.run(now);
    } catch (const permanent_error& e) {
      return std::string{e.what()};
    }
    return std::string{"none"};
  };
  SECTION("fewer") {
    CHECK(fails(w.job(4, 3, to_csv)) == "the reader has fewer items than before");
  }
  SECTION("another number of them is filtered") {
    auto job = w.job(11, 3, to_csv);
    job.process([](int n) { return n == 2 ? std::nullopt : std::optional{n}; });
    CHECK(fails(job) ==
          "the first 6 items are not what they were: then 6 were written, 0 filtered and 0 let go; "
          "now 5, 1 and 0");
  }
}

TEST_CASE("a lost file is an error where rows were written too") {
  world w;
  const auto job = w.job(11, 3, to_rows_and_csv);
  w.fails_at = 7;
  CHECK_THROWS_WITH(w.run(job), "once");
  fs::remove(w.files[0].staged_path);
  w.fails_at = -1;
  CHECK_THROWS_WITH(w.run(job), "what an earlier attempt wrote to " + (w.dir / "f.csv").string() +
                                    " is not on this host, or is cut off, and the partition "
                                    "does not write only files");
  CHECK(w.db.db.rows.size() == 6);
}

TEST_CASE("rows and files of a transaction that is done again are written once") {
  world w;
  w.db.losses = 2;
  w.run(w.job(7, 3, to_rows_and_csv));
  CHECK(read_file(w.dir / "f.csv") == csv_of(7));
  CHECK(w.db.db.rows.size() == 7);
}

TEST_CASE("an item that one of two writers refuses is in neither, and is told by its place") {
  world w;
  w.db.db.refused = {4};
  auto job = w.job(7, 3, to_rows_and_csv);
  job.process([](int n) { return n == 1 ? unwritable : n; });
  SECTION("let go") {
    job.skip(on<data_error>(), at_most{2});
    CHECK(w.run(job) == item_counts{7, 5, 0, 2});
    CHECK(read_file(w.dir / "f.csv") == "n\nn0\nn2\nn3\nn5\nn6\n");
    CHECK(w.db.db.rows == std::vector<std::int64_t>{0, 2, 3, 5, 6});
    CHECK(w.db.skipped().at(0).place == "line 2");
    CHECK(w.db.skipped().at(1).place == "line 5");
  }
  SECTION("without a policy the attempt fails") {
    CHECK_THROWS_WITH(w.run(job), Catch::StartsWith("line 2: "));
    CHECK(w.db.db.rows.empty());
  }
}

TEST_CASE("a stored position chooses no file but one this engine staged for the same name") {
  world w;
  const auto job = w.job(6, 3, to_csv);
  w.fails_at = 4;
  CHECK_THROWS(w.run(job));
  w.fails_at = -1;
  auto at = json::parse(w.db.stored.back().to.position);
  const auto refusal = [&](const json& changed) {
    w.db.stored.back().to.position = changed.dump();
    try {
      w.run(job);
    } catch (const permanent_error& e) {
      return std::string{e.what()};
    }
    return std::string{"none"};
  };
  for (const std::string name : {"../../etc/passwd", "/etc/passwd", "..", "other.csv", ""}) {
    auto changed = at;
    changed["files"][0][0] = name;
    CHECK_THAT(refusal(changed), Catch::EndsWith("is staged"));
  }
  for (const json& broken : {json(3), json::object(), json{{"files", 1}}})
    CHECK_THAT(refusal(broken), Catch::Contains("is none of a step that writes files"));
  at["files"] = json::array();
  CHECK(refusal(at) == "an earlier attempt wrote 0 output files, this one writes 1");
}
