#include "batch/objects/object_name.hpp"

#include <algorithm>
#include <string_view>

#include "batch/errors.hpp"
#include "batch/utf8.hpp"

namespace partita {

namespace {

constexpr std::string_view scheme = "s3://";
constexpr std::size_t longest_key = 1024;  // bytes: what S3 takes

[[noreturn]] void refuse_name(const std::string& text, const std::string& why) {
  throw permanent_error(utf8::printable(text) +
                        " names no object, as s3://bucket/key does: " + why);
}

bool is_of_bucket(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
}

void require_bucket(const std::string& text, std::string_view bucket) {
  if (bucket.size() < 3 || bucket.size() > 63 ||
      !std::all_of(bucket.begin(), bucket.end(), is_of_bucket) || bucket.front() == '.' ||
      bucket.find("..") != std::string_view::npos)
    refuse_name(text,
                "a bucket has 3 to 63 characters, which are lower case letters, digits, '.' and "
                "'-'");
}

void require_key(const std::string& text, std::string_view key) {
  if (key.size() > longest_key) refuse_name(text, "a key has 1,024 bytes at most");
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (!utf8::is_valid(key) || std::any_of(key.begin(), key.end(), is_control))
    refuse_name(text, "a key is UTF-8 without control characters");
  for (std::size_t begin = 0; begin < key.size();) {
    const auto end = std::min(key.find('/', begin), key.size());
    const auto part = key.substr(begin, end - begin);
    if (part.empty() || part == "." || part == "..")
      refuse_name(text, "nothing, \".\" or \"..\" stands between two slashes of it");
    begin = end + 1;
  }
}

}  // namespace

bool is_object(const std::filesystem::path& file) { return file.native().starts_with(scheme); }

bool is_nearly_object(const std::filesystem::path& file) {
  const auto& text = file.native();
  return !is_object(file) && (text.starts_with("s3:/") || text.starts_with("S3:/"));
}

object_name parse_object_folder(const std::filesystem::path& folder) {
  const auto& text = folder.native();
  if (!is_object(folder)) refuse_name(text, "it does not begin with s3://");
  const auto rest = std::string_view{text}.substr(scheme.size());
  const auto bucket = rest.substr(0, rest.find('/'));
  require_bucket(text, bucket);
  auto key = bucket.size() < rest.size() ? rest.substr(bucket.size() + 1) : std::string_view{};
  if (key.ends_with('/')) key.remove_suffix(1);
  require_key(text, key);
  return {std::string{bucket}, std::string{key} + (key.empty() ? "" : "/")};
}

object_name parse_object_name(const std::filesystem::path& file) {
  auto name = parse_object_folder(file);
  if (name.key.empty()) refuse_name(file.native(), "its key is missing");
  if (file.native().ends_with('/')) refuse_name(file.native(), "its key ends with a '/'");
  name.key.pop_back();
  return name;
}

bool is_below(const object_name& folder, const object_name& object) {
  const auto key = object.key.ends_with('/') ? object.key : object.key + '/';
  return folder.bucket == object.bucket && key.starts_with(folder.key);
}

}  // namespace partita
