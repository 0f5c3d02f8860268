#include "batch/objects/object_store.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <map>
#include <system_error>
#include <thread>
#include <utility>

#include "batch/errors.hpp"

namespace partita {

namespace {

constexpr std::int64_t most_parts_of_an_object = 9'000;  // S3 takes 10,000
constexpr std::int64_t longest_error = 1 << 20;          // bytes
constexpr milliseconds longest_silence{300'000};
constexpr milliseconds little{5'000};

// --- the environment

std::string variable(const char* name) {
  const auto* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string first_of(std::initializer_list<const char*> names, const std::string& otherwise) {
  for (const auto* name : names)
    if (auto value = variable(name); !value.empty()) return value;
  return otherwise;
}

/// The values of a section of a file as "[section]" and "name = value" lines.
std::map<std::string, std::string> section_of(const std::string& file, const std::string& section) {
  std::ifstream in{file};
  if (!in)
    throw permanent_error("the object store is not asked: cannot read " + file +
                          ", which should hold its keys (or set AWS_ACCESS_KEY_ID and"
                          " AWS_SECRET_ACCESS_KEY)");
  const auto trimmed = [](const std::string& text) {
    const auto begin = text.find_first_not_of(" \t\r");
    return begin == std::string::npos
               ? std::string{}
               : text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
  };
  std::map<std::string, std::string> values;
  bool is_here = false;
  for (std::string line; std::getline(in, line);) {
    line = trimmed(line);
    if (line.starts_with('[')) is_here = line == "[" + section + "]";
    if (const auto equals = line.find('='); is_here && equals != std::string::npos)
      values[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
  }
  return values;
}

// --- what is sent and what comes back

/// As it stands in a path.
std::string encoded_key(const std::string& key) {
  auto made = percent_encoded(key);
  for (std::size_t at = 0; (at = made.find("%2F", at)) != std::string::npos; ++at)
    made.replace(at, 3, "/");
  return made;
}

/// As stores write it: some have a '+' for a blank.
std::string decoded(std::string text) {
  std::replace(text.begin(), text.end(), '+', ' ');
  return percent_decoded(text);
}

/// The texts of all elements of this name: they hold no others.
std::vector<std::string> texts_of(const std::string& xml, const std::string& element) {
  const auto begin = "<" + element + ">", end = "</" + element + ">";
  std::vector<std::string> texts;
  for (std::size_t at = 0; (at = xml.find(begin, at)) != std::string::npos;) {
    at += begin.size();
    const auto behind = xml.find(end, at);
    if (behind == std::string::npos) break;
    texts.push_back(xml.substr(at, behind - at));
  }
  return texts;
}

std::string text_of_element(const std::string& xml, const std::string& element) {
  const auto all = texts_of(xml, element);
  return all.empty() ? "" : all.front();
}

/// S3 copies 5 GiB at once.
bool is_too_large(const http_answer& answer) {
  const auto code = text_of_element(answer.body, "Code");
  return answer.status == 400 && (code == "InvalidRequest" || code == "EntityTooLarge");
}

/// Damaged on the way, or a key or a clock that is about to be mended.
constexpr const char* passing_codes[]{"RequestTimeout",      "XAmzContentSHA256Mismatch",
                                      "BadDigest",           "IncompleteBody",
                                      "OperationAborted",    "ExpiredToken",
                                      "RequestTimeTooSkewed"};

bool can_pass(const http_answer& answer) {
  const auto code = text_of_element(answer.body, "Code");
  return answer.status == 408 || answer.status == 429 || answer.status >= 500 ||
         answer.status < 300 ||
         std::find(std::begin(passing_codes), std::end(passing_codes), code) !=
             std::end(passing_codes);
}

std::string told(const http_answer& answer) {
  auto code = text_of_element(answer.body, "Code");
  const auto message = text_of_element(answer.body, "Message");
  if (!message.empty()) code += ": " + message;
  return std::to_string(answer.status) + (code.empty() ? "" : " " + code);
}

std::string header_of(const http_answer& answer, const std::string& name) {
  const auto found = answer.headers.find(name);
  return found == answer.headers.end() ? "" : found->second;
}

object_state state_in(const object_name& name, const http_answer& answer) {
  object_state state;
  const auto size = header_of(answer, "content-length");
  const auto* end = size.data() + size.size();
  if (size.empty() || std::from_chars(size.data(), end, state.size).ptr != end)
    throw permanent_error(name.path().string() + ": the object store does not tell its size");
  state.etag = header_of(answer, "etag");
  state.mark = decoded(header_of(answer, "x-amz-meta-partita"));
  return state;
}

std::string mark_header(const std::string& mark) {
  return "x-amz-meta-partita: " + percent_encoded(mark);
}

std::string range_of(std::int64_t begin, std::int64_t end) {
  return "bytes=" + std::to_string(begin) + "-" + std::to_string(end - 1);
}

std::string part_query(const std::string& upload, std::size_t no) {
  return "partNumber=" + std::to_string(no) + "&uploadId=" + upload;
}

std::string source_header(const object_name& from) {
  return "x-amz-copy-source: /" + from.bucket + "/" + encoded_key(from.key);
}

}  // namespace

object_access access_of_environment() {
  object_access access;
  access.who.region = first_of({"AWS_REGION", "AWS_DEFAULT_REGION"}, "us-east-1");
  access.endpoint = first_of({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"},
                             "https://s3." + access.who.region + ".amazonaws.com");
  while (access.endpoint.ends_with('/')) access.endpoint.pop_back();
  access.who.key = variable("AWS_ACCESS_KEY_ID");
  access.who.secret = variable("AWS_SECRET_ACCESS_KEY");
  access.token = variable("AWS_SESSION_TOKEN");
  if (!access.who.key.empty() && !access.who.secret.empty()) return access;
  const auto file =
      first_of({"AWS_SHARED_CREDENTIALS_FILE"}, variable("HOME") + "/.aws/credentials");
  const auto profile = first_of({"AWS_PROFILE"}, "default");
  auto values = section_of(file, profile);
  access.who.key = values["aws_access_key_id"];
  access.who.secret = values["aws_secret_access_key"];
  access.token = values["aws_session_token"];
  if (access.who.key.empty() || access.who.secret.empty())
    throw permanent_error("the object store is not asked: " + file +
                          " has no aws_access_key_id and aws_secret_access_key in [" + profile +
                          "]");
  return access;
}

struct object_store::request {
  std::string method;
  object_name name;
  std::string query{};  // sorted by name, each with '='
  std::vector<std::string> headers{};
  std::string_view body{};
  bool of_bucket = false;  // the key is a part of the query
  bool may_miss = false;   // 404 is an answer: unless the bucket is missing
  bool may_be_too_large = false;
  std::int64_t most_answer = longest_error;
  const char* result = nullptr;  // the element that says that it was done: 200 alone says nothing
  bool takes_long = false;       // the store itself works, and no byte comes meanwhile
  milliseconds limit{};          // 0: that of the store
};

http_answer object_store::ask_once(const request& what) {
  const auto access = access_of_environment();
  http_call call{what.method, access.endpoint + "/" + what.name.bucket};
  if (!what.of_bucket) call.address += "/" + encoded_key(what.name.key);
  if (!what.query.empty()) call.address += "?" + what.query;
  call.headers = what.headers;
  if (!access.token.empty()) call.headers.push_back("x-amz-security-token: " + access.token);
  call.body = what.body;
  call.limit = what.limit.count() > 0 ? what.limit : limits_.longest;
  call.stall_limit = what.takes_long ? longest_silence : limits_.stall;
  call.must_end = [this] { return stop_.stop_requested(); };
  call.most_answer = static_cast<std::size_t>(what.most_answer);
  call.signature = &access.who;
  return connection_.ask(call);
}

http_answer object_store::ask(const request& what) {
  const auto name = what.name.path().string();
  std::string why;
  auto wait = limits_.wait;
  for (int tries = 0; tries < limits_.tries; ++tries) {
    if (tries > 0) std::this_thread::sleep_for(std::exchange(wait, 2 * wait));
    if (stop_.stop_requested()) throw stop_requested_error{};
    http_answer answer;
    try {
      answer = ask_once(what);
    } catch (const transient_error& e) {
      if (stop_.stop_requested()) throw stop_requested_error{};
      why = e.what();
      continue;
    }
    const bool is_done = what.result == nullptr ||
                         answer.body.find(std::string{"<"} + what.result) != std::string::npos;
    if (answer.status < 300 && is_done) return answer;
    if (what.may_miss && answer.status == 404 &&
        text_of_element(answer.body, "Code") != "NoSuchBucket")
      return answer;
    if (what.may_be_too_large && is_too_large(answer)) return answer;
    if (answer.status == 412) throw permanent_error(name + " changed while the run was under way");
    if (!can_pass(answer))
      throw permanent_error(name + ": the object store refuses it: " + told(answer));
    why = "the object store fails: " + told(answer);
  }
  throw transient_error(name + ": " + why);
}

std::optional<object_state> object_store::find(const object_name& name) {
  const auto answer = ask({.method = "HEAD", .name = name, .may_miss = true});
  if (answer.status == 404) return std::nullopt;
  return state_in(name, answer);
}

void object_store::require_bucket(const object_name& name) {
  try {
    if (ask({.method = "HEAD", .name = name, .of_bucket = true, .may_miss = true}).status != 404)
      return;
  } catch (const permanent_error&) {  // these keys may not ask for it
    return;
  }
  throw permanent_error(name.path().string() + ": there is no bucket " + name.bucket);
}

std::string object_store::read(const object_name& name, std::int64_t offset, std::int64_t most,
                               const std::string& etag) {
  auto answer = ask({.method = "GET",
                     .name = name,
                     .headers = {"Range: " + range_of(offset, offset + most), "If-Match: " + etag},
                     .may_miss = true,
                     .most_answer = most + longest_error});
  if (answer.status == 404)
    throw permanent_error(name.path().string() + " changed while the run was under way");
  if (std::ssize(answer.body) != most || (answer.status != 206 && offset > 0))
    throw permanent_error(name.path().string() + ": the object store answers with " +
                          std::to_string(answer.body.size()) + " bytes of the " +
                          std::to_string(most) + " that were asked for");
  return std::move(answer.body);
}

void object_store::put_text(const object_name& name, std::string_view text) {
  ask({.method = "PUT",
       .name = name,
       .headers = {"Content-Type: application/octet-stream"},
       .body = text});
}

void object_store::put(const object_name& name, int file, const std::string& mark,
                       const std::stop_token& stop) {
  struct until_done {
    std::stop_token& of;
    ~until_done() { of = {}; }
  } then{stop_};
  stop_ = stop;
  const auto fail = [&](int error) {
    throw std::system_error(error, std::generic_category(),
                            "cannot read what is to become " + name.path().string());
  };
  struct stat status {};
  if (::fstat(file, &status) != 0) fail(errno);
  const object_state wanted{status.st_size, "", mark};
  std::string bytes;
  const auto load = [&](std::int64_t begin, std::int64_t end) {
    bytes.resize(static_cast<std::size_t>(end - begin));
    for (std::size_t got = 0; got < bytes.size();) {
      const auto n = ::pread(file, bytes.data() + got, bytes.size() - got,
                             begin + static_cast<std::int64_t>(got));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) fail(n < 0 ? errno : EIO);
      got += static_cast<std::size_t>(n);
    }
  };
  if (wanted.size > limits_.part)
    return in_parts(
        name, wanted,
        [&](const std::string& upload, std::size_t no, std::int64_t begin, std::int64_t end) {
          load(begin, end);
          return put_part(name, upload, no, bytes);
        });
  load(0, wanted.size);
  ask({.method = "PUT",
       .name = name,
       .headers = {"Content-Type: application/octet-stream", mark_header(mark)},
       .body = bytes});
}

bool object_store::copy(const object_name& from, const object_name& to) {
  const request all{.method = "PUT",
                    .name = to,
                    .headers = {source_header(from)},
                    .may_miss = true,
                    .may_be_too_large = true,
                    .result = "CopyObjectResult",
                    .takes_long = true};
  const auto answer = ask(all);
  if (!is_too_large(answer)) return answer.status != 404;
  if (!limits_.by_this_host)
    throw transient_error(to.path().string() + " is too large to be copied in a hurry");
  return copy_in_parts(from, to);
}

// Parts of an object could be copied within the store, too, but libcurl 7.88 sorts the headers of
// such a request otherwise than the store, and its signature is refused.
bool object_store::copy_in_parts(const object_name& from, const object_name& to) {
  const auto state = find(from);
  if (!state) return false;
  in_parts(to, *state,
           [&](const std::string& upload, std::size_t no, std::int64_t begin, std::int64_t end) {
             return put_part(to, upload, no, read(from, begin, end - begin, state->etag));
           });
  return true;
}

void object_store::remove(const object_name& name) {
  ask({.method = "DELETE", .name = name, .may_miss = true});
}

std::vector<std::string> object_store::list(const object_name& prefix) {
  const auto all =
      "delimiter=%2F&encoding-type=url&list-type=2&max-keys=" + std::to_string(limits_.listed) +
      "&prefix=" + percent_encoded(prefix.key);
  std::vector<std::string> keys;
  std::string next;
  do {
    const auto answer = ask({.method = "GET",
                             .name = prefix,
                             .query = next.empty() ? all : "continuation-token=" + next + "&" + all,
                             .of_bucket = true,
                             .most_answer = 16 << 20,
                             .result = "ListBucketResult"});
    const bool is_encoded = text_of_element(answer.body, "EncodingType") == "url";
    for (const auto& key : texts_of(answer.body, "Key"))
      keys.push_back(is_encoded ? decoded(key) : key);
    next = percent_encoded(text_of_element(answer.body, "NextContinuationToken"));
    if (next.empty() && text_of_element(answer.body, "IsTruncated") == "true")
      throw permanent_error(prefix.path().string() + ": the object store does not list all of it");
  } while (!next.empty());
  return keys;
}

// --- transfers in parts

std::string object_store::begin_parts(const object_name& name, const std::string& mark) {
  const auto answer =
      ask({.method = "POST",
           .name = name,
           .query = "uploads=",
           .headers = {"Content-Type: application/octet-stream", mark_header(mark)}});
  return percent_encoded(text_of_element(answer.body, "UploadId"));
}

std::string object_store::put_part(const object_name& name, const std::string& upload,
                                   std::size_t no, std::string_view bytes) {
  return header_of(ask({.method = "PUT",
                        .name = name,
                        .query = part_query(upload, no),
                        .headers = {"Content-Type: application/octet-stream"},
                        .body = bytes}),
                   "etag");
}

/// The answer to an earlier try may have been lost: then the object is there already.
void object_store::end_parts(const object_name& name, const std::string& upload,
                             const std::vector<std::string>& etags, const object_state& wanted) {
  std::string list = "<CompleteMultipartUpload>";
  for (std::size_t i = 0; i < etags.size(); ++i)
    list += "<Part><PartNumber>" + std::to_string(i + 1) + "</PartNumber><ETag>" + etags[i] +
            "</ETag></Part>";
  list += "</CompleteMultipartUpload>";
  const auto answer = ask({.method = "POST",
                           .name = name,
                           .query = "uploadId=" + upload,
                           .headers = {"Content-Type: application/xml"},
                           .body = list,
                           .may_miss = true,
                           .result = "CompleteMultipartUploadResult",
                           .takes_long = true});
  const auto there = find(name);
  if (!there || there->size != wanted.size || there->mark != wanted.mark)
    throw transient_error(name.path().string() +
                          ": the object store has not kept what it was sent" +
                          (answer.status == 404 ? ": " + told(answer) : ""));
}

void object_store::give_up(const object_name& name, const std::string& upload) noexcept {
  stop_ = {};  // also when that is why
  try {
    ask_once({.method = "DELETE", .name = name, .query = "uploadId=" + upload, .limit = little});
  } catch (const std::exception&) {  // the store may have a rule that ends what nobody ends
  }
}

/// `transfer` moves the bytes from one position to another as a part, and returns its etag.
template <class Part>
void object_store::in_parts(const object_name& name, const object_state& wanted, Part transfer) {
  const auto part_bytes = std::max(limits_.part, wanted.size / most_parts_of_an_object + 1);
  const auto upload = begin_parts(name, wanted.mark);
  try {
    std::vector<std::string> etags;
    for (std::int64_t begin = 0; begin < wanted.size; begin += part_bytes)
      etags.push_back(
          transfer(upload, etags.size() + 1, begin, std::min(wanted.size, begin + part_bytes)));
    end_parts(name, upload, etags, wanted);
  } catch (const std::exception&) {
    give_up(name, upload);
    throw;
  }
}

object_store& objects() {
  thread_local object_store of_this_thread;
  return of_this_thread;
}

object_store& objects_in_a_hurry() {
  thread_local object_store of_this_thread{
      {.tries = 1, .stall = little, .longest = little, .by_this_host = false}};
  return of_this_thread;
}

}  // namespace partita
