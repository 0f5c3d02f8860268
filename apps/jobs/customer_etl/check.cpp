#include "apps/jobs/customer_etl/check.hpp"

#include <libxml/xmlreader.h>

#include <array>
#include <map>
#include <memory>
#include <optional>

#include "apps/jobs/customer_etl/customer.hpp"
#include "apps/jobs/customer_etl/customer_etl.hpp"
#include "batch/errors.hpp"
#include "batch/readers/csv.hpp"

namespace partita {

namespace fs = std::filesystem;
using namespace customers;

namespace {

/// The customers of one part. Anything but the exact shape is a permanent_error.
class part_reader {
 public:
  explicit part_reader(const fs::path& path)
      : path_(path),
        xml_(xmlReaderForFile(path.c_str(), nullptr, XML_PARSE_NONET), xmlFreeTextReader) {
    if (!xml_) fail("cannot be read");
    xmlTextReaderSetStructuredErrorHandler(xml_.get(), &part_reader::keep_error, this);
    if (!advance() || !is_element(0, root_element)) fail("does not begin with customers");
    at_end_ = xmlTextReaderIsEmptyElement(xml_.get()) == 1;
  }

  /// The next customer, or nothing after the last one.
  std::optional<customer> next() {
    if (at_end_ || !advance() || is_end_of(0)) {
      at_end_ = true;
      while (advance()) continue;  // to find what is wrong behind the root, too
      return std::nullopt;
    }
    if (!is_element(1, item_element)) fail("holds something else than customers");
    customer found;
    for (std::size_t i = 0; i < column_count; ++i) {
      advance();
      if (!is_element(2, element_names[i]))
        fail("has no " + std::string{element_names[i]} + where());
      found[i] = text();
    }
    advance();
    if (!is_end_of(1)) fail("has a customer with more than five fields" + where());
    return found;
  }

 private:
  std::string text() {
    std::string value;
    if (xmlTextReaderIsEmptyElement(xml_.get()) == 1) return value;
    while (advance() && !is_end_of(2)) {
      const auto* piece = xmlTextReaderConstValue(xml_.get());
      if (!piece || xmlTextReaderDepth(xml_.get()) != 3) fail("has markup in a field" + where());
      value += reinterpret_cast<const char*>(piece);
    }
    return value;
  }

  bool advance() {
    const int result = xmlTextReaderRead(xml_.get());
    if (result < 0 || !error_.empty()) fail("is not XML: " + error_);
    return result == 1;
  }

  bool is_element(int depth, std::string_view name) const {
    return xmlTextReaderNodeType(xml_.get()) == XML_READER_TYPE_ELEMENT &&
           xmlTextReaderDepth(xml_.get()) == depth &&
           reinterpret_cast<const char*>(xmlTextReaderConstName(xml_.get())) == name;
  }
  bool is_end_of(int depth) const {
    return xmlTextReaderNodeType(xml_.get()) == XML_READER_TYPE_END_ELEMENT &&
           xmlTextReaderDepth(xml_.get()) == depth;
  }

  std::string where() const {
    return " at line " + std::to_string(xmlTextReaderGetParserLineNumber(xml_.get()));
  }
  [[noreturn]] void fail(const std::string& what) const {
    throw permanent_error(path_.string() + " " + what);
  }

  static void keep_error(void* self, xmlErrorPtr error) {
    static_cast<part_reader*>(self)->error_ = error->message ? error->message : "broken";
  }

  fs::path path_;
  std::unique_ptr<xmlTextReader, decltype(&xmlFreeTextReader)> xml_;
  std::string error_;
  bool at_end_ = false;
};

/// The parts of a folder one after the other, as one stream of customers.
class folder_reader {
 public:
  folder_reader(const fs::path& folder, check_report& report) : parts_(customer_parts(folder)) {
    std::int64_t expected = 0;
    for (const auto& [no, path] : parts_)
      if (no != expected++) {
        report.problems.push_back("a part is missing before " + path.string());
        expected = no + 1;
      }
    if (parts_.empty()) report.problems.push_back("there are no parts in " + folder.string());
  }

  std::optional<customer> next() {
    for (;;) {
      if (!part_ && parts_.empty()) return std::nullopt;
      if (!part_) {
        path_ = parts_.begin()->second;
        parts_.erase(parts_.begin());
        part_.emplace(path_);
      }
      if (auto found = part_->next()) return found;
      part_.reset();
    }
  }

  const fs::path& path() const { return path_; }

 private:
  std::map<std::int64_t, fs::path> parts_;
  std::optional<part_reader> part_;
  fs::path path_;
};

customer expected_of(const csv::record& row) {
  customer expected;
  for (std::size_t i = 0; i < column_count; ++i) expected[i] = row.fields[i];
  expected[email_column] = tagged(row.fields[email_column]).value_or("an address with @");
  return expected;
}

}  // namespace

check_report check_customers(const fs::path& csv, const fs::path& output_dir) {
  constexpr std::size_t most_problems = 20;
  check_report report;
  folder_reader parts{output_dir, report};
  const auto whole = csv::split(csv, csv_header, 1).front();
  csv::reader rows{csv, whole, column_count};
  try {
    for (csv::record row; rows.next(row) && report.problems.size() < most_problems;) {
      const auto found = parts.next();
      if (!found) {
        report.problems.push_back(rows.where(row) + "this and what follows is in no part");
        return report;
      }
      if (*found == expected_of(row))
        ++report.rows;
      else
        report.problems.push_back(rows.where(row) + "differs from " + (*found)[0] + " in " +
                                  parts.path().string());
    }
    if (report.problems.size() < most_problems && parts.next())
      report.problems.push_back(parts.path().string() + " holds more than the rows of the file");
  } catch (const permanent_error& e) {
    report.problems.push_back(e.what());
  }
  return report;
}

}  // namespace partita
