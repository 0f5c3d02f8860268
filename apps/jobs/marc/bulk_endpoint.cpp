#include "apps/jobs/marc/bulk_endpoint.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>
#include <map>
#include <utility>

#include "apps/jobs/marc/chunk_files.hpp"
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

// What the job says by itself. Another value would break the request, or its promises.
constexpr std::array<std::string_view, 6> own_headers{
    "content-length",  "content-type",      "host",
    "idempotency-key", "transfer-encoding", "x-okapi-tenant"};

/// The lines of a text, without their ends.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    auto line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

/// What stands before the colon, in lower case; "" where this is no header.
std::string name_of_header(std::string_view line) {
  const auto is_odd = [](unsigned char c) { return c < 0x20; };
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || std::any_of(line.begin(), line.end(), is_odd)) return "";
  std::string name{line.substr(0, colon)};
  while (name.ends_with(' ')) name.pop_back();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return std::tolower(c); });
  return name;
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
    if (line.empty()) continue;
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

std::vector<std::string> extra_headers(std::string_view lines, const std::string& file) {
  std::vector<std::string> headers;
  std::int64_t no = 0;
  for (const auto line : lines_of(lines)) {
    ++no;
    if (line.empty()) continue;
    const auto name = name_of_header(line);
    const auto where = file + ": line " + std::to_string(no);
    if (name.empty())  // it may be a secret: not shown
      throw permanent_error(where + " is no header, as \"X-Okapi-Token: abc\" is");
    if (std::find(own_headers.begin(), own_headers.end(), name) != own_headers.end())
      throw permanent_error(where + " sets " + name + ", which the job sets itself: remove it" +
                            (name == "x-okapi-tenant" ? ", and give the parameter tenant" : ""));
    headers.emplace_back(line);
  }
  return headers;
}

bulk_endpoint::bulk_endpoint(partition_context& p, std::string save_id, fs::path file,
                             std::int64_t bytes)
    : p_(p), save_id_(std::move(save_id)), file_(std::move(file)), bytes_(bytes) {
  request_.address = p.get<std::string>("url");
  request_.limit = std::chrono::seconds{p.get<std::int64_t>("timeout_s")};
  request_.headers = {"Content-Type: application/json", "Accept: application/json"};
  if (const auto tenant = p.get<std::string>("tenant"); !tenant.empty())
    request_.headers.push_back("X-Okapi-Tenant: " + tenant);
  if (const auto more = p.find<fs::path>("headers"))
    for (auto& header : extra_headers(text_of_file(*more, most_bytes), more->string()))
      request_.headers.push_back(std::move(header));
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
  if (const auto to = answer.headers.find("location");
      answer.status / 100 == 3 && to != answer.headers.end())
    throw permanent_error(request.address + " answers " + std::to_string(answer.status) +
                          ": it sends to " + utf8::printable(to->second) +
                          ", which is not followed; give that as the url, if it is right");
  if (answer.status < 200 || answer.status > 299) throw permanent_error(told);
  try {
    return parse_answer(answer.body);
  } catch (const transient_error& e) {
    throw transient_error(request.address + ": " + e.what());
  }
}

/// The name of the file is that of the key, and the same key has the same entities. So whoever
/// repeats the request, another attempt that still lives among them, replaces the file by the same
/// content. Without an answer it stays: the server may be about to read it.
bulk_answer bulk_endpoint::ask_for_part(std::span<const entity> items, const std::string& key) {
  std::string lines;
  for (const auto& one : items) lines += one.line + '\n';
  const auto part = file_.parent_path() / (key + std::string{part_suffix});
  replace_small_file(part, lines);
  try {
    auto answer = ask(part, key);
    remove_small_file(part);
    return answer;
  } catch (const permanent_error&) {
    remove_small_file(part);
    throw;
  }
}

std::vector<refused_item> bulk_endpoint::write(std::span<const entity> items) {
  std::int64_t bytes = 0;
  for (const auto& one : items) bytes += std::ssize(one.line) + 1;
  // An attempt that is asked to stop sends fewer entities than the one that comes after it.
  const auto key = save_id_ + ":" + p_.idempotency_key() + ":" + std::to_string(items.size());
  const auto answer = bytes == bytes_ ? ask(file_, key) : ask_for_part(items, key);
  if (answer.errors == 0) return {};
  const auto errors = beside(file_, answer.errors_file);
  return refused_entities(items, text_of_file(errors, most_bytes), answer.errors, errors.string());
}

}  // namespace partita::marc
