#include "apps/jobs/marc/bulk_endpoint.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <random>
#include <string_view>
#include <utility>

#include "apps/jobs/marc/text_file.hpp"
#include "batch/errors.hpp"
#include "batch/files.hpp"
#include "batch/objects/object_name.hpp"
#include "batch/utf8.hpp"
#include "batch/writers/output_folder.hpp"

namespace partita::marc {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t most_bytes = 256 << 20;  // of what is told of one chunk

/// The lines of a text, without their ends; none that is empty.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

/// "Name: value" lines.
std::vector<std::string> headers_in(const fs::path& path) {
  const auto text = text_of_file(path, most_bytes);
  std::vector<std::string> headers;
  for (const auto line : lines_of(text)) {
    const auto colon = line.find(':');
    const bool is_odd =
        std::any_of(line.begin(), line.end(), [](unsigned char c) { return c < 0x20; });
    if (colon == std::string_view::npos || colon == 0 || is_odd)  // it may be a secret: not shown
      throw permanent_error(path.string() + ": line " + std::to_string(headers.size() + 1) +
                            " is no header, as \"X-Okapi-Token: abc\" is");
    headers.emplace_back(line);
  }
  return headers;
}

bool is_passing_status(int status) {
  return status == 408 || status == 425 || status == 429 || status >= 500;
}

/// A file that an answer names lies in the folder of the file that the server was given, or below.
fs::path beside(const fs::path& file, const std::string& name) {
  const auto folder = plain_path(file).parent_path();
  auto named = folder / name;
  if (!is_object(file)) named = named.lexically_normal();
  const auto [end, rest] = std::mismatch(folder.begin(), folder.end(), named.begin(), named.end());
  if (end != folder.end() || rest == named.end())
    throw permanent_error("the answer names " + utf8::printable(name) + ", which is not below " +
                          folder.string());
  return named;
}

/// A file of some entities, as long as the server needs it.
class part_of_chunk {
 public:
  part_of_chunk(fs::path path, std::span<const entity> items) : path_(std::move(path)) {
    std::string lines;
    for (const auto& one : items) lines += one.line + '\n';
    write_small_file(path_, lines);
  }
  ~part_of_chunk() { remove_small_file(path_); }
  part_of_chunk(const part_of_chunk&) = delete;
  part_of_chunk& operator=(const part_of_chunk&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

}  // namespace

bulk_answer parse_answer(const std::string& text) {
  const auto told = json::parse(text, nullptr, false);
  const auto is_told = [&](const char* key) { return told.is_object() && told.contains(key); };
  bulk_answer answer;
  const bool counts = is_told("errorsNumber") && told["errorsNumber"].is_number_unsigned();
  if (counts) answer.errors = told["errorsNumber"].get<std::size_t>();
  if (is_told("errorsFileName") && told["errorsFileName"].is_string())
    answer.errors_file = told["errorsFileName"].get<std::string>();
  if (counts && (answer.errors == 0 || !answer.errors_file.empty())) return answer;
  throw transient_error("the answer has no errorsNumber, or errors and no errorsFileName: " +
                        (text.empty() ? "it is empty" : utf8::printable(text)));
}

std::vector<refused_item> refused_entities(std::span<const entity> all, const std::string& lines,
                                           std::size_t expected, const std::string& file) {
  std::multimap<std::string_view, std::size_t> known;
  for (std::size_t i = 0; i < all.size(); ++i) known.emplace(all[i].id, i);
  std::map<std::size_t, std::string> found;
  std::size_t told = 0;  // lines
  for (const auto line : lines_of(lines)) {
    const auto comma = line.find(',');
    const auto [first, last] = known.equal_range(line.substr(0, comma));
    if (comma == std::string_view::npos || first == last)
      throw transient_error(
          file +
          " has a line that is not ID,MESSAGE of an entity of the chunk: " + utf8::printable(line));
    ++told;
    // Each line of an id that comes twice is of another entity, as long as there are such.
    const auto next =
        std::find_if(first, last, [&](const auto& one) { return !found.contains(one.second); });
    auto& why = found[next != last ? next->second : std::prev(last)->second];
    why += (why.empty() ? "" : "; ") + std::string{line.substr(comma + 1)};
  }
  if (found.size() != expected && told != expected)
    throw transient_error("the answer tells of " + std::to_string(expected) + " errors, and " +
                          file + " of " + std::to_string(found.size()));
  std::vector<refused_item> refused;
  for (auto& [index, why] : found) refused.push_back({index, std::move(why)});
  return refused;
}

bulk_endpoint::bulk_endpoint(partition_context& p, fs::path file, std::int64_t bytes)
    : p_(p), file_(std::move(file)), bytes_(bytes) {
  request_.address = p.get<std::string>("url");
  request_.limit = std::chrono::seconds{p.get<std::int64_t>("timeout_s")};
  request_.headers = {"Content-Type: application/json", "Accept: application/json"};
  if (const auto tenant = p.get<std::string>("tenant"); !tenant.empty())
    request_.headers.push_back("X-Okapi-Tenant: " + tenant);
  if (const auto more = p.find<fs::path>("headers"))
    for (auto& header : headers_in(*more)) request_.headers.push_back(std::move(header));
}

bulk_answer bulk_endpoint::ask(const fs::path& records, const std::string& key) {
  auto request = request_;
  request.headers.push_back("Idempotency-Key: " + key);
  request.body =
      json{{"recordsFileName", records.string()}, {"publishEvents", p_.get<bool>("publish_events")}}
          .dump();
  const auto answer = client_.post(p_, request);
  const auto told = request.address + " answers " + std::to_string(answer.status) + ": " +
                    (answer.body.empty() ? "nothing" : utf8::printable(answer.body));
  if (is_passing_status(answer.status)) throw transient_error(told);
  if (answer.status < 200 || answer.status > 299) throw permanent_error(told);
  try {
    return parse_answer(answer.body);
  } catch (const transient_error& e) {
    throw transient_error(request.address + ": " + e.what());
  }
}

std::vector<refused_item> bulk_endpoint::write(std::span<const entity> items) {
  std::int64_t bytes = 0;
  for (const auto& one : items) bytes += std::ssize(one.line) + 1;
  // An attempt that is asked to stop sends fewer entities than the one that comes after it.
  const auto key = p_.idempotency_key() + ":" + std::to_string(items.size());
  bulk_answer answer;
  if (bytes == bytes_) {
    answer = ask(file_, key);
  } else {
    // No other attempt may touch it, not even a frozen one that wakes up.
    const auto own = std::to_string(std::random_device{}());
    const part_of_chunk some{file_.string() + "." + key + "." + own, items};
    answer = ask(some.path(), key);
  }
  if (answer.errors == 0) return {};
  const auto errors = beside(file_, answer.errors_file);
  return refused_entities(items, text_of_file(errors, most_bytes), answer.errors, errors.string());
}

}  // namespace partita::marc
