// The job customer_etl on one executor after the other, against two single-threaded loops over the
// same file: one written by hand for exactly this file, one of the job's own reader and writer. The
// second tells the engine apart from the parsing. All of them end when what they wrote is on disk.

#include <cstdio>
#include <filesystem>
#include <fstream>

#include "apps/jobs/customer_etl/check.hpp"
#include "apps/jobs/customer_etl/customer.hpp"
#include "apps/jobs/customer_etl/customer_etl.hpp"
#include "apps/jobs/customer_etl/generate.hpp"
#include "apps/partita/bench/cluster.hpp"
#include "apps/partita/errors.hpp"
#include "batch/output_files.hpp"
#include "batch/readers/csv.hpp"
#include "batch/writers/xml.hpp"
#include "bench/cost_meter.hpp"
#include "bench/program.hpp"
#include "storage/clock.hpp"

namespace fs = std::filesystem;
using namespace partita;
using namespace partita::bench;

namespace {

void append_escaped(std::string& to, std::string_view text) {
  for (char c : text) {
    if (c == '&')
      to += "&amp;";
    else if (c == '<')
      to += "&lt;";
    else if (c == '>')
      to += "&gt;";
    else
      to += c;
  }
}

/// No quotes, no checks: it knows the file.
void loop_by_hand(const fs::path& from, const fs::path& to) {
  std::ifstream in(from);
  std::ofstream out(to);
  std::string row, xml;
  std::getline(in, row);
  out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<customers>";
  while (std::getline(in, row)) {
    xml = "<customer>";
    std::string_view rest = row;
    for (std::size_t i = 0; i < customers::column_count; ++i) {
      const auto comma = std::min(rest.find(','), rest.size());
      const auto field = rest.substr(0, comma);
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      xml.append("<").append(customers::element_names[i]).append(">");
      if (i == customers::email_column)
        append_escaped(xml, *customers::tagged(field));
      else
        append_escaped(xml, field);
      xml.append("</").append(customers::element_names[i]).append(">");
    }
    out << xml << "</customer>";
  }
  out << "</customers>\n";
  if (!out.flush()) throw std::runtime_error("cannot write " + to.string());
  sync_file({to, to});
}

void loop_of_parts(const fs::path& from, const fs::path& to) {
  const auto slice = csv::split(from, customers::csv_header, 1).front();
  csv::reader reader{from, slice, customers::column_count};
  file_sink sink{to};
  sink.add(xml::prolog);
  xml::elements writer{sink};
  writer.start(customers::root_element);
  for (csv::record customer; reader.next(customer);) {
    writer.start(customers::item_element);
    for (std::size_t i = 0; i < customers::column_count; ++i)
      writer.element(customers::element_names[i], i == customers::email_column
                                                      ? *customers::tagged(customer.fields[i])
                                                      : customer.fields[i]);
    writer.end();
  }
  writer.end();
  sink.add("\n");
  sink.flush();
  sync_file({to, to});
}

/// The quickest of three: the first to touch a page of memory or of a disk pays for all after it.
template <class F>
double best_seconds(F&& work) {
  const auto once = [&] {
    const auto begun = boot_now();
    work();
    return seconds(begun, boot_now());
  };
  return std::min({once(), once(), once()});
}

/// The job on `executors` of one node, from its first lease to the end of its step; the quickest of
/// three runs, whose costs are in `costs`.
double run_job(const std::string& url, const fs::path& input, const fs::path& output, int executors,
               cost_meter& costs) {
  auto db = open_database(url);
  db->migrate();
  settings limits;
  limits.executors = executors;
  cluster nodes(db, customer_etl(), limits, 1);
  const auto once = [&] {
    const auto run = nodes.submit({{"input", input.string()},
                                   {"output_dir", output.string()},
                                   {"partitions", 8 * executors},
                                   {"delay_ms", 0}});
    nodes.wait_sealed(run);
    nodes.wait_completed(run);
    const auto at = nodes.milestones_of(run);
    return seconds(at.leased, at.ended);
  };
  costs.begin();
  const auto best = std::min({once(), once(), once()});
  costs.end();
  return best;
}

void measure_etl(const cli::arguments& args) {
  const auto url = database_of(args);
  const auto rows = args.number("rows", 1, 1'000'000'000);
  const auto most = static_cast<int>(args.number("executors", 1, 1024));
  const fs::path folder = fs::path(args.text("folder")) / "customer_etl";
  fs::create_directories(folder);
  const auto input = folder / "customers.csv";
  generate_customers(input, rows);
  const auto megabytes = static_cast<double>(fs::file_size(input)) / 1e6;

  auto tell = [&](const std::string& how, int executors, double took, const document& more) {
    document line{{"bench", "customer_etl"},
                  {"how", how},
                  {"executors", executors},
                  {"rows", rows},
                  {"execute_s", rounded(took)},
                  {"rows_per_s", std::llround(static_cast<double>(rows) / took)},
                  {"mb_per_s", rounded(megabytes / took)}};
    line.update(more);
    print(line);
  };
  const auto by_hand = best_seconds([&] { loop_by_hand(input, folder / "by_hand.xml"); });
  tell("loop_by_hand", 1, by_hand, document::object());
  const auto of_parts = best_seconds([&] { loop_of_parts(input, folder / "of_parts.xml"); });
  tell("loop_of_parts", 1, of_parts, document::object());
  const auto output = folder / "out";
  for (int executors = 1; executors <= most; ++executors) {
    cost_meter costs(url);
    const auto took = run_job(url, input, output, executors, costs);
    document more{{"per_core_to_loop_by_hand", rounded(by_hand / took / executors)},
                  {"per_core_to_loop_of_parts", rounded(of_parts / took / executors)}};
    more.update(costs.figures(3 * static_cast<double>(rows), "row"));
    tell("job", executors, took, more);
  }
  if (const auto found = check_customers(input, output); !found.problems.empty())
    throw cli::command_error(cli::exit_code::failed, "bench", found.problems.front());
  fs::remove_all(folder);
}

}  // namespace

int main(int argc, char** argv) {
  run_program(argc, argv,
              {"customer_etl", "rows a second of the shipped job, against plain loops",
               database_option() +
                   option_list{{"rows", "N", "of the file", "", "2000000"},
                               {"executors", "N", "1 to N, one after the other", "", "2"},
                               {"folder", "PATH", "where the files are, while it runs", "", "."}},
               measure_etl});
}
