// Chunked jobs beside loops by hand that do the same with the same chunks (bench/by_hand.hpp): a
// table copied into another one, a file of CSV into a table, and one into a file of XML. And beside
// one INSERT ... SELECT, which has neither chunks nor a way to go on. The tables are in the
// engine's database.

#include <algorithm>
#include <fstream>

#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "batch/batch.hpp"
#include "batch/readers/csv.hpp"
#include "batch/readers/sql.hpp"
#include "batch/writers/sql.hpp"
#include "batch/writers/xml.hpp"
#include "bench/by_hand.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"
#include "storage/database.hpp"

namespace partita::bench {

namespace {

namespace fs = std::filesystem;

const std::vector<std::string> columns{"id", "name", "amount", "note"};

using text_row = std::array<std::string, 4>;

partitioned one_partition(const json& input = nullptr) {
  return partitioned{"copy"}.split([input](split_context&) {
    return std::vector<partition>{{"all", input}};
  });
}

/// Its input is the whole file as one slice.
partitioned one_file(const fs::path& from) {
  return one_partition(csv::split(from, "id,name,amount,note", 1).at(0));
}

job table_to_table(int interval, int page) {
  const auto read = [page](partition_context& p) {
    return sql::keyset<sql_row>{p, {"source", columns, {"id"}, "", {}}, {}, page};
  };
  const auto write = [](partition_context&) { return sql::insert<sql_row>{"target", columns}; };
  return job{"table_to_table"}.step(
      one_partition().each(chunked<sql_row>{interval}.read(read).write(write)));
}

auto read_rows(const fs::path& from) {
  return [from](partition_context& p) {
    return csv::rows<text_row>{from, p.input<csv::slice>(), columns.size(), [](const record& r) {
                                 text_row row;
                                 std::copy(r.fields.begin(), r.fields.end(), row.begin());
                                 return row;
                               }};
  };
}

job csv_to_table(const fs::path& from, int interval) {
  const auto write = [](partition_context&) {
    return sql::insert<text_row>{"target", columns, [](const text_row& row) {
                                   return sql_row{row.begin(), row.end()};
                                 }};
  };
  return job{"csv_to_table"}.step(
      one_file(from).each(chunked<text_row>{interval}.read(read_rows(from)).write(write)));
}

job csv_to_xml(const fs::path& from, const fs::path& to, int interval) {
  const auto write = [to](partition_context& p) {
    return xml::writer<text_row>{p.output_file(to), "entries",
                                 [](xml::elements& x, const text_row& row) {
                                   x.start("entry");
                                   for (std::size_t i = 0; i < row.size(); ++i)
                                     x.element(columns[i], row[i]);
                                   x.end();
                                 }};
  };
  return job{"csv_to_xml"}.step(
      one_file(from).each(chunked<text_row>{interval}.read(read_rows(from)).write(write)));
}

/// Elements of a file of XML.
std::int64_t entries_of(const fs::path& file) {
  std::ifstream in{file};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::int64_t count = 0;
  for (auto at = text.find("<entry>"); at != text.npos; at = text.find("<entry>", at + 1)) ++count;
  return count;
}

class copies {
 public:
  explicit copies(const cli::arguments& args)
      : url_(database_of(args)),
        rows_(args.number("rows", 1, 1'000'000'000)),
        interval_(static_cast<int>(args.number("interval", 1, 1'000'000))),
        rounds_(args.number("rounds", 1, 100)),
        folder_(args.text("folder")),
        db_(open_database(url_)) {
    db_->migrate();
    hand_ = open_by_hand(url_);
    hand_->prepare(rows_);
    write_csv(csv_, rows_);
  }

  void measure(const std::string& what) {
    if (what == "table_to_table") {
      compare(
          what, bench::table_to_table(interval_, 5 * interval_),
          [&] { hand_->table_to_table(interval_); }, [&] { return hand_->copied(); });
    } else if (what == "csv_to_table") {
      compare(
          what, bench::csv_to_table(csv_, interval_), [&] { hand_->csv_to_table(csv_, interval_); },
          [&] { return hand_->copied(); });
    } else {
      compare(
          what, bench::csv_to_xml(csv_, xml_, interval_),
          [&] { hand_->csv_to_xml(csv_, xml_, interval_); }, [&] { return entries_of(xml_); });
    }
  }

 private:
  template <class Loop, class Count>
  void compare(const std::string& what, job copy, const Loop& by_loop, const Count& count) {
    settings limits;
    limits.executors = 1;
    cluster nodes(db_, std::move(copy), limits, 1);
    const auto timed = [](const auto& work) {
      const auto begun = boot_now();
      work();
      return seconds(begun, boot_now());
    };
    const auto by_job = [&] {
      const auto run = nodes.submit();
      nodes.wait_sealed(run);
      nodes.wait_completed(run);
      const auto at = nodes.milestones_of(run);
      return seconds(at.leased, at.ended);
    };
    const auto measured = [&](const std::string& how, const auto& work) {
      hand_->clear();
      fs::remove(xml_);
      const double took = work();
      if (const auto found = count(); found != rows_)
        throw cli::command_error(cli::exit_code::failed, "bench",
                                 how + " copied " + std::to_string(found) + " rows");
      auto line = about(what);
      line["how"] = how;
      line["execute_s"] = rounded(took);
      line["rows_per_s"] = std::llround(static_cast<double>(rows_) / took);
      print(line);
      return took;
    };
    double select = 0, loop = 0, jobs = 0;
    for (std::int64_t i = 0; i < rounds_; ++i) {
      if (what == "table_to_table")
        select += measured("insert_select", [&] { return timed([&] { hand_->insert_select(); }); });
      loop += measured("loop_by_hand", [&] { return timed(by_loop); });
      jobs += measured("job", by_job);
    }
    auto line = about(what);
    line["how"] = "job_to_loop";
    line["job_to_loop_by_hand"] = rounded(loop / jobs);
    if (select > 0) line["job_to_insert_select"] = rounded(select / jobs);
    print(line);
  }

  document about(const std::string& what) const {
    return {{"bench", "chunk_copy"},
            {"database", database_kind(url_)},
            {"what", what},
            {"rows", rows_},
            {"interval", interval_}};
  }

  const std::string url_;
  const std::int64_t rows_;
  const int interval_;
  const std::int64_t rounds_;
  const fs::path folder_;
  const fs::path csv_ = fs::absolute(folder_ / "chunk_copy.csv");
  const fs::path xml_ = fs::absolute(folder_ / "chunk_copy.xml");
  std::shared_ptr<database> db_;
  std::unique_ptr<by_hand> hand_;
};

void measure_copies(const cli::arguments& args) {
  copies all{args};
  const auto wanted = args.text("what");
  for (const std::string what : {"table_to_table", "csv_to_table", "csv_to_xml"})
    if (wanted.empty() || wanted == what) all.measure(what);
}

}  // namespace

}  // namespace partita::bench

int main(int argc, char** argv) {
  using namespace partita::bench;
  run_program(
      argc, argv,
      {"chunk_copy", "rows a second of chunked copies, against loops by hand",
       database_option() +
           option_list{{"rows", "N", "of the table and the file", "", "1000000"},
                       {"interval", "N", "rows of a chunk", "", "1000"},
                       {"rounds", "N", "of all, one after the other", "", "3"},
                       {"what", "NAME", "table_to_table, csv_to_table or csv_to_xml; all", ""},
                       {"folder", "DIR", "where the files go", "", "."}},
       measure_copies});
}
