#include "apps/jobs/customer_etl/customer_etl.hpp"

#include <optional>
#include <string>
#include <utility>

#include "apps/jobs/customer_etl/customer.hpp"
#include "apps/jobs/support/demo.hpp"
#include "batch/batch.hpp"
#include "batch/files.hpp"
#include "batch/readers/csv.hpp"
#include "batch/writers/output_folder.hpp"
#include "batch/writers/xml.hpp"

namespace partita {

namespace fs = std::filesystem;
using namespace customers;

namespace {

constexpr int commit_interval = 10'000;      // rows
constexpr std::int64_t rows_to_pause = 100;  // between two pauses

std::string key_of(std::int64_t before, std::int64_t rows) {
  if (rows == 0) return "no rows";
  return "rows " + std::to_string(before + 1) + "-" + std::to_string(before + rows);
}

std::vector<partition> split(split_context& s) {
  const auto wanted = in_range("partitions", s.get<std::int64_t>("partitions"), 0, most_partitions);
  in_range("delay_ms", s.get<std::int64_t>("delay_ms"), 0, most_delay_ms);
  const auto slices =
      csv::split(s.get<fs::path>("input"), csv_header, wanted > 0 ? wanted : 4 * s.slots());
  const auto folder = s.get<fs::path>("output_dir");
  require_plain_folder(plain_path(folder) / part_suffix);
  require_writable(folder);

  std::vector<partition> parts;
  std::int64_t rows = 0;
  for (const auto& slice : slices) {
    parts.push_back({key_of(rows, slice.rows), slice});
    rows += slice.rows;
  }
  return parts;
}

customer customer_of(const csv::record& row) {
  customer c;
  for (std::size_t i = 0; i < column_count; ++i) c[i] = row.fields[i];
  return c;
}

void add_xml(xml::elements& to, const customer& c) {
  to.start(item_element);
  for (std::size_t i = 0; i < column_count; ++i) to.element(element_names[i], c[i]);
  to.end();
}

/// The rows of a slice, at the speed that was asked for.
class paced_rows {
 public:
  explicit paced_rows(partition_context& p)
      : p_(&p),
        delay_(p.get<std::int64_t>("delay_ms")),
        rows_(p.get<fs::path>("input"), p.input<csv::slice>(), column_count, customer_of) {}

  std::optional<customer> next() {
    if (count_ > 0 && count_ % rows_to_pause == 0) p_->rest(delay_);
    ++count_;
    return rows_.next();
  }
  json position() const { return rows_.position(); }
  void seek(const json& position) { rows_.seek(position); }
  std::string where() const { return rows_.where(); }

 private:
  partition_context* p_;
  std::chrono::milliseconds delay_;
  csv::rows<customer> rows_;
  std::int64_t count_ = 0;
};

paced_rows read(partition_context& p) {
  p.progress(0, p.input<csv::slice>().rows);
  return paced_rows{p};
}

customer tag(customer c) {
  auto email = tagged(c[email_column]);
  if (!email) throw data_error("an e-mail address without @");
  c[email_column] = std::move(*email);
  return c;
}

xml::writer<customer> write(partition_context& p) {
  const auto name = std::string{part_prefix} + "{}" + std::string{part_suffix};
  return {p.output_file(p.get<fs::path>("output_dir") / name), std::string{root_element}, add_xml};
}

void finish(const results& all, run_context& run) {
  const auto folder = run.get<fs::path>("output_dir");
  std::int64_t files = 0;
  all.for_each(
      [&](const partition_result& one) { files += static_cast<std::int64_t>(one.files.size()); });
  remove_numbered_from(all.count(), folder, part_prefix, part_suffix);
  run.result({{"rows", all.sum_written()}, {"files", files}, {"output_dir", folder.string()}});
}

}  // namespace

std::map<std::int64_t, fs::path> customer_parts(const fs::path& folder) {
  return numbered_files(folder, part_prefix, part_suffix);
}

job customer_etl() {
  return job{"customer_etl"}
      .about("converts customers from CSV to XML and tags their e-mail addresses")
      .parameter<fs::path>("input", required, about{"CSV file: " + std::string{csv_header}})
      .parameter<fs::path>("output_dir", required, non_identifying,
                           about{"folder for customers-part-N.xml; is created"})
      .parameter<std::int64_t>("partitions", default_value{0}, non_identifying,
                               about{"slices to cut the input into; 0: 4 for each executor"})
      .parameter<std::int64_t>("delay_ms", default_value{0}, non_identifying,
                               about{"pause after every 100 rows, to have time to watch"})
      .step(partitioned{"convert"}
                .split(split)
                .each(chunked<customer>{commit_interval}.read(read).process(tag).write(write))
                .aggregate(finish));
}

}  // namespace partita
